import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { failed, messageOf, type Result, success } from "../kernel/index.ts";

const sizeMaxBytes = 64 * 1024;

/**
 * The text of a file that holds a secret. A pipe or a device is refused and not waited for; what is
 * larger than any secret is a mistake.
 */
export function readSecretFile(path: string): Result<string> {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(file);
    if (!stat.isFile()) return failed("it is not a file");
    if (stat.size > sizeMaxBytes) return failed(`it has more than ${sizeMaxBytes / 1024} KiB`);
    const content = Buffer.alloc(sizeMaxBytes);
    return success(content.toString("utf8", 0, readSync(file, content, 0, sizeMaxBytes, 0)));
  } catch (error) {
    return failed(messageOf(error));
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

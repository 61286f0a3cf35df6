import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";

/**
 * The text of a file. Throws for a pipe or a device, which would keep the whole process waiting or
 * reading for ever.
 */
export function readPlainFile(path: string): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!fstatSync(file).isFile()) throw new Error("it is not a file");
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

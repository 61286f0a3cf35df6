import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** One text for each file that is named by text, bytes or URL; undefined for descriptors. */
export function pathKey(path: unknown): string | undefined {
  try {
    if (typeof path === "string") return resolve(path);
    if (Buffer.isBuffer(path)) return resolve(path.toString());
    return path instanceof URL ? resolve(fileURLToPath(path)) : undefined;
  } catch {
    // A URL that is no file: node will say so.
    return undefined;
  }
}

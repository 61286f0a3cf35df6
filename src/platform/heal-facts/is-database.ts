/** Whether a file is a database of sqlite, by its first bytes. */
import { closeSync, constants, openSync, readSync } from "node:fs";

const magic = Buffer.from("SQLite format 3\0", "latin1");

/** False for what is gone, closed to us, or no plain file. */
export function isDatabase(path: string | Buffer): boolean {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  try {
    const descriptor = openSync(path, flags);
    try {
      const head = Buffer.alloc(magic.length);
      return readSync(descriptor, head, 0, head.length, 0) === head.length && head.equals(magic);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Nothing says that it is one.
    return false;
  }
}

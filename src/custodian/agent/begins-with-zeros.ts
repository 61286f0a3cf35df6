/** A quick look at the first bytes; what is all zeros there is worth being read as a whole. */
import { closeSync, constants, openSync, readSync } from "node:fs";
import { type RawPath, systemPath } from "../../vault/index.ts";

const headBytes = 4096;

export function beginsWithZeros(path: RawPath): boolean {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  try {
    const descriptor = openSync(systemPath(path), flags);
    try {
      const head = Buffer.alloc(headBytes);
      const length = readSync(descriptor, head, 0, headBytes, 0);
      return length > 0 && head.subarray(0, length).every((byte) => byte === 0);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Gone or closed to us: then it is looked at for that reason.
    return false;
  }
}

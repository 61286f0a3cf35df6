/** `chmod` that follows no link, which neither Linux nor Node has as one call. */
import { chmodSync, closeSync, constants, openSync } from "node:fs";

/** `O_PATH` of Linux, which node's constants leave out. */
const placeOnly = 0o10000000;

/** Throws `ENOTSUP` for a link. */
export function changeMode(address: string | Buffer, mode: number): void {
  const descriptor = openSync(address, placeOnly | constants.O_NOFOLLOW);
  try {
    chmodSync(`/proc/self/fd/${descriptor}`, mode & 0o7777);
  } finally {
    closeSync(descriptor);
  }
}

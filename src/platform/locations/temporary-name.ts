/**
 * Names of files that are being written: what they will be called, and a mark. Nothing that lists a
 * repository takes them for one of its files.
 */
import { randomBytes } from "node:crypto";

/** Of a name that nobody else has. */
export function temporaryPath(path: string): string {
  return `${path}-tmp-${randomBytes(8).toString("hex")}`;
}

export function isTemporaryName(name: string): boolean {
  return /^[0-9a-f]{64}-tmp-[0-9a-f]{16}$/.test(name);
}

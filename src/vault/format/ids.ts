/** Ids of blobs as their 32 bytes, and as the 64 digits of JSON and of file names. */
import { Buffer } from "node:buffer";

export function idOfHex(digits: string): Uint8Array {
  return Buffer.from(digits, "hex");
}

export function hexOfId(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.length).toString("hex");
}

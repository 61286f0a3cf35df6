/** Writes into a new file without the blocks that hold only zeros: they stay holes. */

import { Buffer } from "node:buffer";
import { writeSync } from "node:fs";

const blockBytes = 4096;
const zeros = Buffer.alloc(blockBytes);

export interface FilePlace {
  readonly descriptor: number;
  /** Where in the file the bytes belong. */
  readonly offset: number;
}

/** @returns where the last byte that was written ends; the file is as long as that, or longer */
export function writeSparsely({ descriptor, offset }: FilePlace, bytes: Uint8Array): number {
  let [begin, end] = [0, 0];
  const firstBlock = (blockBytes - (offset % blockBytes)) % blockBytes;
  for (let at = firstBlock; at + blockBytes <= bytes.length; at += blockBytes) {
    if (!isZero(bytes, at)) continue;
    if (at > begin) end = offset + at;
    writeWhole({ descriptor, offset: offset + begin }, bytes.subarray(begin, at));
    begin = at + blockBytes;
  }
  if (begin === bytes.length) return end;
  writeWhole({ descriptor, offset: offset + begin }, bytes.subarray(begin));
  return offset + bytes.length;
}

function isZero(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0 && zeros.equals(bytes.subarray(at, at + blockBytes));
}

function writeWhole({ descriptor, offset }: FilePlace, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, offset + done);
  }
}

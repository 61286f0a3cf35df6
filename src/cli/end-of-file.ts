/** The last lines of a file as it lies there, reading only its end. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { lastLinesIn } from "../system/index.ts";

const tailBytes = 1024 * 1024;

export function endOfFile(path: string, count: number): readonly string[] {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const from = Math.max(0, size - tailBytes);
    const buffer = Buffer.alloc(size - from);
    const length = readSync(file, buffer, 0, buffer.length, from);
    return lastLinesIn(buffer.toString("utf8", 0, length), count);
  } finally {
    closeSync(file);
  }
}

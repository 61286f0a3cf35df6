/** The last lines of a file, reading only its end. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const tailBytes = 1024 * 1024;

export function lastLines(path: string, count: number): readonly string[] {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const from = Math.max(0, size - tailBytes);
    const buffer = Buffer.alloc(size - from);
    const length = readSync(file, buffer, 0, buffer.length, from);
    const lines = buffer.toString("utf8", 0, length).split("\n");
    if (lines.at(-1) === "") lines.pop();
    return count > 0 ? lines.slice(-count) : [];
  } finally {
    closeSync(file);
  }
}

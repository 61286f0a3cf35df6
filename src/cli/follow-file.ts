/**
 * New lines of a file that somebody else writes, over its rotation: what was renamed is read to its
 * end first, what was emptied is read from its beginning.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

const pollMs = 100;
const pieceBytes = 64 * 1024;

/** Every line that is written from now on, until `signal` aborts. */
export async function* followFile(path: string, signal: AbortSignal): AsyncGenerator<string> {
  let file = openSync(path, "r");
  let position = fstatSync(file).size;
  let rest = "";
  const decoder = new TextDecoder();
  const buffer = Buffer.alloc(pieceBytes);
  try {
    for (;;) {
      if (fstatSync(file).size < position) position = 0;
      const length = readSync(file, buffer, 0, pieceBytes, position);
      position += length;
      const lines = (rest + decoder.decode(buffer.subarray(0, length), { stream: true })).split(
        "\n",
      );
      rest = lines.pop() ?? "";
      yield* lines;
      if (length > 0) continue;
      if (signal.aborted) return;
      if (isReplaced(path, file)) {
        closeSync(file);
        file = openSync(path, "r");
        position = 0;
        continue;
      }
      await pause(pollMs, undefined, { signal }).catch(() => {});
    }
  } finally {
    closeSync(file);
  }
}

function isReplaced(path: string, file: number): boolean {
  const now = statSync(path, { throwIfNoEntry: false });
  return now !== undefined && now.ino !== fstatSync(file).ino;
}

// The ledger: one JSON line per request, appended when the request has ended. Written at once and
// not buffered, so that nothing of it is lost when the generator is killed.
import { closeSync, openSync, writeSync } from "node:fs";
import { open } from "node:fs/promises";

const READ_LIMIT_BYTES = 8 * 1024 * 1024;

export function appendToLedger(file) {
  const descriptor = openSync(file, "a", 0o600);
  return {
    append: (line) => {
      writeSync(descriptor, `${JSON.stringify(line)}\n`);
    },
    [Symbol.dispose]: () => closeSync(descriptor),
  };
}

/**
 * Reads the whole lines that begin at `fromByte`, at most 8 MiB of them. Continue at `nextByte`; a
 * line that is still being written is left for the next call.
 */
export async function readLedger(file, fromByte = 0) {
  const handle = await open(file, "r");
  try {
    const { size } = await handle.stat();
    const chunk = Buffer.alloc(Math.max(0, Math.min(size - fromByte, READ_LIMIT_BYTES)));
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, fromByte);
    const wholeBytes = chunk.subarray(0, bytesRead).lastIndexOf("\n") + 1;
    const texts = chunk.subarray(0, wholeBytes).toString("utf8").split("\n");
    const lines = texts.filter((text) => text !== "").map((text) => JSON.parse(text));
    return { lines, nextByte: fromByte + wholeBytes };
  } finally {
    await handle.close();
  }
}

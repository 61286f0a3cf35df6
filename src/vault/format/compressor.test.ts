import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { createZstdCompress, type ZstdCompress } from "node:zlib";
import { expect, test } from "vitest";
import { type Compressor, createCompressor } from "./compressor.ts";
import { decompress } from "./zstd.ts";

const texts = [
  new Uint8Array(),
  Buffer.from("a"),
  Buffer.from("the same again ".repeat(5000)),
  randomBytes(300_000),
  Buffer.from("short"),
  Buffer.alloc(3 << 20, "what is larger than a window "),
];

/** Throws when a text does not come back. */
function comeBack(compressor: Compressor): void {
  for (const text of [...texts, ...texts.toReversed()]) {
    const frame = compressor.compress(text);
    expect(Buffer.compare(decompress(frame, text.length + 1), text)).toBe(0);
  }
}

/** Packed into memory that is used again, as only the fast way does. */
function isFast(compressor: Compressor): boolean {
  const first = compressor.compress(Buffer.from("one")).buffer;
  return first === compressor.compress(Buffer.from("another")).buffer;
}

type Write = (...words: unknown[]) => void;

/** Streams whose inside does as it is told. */
function strange(change: (write: Write, call: number) => Write | undefined) {
  let call = 0;
  return (...options: Parameters<typeof createZstdCompress>): ZstdCompress => {
    const stream = createZstdCompress(...options);
    const { _handle: handle } = stream as unknown as { _handle: { writeSync: Write } };
    const write = handle.writeSync.bind(handle);
    handle.writeSync = (...words) => change(write, (call += 1))?.(...words);
    return stream;
  };
}

test("1. Each text comes back from a frame of its own, packed by one context", () => {
  const compressor = createCompressor(2);
  expect(isFast(compressor)).toBe(true);
  comeBack(compressor);
});

test("2. What Node does not have inside, or does in another way, is not used", () => {
  const odd: Record<string, typeof createZstdCompress> = {
    "no such thing": (...options) => Object.assign(createZstdCompress(...options), { _handle: {} }),
    "no stream": () => {
      throw new Error("none");
    },
    "nothing written": strange(() => () => undefined),
    "another text": strange((write) => (flush, from, ...rest) => {
      write(
        flush,
        (from as Uint8Array).map((byte) => byte ^ 1),
        ...rest,
      );
    }),
    "a frame that goes on": strange(
      (write) =>
        (_flush, ...rest) =>
          write(0, ...rest),
    ),
  };
  for (const [name, makeStream] of Object.entries(odd)) {
    const compressor = createCompressor(2, makeStream);
    expect([name, isFast(compressor)]).toEqual([name, false]);
    comeBack(compressor);
  }
});

test("2. What fails later is packed in the plain way from then on", () => {
  const failing = strange((write, call) => (...words) => {
    if (call < 5) write(...words);
  });
  const compressor = createCompressor(2, failing);
  expect(isFast(compressor)).toBe(true);
  comeBack(compressor);
  expect(isFast(compressor)).toBe(false);
});

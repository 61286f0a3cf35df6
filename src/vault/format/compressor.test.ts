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

test("3. A frame that is none, or tells of another length, never leaves", () => {
  const spoils: Record<string, (room: Uint8Array) => void> = {
    "another beginning": (room) => void (room[0] = 0),
    "another length": (room) => void (room[5] = (room[5] ?? 0) ^ 1),
  };
  for (const [name, spoil] of Object.entries(spoils)) {
    const compressor = createCompressor(
      2,
      strange((write, call) => (...words) => {
        write(...words);
        if (call === 7) spoil(words[4] as Uint8Array);
      }),
    );
    comeBack(compressor);
    expect([name, isFast(compressor)]).toEqual([name, false]);
  }
});

test("3. A text that went wrong inside its frame is found within 64 frames", () => {
  let isWrong = false;
  const compressor = createCompressor(
    2,
    strange((write) => (flush, from, ...rest) => {
      write(flush, isWrong ? (from as Uint8Array).map((byte) => byte ^ 1) : from, ...rest);
    }),
  );
  const text = Buffer.from("what is packed");
  compressor.compress(text);
  isWrong = true;
  const isRight = (): boolean =>
    Buffer.compare(decompress(compressor.compress(text), text.length), text) === 0;
  const firstRight = Array.from({ length: 65 }, isRight).indexOf(true);
  expect(firstRight).toBeGreaterThan(-1);
  expect(isRight()).toBe(true);
});

import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { createZstdDecompress, type ZstdDecompress } from "node:zlib";
import { expect, test } from "vitest";
import { createDecompressor, type Decompressor } from "./decompressor.ts";
import { compress } from "./zstd.ts";

const texts = ["", "a", "the same again ".repeat(5000), randomBytes(300_000), "short"].map((text) =>
  Buffer.from(text),
);
const long = compress(Buffer.from("to be cut ".repeat(500)));

function comesBack(decompressor: Decompressor, text: Uint8Array): boolean {
  const found = decompressor.decompress(compress(text), text.length);
  return found !== undefined && Buffer.compare(found, text) === 0;
}

test("1. Each text comes back, and is nobody else's memory", () => {
  const decompressor = createDecompressor();
  for (const text of [...texts, ...texts.toReversed()]) {
    expect(comesBack(decompressor, text)).toBe(true);
  }
  const [first, second] = ["one", "two"].map((text) =>
    decompressor.decompress(compress(Buffer.from(text)), 3),
  );
  expect([first, second].map((each) => String.fromCharCode(...(each ?? [])))).toEqual([
    "one",
    "two",
  ]);
});

test("1. A text goes into the room that it is given, however long that is", () => {
  const decompressor = createDecompressor();
  const room = new Uint8Array(100);
  const text = decompressor.decompress(compress(Buffer.from("one")), 3, room);
  expect(Buffer.from(text ?? []).toString()).toBe("one");
  expect(text?.buffer).toBe(room.buffer);
  expect(decompressor.decompress(compress(Buffer.from("three")), 3, room)).toBeUndefined();
});

test("1. A text of another length, a frame cut short and no frame give nothing", () => {
  const decompressor = createDecompressor();
  for (const length of [4999, 5001, 1 << 25]) {
    expect(decompressor.decompress(long, length)).toBeUndefined();
  }
  expect(decompressor.decompress(long.subarray(0, -1), 5000)).toBeUndefined();
  expect(decompressor.decompress(randomBytes(100), 5000)).toBeUndefined();
  const behind = Buffer.concat([long, Buffer.from("behind it")]);
  expect(decompressor.decompress(behind, 5000)).toBeUndefined();
});

test("3. What comes after a frame that is not whole is unpacked", () => {
  const decompressor = createDecompressor();
  for (const broken of [long.subarray(0, -5), long.subarray(0, 9), randomBytes(50)]) {
    expect(decompressor.decompress(broken, 5000)).toBeUndefined();
    for (const text of texts) expect(comesBack(decompressor, text)).toBe(true);
  }
});

test("2. Where Node has nothing of that kind inside, nothing comes, and one stream is made", () => {
  let streams = 0;
  const without = createDecompressor((options): ZstdDecompress => {
    streams += 1;
    return Object.assign(createZstdDecompress(options), { _handle: {} });
  });
  for (const text of texts) expect(comesBack(without, text)).toBe(false);
  expect(streams).toBe(1);
  const failing = createDecompressor(() => {
    throw new Error("none");
  });
  expect(comesBack(failing, Buffer.from("a text"))).toBe(false);
});

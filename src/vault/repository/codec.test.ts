import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { Damage } from "../format/damage.ts";
import { createSealer } from "../format/seal.ts";
import { referenceKernels } from "../kernels-bench.ts";
import { Codec, digestOf } from "./codec.ts";

const keys = { encrypt: randomBytes(32), macK: randomBytes(16), macR: randomBytes(16) };
const codec = new Codec(createSealer(keys, referenceKernels), randomBytes);
const contents = ["", "a", "words ".repeat(3000), randomBytes(5000), "b".repeat(200_000)].map(
  (content) => Buffer.from(content),
);

test("a blob that is borrowed is the blob, compressed or not, until the next one", () => {
  for (const content of [...contents, ...contents.toReversed()]) {
    const { bytes, id, plainLength } = codec.sealBlob("data", content);
    const borrowed = codec.borrowBlob(id, bytes, plainLength);
    expect(Buffer.compare(borrowed, content)).toBe(0);
  }
});

test("a blob that is opened is nobody else's memory", () => {
  const blobs = contents.map((content) => codec.sealBlob("data", content));
  const opened = blobs.map(({ bytes, id, plainLength }) => codec.openBlob(id, bytes, plainLength));
  expect(opened.map((content, at) => Buffer.compare(content, contents[at] ?? content))).toEqual(
    contents.map(() => 0),
  );
});

test("C1. What has another hash, length or MAC is damage, borrowed too", () => {
  for (const content of contents.filter(({ length }) => length > 0)) {
    const { bytes, id, plainLength } = codec.sealBlob("data", content);
    const turned = Uint8Array.from(bytes);
    turned[20] = (turned[20] ?? 0) ^ 1;
    const other = digestOf(Buffer.from("another"));
    expect(() => codec.borrowBlob(id, turned, plainLength)).toThrow(Damage);
    expect(() => codec.borrowBlob(other, bytes, plainLength)).toThrow(Damage);
    expect(() => codec.borrowBlob(id, bytes, plainLength + 1)).toThrow(Damage);
  }
});

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { BlobKind, SealedBlob } from "../format/blob.ts";
import { Damage } from "../format/damage.ts";
import { decodePackHeader, sealedHeaderBytes } from "../format/pack-header.ts";
import { digestOf } from "./codec.ts";
import { type FinishedPack, Packer } from "./packer.ts";
import { codecOf, randomBytesOf } from "./repository-bench.ts";

const codec = codecOf();

function packAll(contents: readonly [BlobKind, Uint8Array][], packBytes: number): FinishedPack[] {
  const packer = new Packer({ codec, randomBytes: randomBytesOf(3), packBytes });
  const full = contents.flatMap(
    ([kind, content]) => packer.add(codec.sealBlob(kind, content)) ?? [],
  );
  return [...full, ...packer.finish()];
}

const text = (length: number, seed: number): Buffer => Buffer.from(randomBytesOf(seed)(length));

test("a pack explains itself: every blob is where its list says, and whole (K3)", () => {
  const contents: [BlobKind, Uint8Array][] = Array.from({ length: 60 }, (_, at) => [
    at % 3 === 0 ? "tree" : "data",
    at % 4 === 0
      ? Buffer.from(`much the same ${at} `.repeat(30))
      : text(at % 20 === 1 ? 70_000 : at * 50, at + 1),
  ]);
  const packs = packAll(contents, 80_000);
  const found = packs.flatMap((pack) => {
    const file = Buffer.concat(pack.parts);
    expect(file.length).toBe(pack.sizeBytes);
    expect(createHash("sha256").update(file).digest("hex")).toBe(pack.id);
    const headerBytes = sealedHeaderBytes(file.subarray(-4), file.length);
    const listed = decodePackHeader(codec.open(file.subarray(-4 - headerBytes, -4)));
    expect(listed.map((blob) => ({ ...blob, id: Buffer.from(blob.id) }))).toEqual(
      pack.blobs.map((blob) => ({ ...blob, id: Buffer.from(blob.id) })),
    );
    return listed.map(({ id, length, offset, plainLength }) =>
      codec.openBlob(id, file.subarray(offset, offset + length), plainLength),
    );
  });
  const sums = (all: readonly Uint8Array[]): readonly string[] =>
    all.map((each) => Buffer.from(digestOf(each)).toString("hex")).toSorted();
  expect(sums(found)).toEqual(sums(contents.map(([, content]) => content)));
});

test("trees and contents share no pack (K1), and no pack grows much beyond its size", () => {
  const contents: [BlobKind, Uint8Array][] = Array.from({ length: 200 }, (_, at) => [
    at % 2 === 0 ? "tree" : "data",
    text(1000, at + 1),
  ]);
  const packs = packAll(contents, 20_000);
  expect(packs.length).toBeGreaterThan(8);
  for (const { blobs, sizeBytes } of packs) {
    expect(new Set(blobs.map(({ kind }) => kind)).size).toBe(1);
    expect(sizeBytes).toBeLessThan(25_000);
  }
});

test("neighbours are put into two packs by chance (K2)", () => {
  const contents: [BlobKind, Uint8Array][] = Array.from({ length: 60 }, (_, at) => [
    "data",
    text(1000, at + 1),
  ]);
  const [first] = packAll(contents, 20_000);
  const order = contents.map(([, content]) => Buffer.from(digestOf(content)).toString("hex"));
  const places = first?.blobs.map(({ id }) => order.indexOf(Buffer.from(id).toString("hex"))) ?? [];
  const isRun = places.every((place, at) => at === 0 || place === (places[at - 1] ?? 0) + 1);
  expect(isRun).toBe(false);
});

test("the open packs take at most one and a half times what one takes (K5)", () => {
  const packer = new Packer({ codec, randomBytes: randomBytesOf(3), packBytes: 20_000 });
  let openBytes = 0;
  let most = 0;
  for (let at = 0; at < 400; at += 1) {
    const blob = codec.sealBlob("data", text(500, at + 1));
    openBytes += blob.bytes.length;
    const full = packer.add(blob);
    for (const { length } of full?.blobs ?? []) openBytes -= length;
    most = Math.max(most, openBytes);
  }
  expect(most).toBeLessThan(30_600);
});

test("what little there is of one kind becomes one pack", () => {
  const contents: [BlobKind, Uint8Array][] = Array.from({ length: 10 }, (_, at) => [
    "data",
    text(100, at + 1),
  ]);
  expect(packAll(contents, 20_000)).toHaveLength(1);
  expect(packAll([], 20_000)).toEqual([]);
});

test("a list that is cut, longer than its pack, or of an unknown kind is damage", () => {
  const blob = codec.sealBlob("data", text(100, 1));
  const packer = new Packer({ codec, randomBytes: randomBytesOf(3), packBytes: 10 });
  const pack = packer.add(blob);
  const file = Buffer.concat(pack?.parts ?? []);
  const header = codec.open(file.subarray(blob.bytes.length, -4));
  expect(() => decodePackHeader(header.subarray(1))).toThrow(Damage);
  expect(() =>
    decodePackHeader(Uint8Array.from(header, (byte, at) => (at === 0 ? 4 : byte))),
  ).toThrow(Damage);
  expect(() => sealedHeaderBytes(Buffer.of(255, 255, 0, 0), file.length)).toThrow(Damage);
  expect(() => sealedHeaderBytes(Buffer.of(31, 0, 0, 0), file.length)).toThrow(Damage);
});

const large = (value: number): SealedBlob => ({
  id: new Uint8Array(32).fill(value),
  kind: "data",
  plainLength: 0,
  bytes: new Uint8Array(3 << 20).fill(value),
});

test("what a blob was brought in may be written over (K4)", () => {
  const packer = new Packer({ codec, randomBytes: randomBytesOf(3) });
  const blob = large(5);
  packer.add(blob);
  blob.bytes.fill(9);
  const [pack] = [...packer.finish()];
  const held = Buffer.concat(pack?.parts ?? []).subarray(0, blob.bytes.length);
  expect(held.equals(large(5).bytes)).toBe(true);
});

test("the memory of a pack is used again after its release, and not before (K4)", () => {
  const packer = new Packer({ codec, randomBytes: randomBytesOf(3), packBytes: 3 << 20 });
  const memoryOf = (pack: FinishedPack | undefined): readonly ArrayBufferLike[] =>
    pack?.parts.map((part) => part.buffer) ?? [];
  const [first, second] = [packer.add(large(1)), packer.add(large(2))];
  const memory = new Set(memoryOf(first));
  expect(memory.size).toBeGreaterThan(2);
  expect(memoryOf(second).some((buffer) => memory.has(buffer))).toBe(false);
  first?.release();
  expect(memoryOf(packer.add(large(3))).some((buffer) => memory.has(buffer))).toBe(true);
});

import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import type { ByteRange, FileName } from "../location.ts";
import { MemoryLocation } from "../memory-location.ts";
import { Place } from "./place.ts";
import { ReadAhead } from "./read-ahead.ts";

const blobBytes = 2000;
const blobCount = 2000;
const packBytes = blobBytes * blobCount;
const packs = ["a", "b"].map((letter) => letter.repeat(64)) as [string, string];
const { signal } = new AbortController();

/** Notes what is asked for. */
class WatchedLocation extends MemoryLocation {
  readonly asked: number[] = [];

  override get(file: FileName, inTime: AbortSignal, range?: ByteRange): Promise<Uint8Array> {
    this.asked.push(range?.length ?? 0);
    return super.get(file, inTime, range);
  }
}

const contents = new Map(
  packs.map((pack, number) => [
    pack,
    new Uint8Array(packBytes).map((_, at) => (at >> 8) * 7 + at + number),
  ]),
);

function contentOf(pack: string, from: number, to: number): Uint8Array {
  return contents.get(pack)?.subarray(from, to) ?? new Uint8Array();
}

async function scene(storedBytes = packBytes) {
  const location = new WatchedLocation();
  await location.prepare(signal);
  for (const id of packs) {
    await location.put({ kind: "pack", id }, [contentOf(id, 0, storedBytes)], signal);
  }
  const place = new Place(location, 0);
  const ahead = new ReadAhead();
  const read = async (pack: string, number: number): Promise<void> => {
    const offset = number * blobBytes;
    const stretch = { pack, offset, length: blobBytes };
    const bytes = await ahead.read(place, stretch, { packEnd: () => packBytes, signal });
    const expected = contentOf(pack, offset, offset + blobBytes);
    expect(Buffer.compare(bytes, expected)).toBe(0);
  };
  return { location, read };
}

test("What is read one after another comes in few reads, in two packs by turns as well", async () => {
  const { location, read } = await scene();
  for (let number = 0; number < blobCount; number += 1) await read(packs[number % 2] ?? "", number);
  const sumBytes = location.asked.reduce((sum, bytes) => sum + bytes, 0);
  expect(location.asked.length).toBeLessThan(30);
  expect(sumBytes).toBeLessThan(2.2 * packBytes);
  expect(Math.max(...location.asked)).toBeLessThanOrEqual(1 << 20);
});

test("H2. A pack that is walked at two places by turns comes in few reads as well", async () => {
  const { location, read } = await scene();
  for (let number = 0; number < blobCount / 2; number += 1) {
    await read(packs[0], number);
    await read(packs[0], number + blobCount / 2);
  }
  expect(location.asked.length).toBeLessThan(30);
});

test("H1. Little is read in vain when there is no order", async () => {
  const { location, read } = await scene();
  for (let number = blobCount - 1; number > 0; number -= 97) await read(packs[0], number);
  expect(Math.max(...location.asked)).toBeLessThanOrEqual(16 << 10);
});

test("A pack that was cut off gives what it has still", async () => {
  const { read } = await scene(blobBytes * 3);
  await read(packs[0], 2);
  await expect(read(packs[0], 3)).rejects.toMatchObject({ kind: "short" });
});

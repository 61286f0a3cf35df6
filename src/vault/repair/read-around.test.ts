import { expect, test } from "vitest";
import { MemoryLocation } from "../memory-location.ts";
import { readAround } from "./read-around.ts";

const { signal } = new AbortController();
const file = { kind: "pack", id: "a".repeat(64) } as const;
const path = `data/aa/${file.id}`;

function holding(sizeBytes: number): { location: MemoryLocation; reads: () => number } {
  let reads = 0;
  const location = new MemoryLocation({
    before: ({ method }) => void (method === "get" && (reads += 1)),
  });
  location.files.set(path, new Uint8Array(sizeBytes).fill(7));
  return { location, reads: () => reads };
}

test.each([0, 50_000, 99_999])("all but the page around byte %i is read", async (bad) => {
  const { location, reads } = holding(100_000);
  location.badSectors.set(path, bad);
  const bytes = await readAround(location, file, signal);
  const holes = [...bytes.keys()].filter((at) => bytes[at] === 0);
  expect(holes).toContain(bad);
  expect(holes.length).toBeLessThanOrEqual(4096);
  expect(bytes).toHaveLength(100_000);
  expect(reads()).toBeLessThan(16);
});

test("a disk that gives nothing more is not asked for ever", async () => {
  const { location, reads } = holding(4 << 20);
  location.get = async (...words) => {
    location.badSectors.set(path, words[2]?.offset ?? 0);
    return await MemoryLocation.prototype.get.apply(location, words);
  };
  expect((await readAround(location, file, signal)).some((byte) => byte !== 0)).toBe(false);
  expect(reads()).toBe(100);
});

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { compareWithChunks, countDiffering } from "./compare-content.ts";
import { orderPlaces } from "./order-places.ts";
import { createFilePicker, type DrillBudget, type SnapshotSums } from "./pick-files.ts";

/** In pieces of so many bytes, which need not be where chunks end. */
async function* streamOf(text: string, pieceBytes = 3): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

function chunksOf(...texts: readonly string[]) {
  return texts.map((text) => ({
    id: createHash("sha256").update(text).digest("hex"),
    sizeBytes: text.length,
  }));
}

describe("what was read back", () => {
  it.each([
    ["abcdefgh", 0],
    ["abcdeFgh", 4],
    ["Abcdefgh", 4],
    ["ABCDEFGH", 8],
    ["abcdef", 4],
    ["abcd", 4],
    ["", 8],
    ["abcdefghij", 2],
  ])("%s against the chunks abcd and efgh: %d bytes differ", async (text, differingBytes) => {
    for (const pieceBytes of [1, 3, 4, 100]) {
      const read = await compareWithChunks(streamOf(text, pieceBytes), chunksOf("abcd", "efgh"));
      expect(read.differingBytes).toBe(differingBytes);
      expect(read.hash).toBe(createHash("sha256").update(text).digest("hex"));
    }
  });

  it.each([
    ["abcdefgh", "abcdefgh", 0],
    ["abcdefgh", "abXdeXgh", 2],
    ["abc", "abcdef", 3],
    ["abcdef", "abc", 3],
    ["", "abcdefgh", 8],
    ["abc", "", 3],
  ])("%s and %s: %d bytes differ", async (left, right, differing) => {
    for (const pieceBytes of [1, 2, 5]) {
      expect(await countDiffering(streamOf(left, pieceBytes), streamOf(right, 3))).toBe(differing);
    }
  });
});

describe("which files are restored", () => {
  const sums: SnapshotSums = {
    critical: { files: 4, sizeBytes: 400 },
    rest: { files: 100, sizeBytes: 10_000 },
  };

  function pickedOf(budget: DrillBudget, chances: readonly number[] = [0.1, 0.9]) {
    let asked = 0;
    const chance = (): number => chances[asked++ % chances.length] ?? 0;
    const picker = createFilePicker(sums, budget, chance);
    const pick = (isCritical: boolean, count: number): number =>
      Array.from({ length: count }, () => picker.picks({ sizeBytes: 100, isCritical })).filter(
        Boolean,
      ).length;
    // The rest comes first in the tree, and takes nothing away from what is critical.
    const rest = pick(false, 100);
    return { scope: picker.scope, rest, critical: pick(true, 4) };
  }

  it("are all where they are few", () => {
    expect(pickedOf({ sizeBytes: 10_400, files: 104 })).toEqual({
      scope: "whole",
      rest: 100,
      critical: 4,
    });
  });

  it("D2: are the critical ones, and a sample of the rest", () => {
    expect(pickedOf({ sizeBytes: 5400, files: 1000 })).toEqual({
      scope: "part",
      rest: 50,
      critical: 4,
    });
    expect(pickedOf({ sizeBytes: 400, files: 1000 })).toMatchObject({ rest: 0, critical: 4 });
  });

  it("D1: never are more than the budget allows, however chance falls", () => {
    expect(pickedOf({ sizeBytes: 1400, files: 1000 }, [0])).toMatchObject({ rest: 10 });
    expect(pickedOf({ sizeBytes: 100_000, files: 14 }, [0])).toMatchObject({ rest: 10 });
    expect(pickedOf({ sizeBytes: 250, files: 1000 }, [0])).toMatchObject({ rest: 0, critical: 2 });
  });
});

describe("the turn of locations", () => {
  const places = ["a", "b", "c"].map((name) => ({ name }));
  it.each([
    [{}, "abc"],
    [{ a: 3 }, "bca"],
    [{ a: 3, b: 1, c: 2 }, "bca"],
    [{ a: 1, b: 1, c: 1 }, "abc"],
  ])("after %j: %s", (drilledAt, expected) => {
    const order = orderPlaces(places, new Map(Object.entries(drilledAt)));
    expect(order.map(({ name }) => name).join("")).toBe(expected);
  });
});

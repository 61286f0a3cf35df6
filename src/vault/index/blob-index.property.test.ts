/** The index against the plainest map that could be in its place. */
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { PackedBlob } from "../format/blob.ts";
import { BlobIndex } from "./blob-index.ts";

const ids = fc.uint8Array({ minLength: 32, maxLength: 32 });
/** Few beginnings, so that many share their slots. */
const crowded = fc.tuple(fc.nat({ max: 3 }), ids).map(([first, id]) => {
  id.fill(first, 0, 4);
  return id;
});
const blob = fc.record({
  id: fc.oneof(ids, crowded),
  kind: fc.constantFrom("data" as const, "tree" as const),
  offset: fc.nat({ max: 2 ** 31 }),
  length: fc.nat({ max: 2 ** 31 }),
  plainLength: fc.nat({ max: 2 ** 31 - 1 }),
});
const packId = fc.nat({ max: 5 }).map((number) => String(number).repeat(64));
const change = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ pack: packId, blobs: fc.array(blob), bit: fc.nat({ max: 2 }) }),
  },
  { weight: 1, arbitrary: fc.record({ forget: fc.nat({ max: 2 }) }) },
);

test("finds what was added, where it was added, and nothing else (I1, I2)", () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), ids, (changes, stranger) => {
      const index = new BlobIndex();
      const blobs = new Map<string, readonly PackedBlob[]>();
      const held = new Map<string, number>();
      for (const each of changes) {
        if ("forget" in each) {
          index.forget(1 << each.forget);
          for (const [id, set] of held) held.set(id, set & ~(1 << each.forget));
          continue;
        }
        const known = blobs.get(each.pack) ?? each.blobs;
        blobs.set(each.pack, known);
        held.set(each.pack, (held.get(each.pack) ?? 0) | (1 << each.bit));
        index.add({ id: each.pack, blobs: each.blobs }, 1 << each.bit);
      }
      const all = [...blobs].flatMap(([pack, list]) => list.map((one) => ({ pack, ...one })));
      for (const { id, kind } of [...all, { id: stranger, kind: "data" as const }]) {
        const expected = all
          .filter((one) => one.kind === kind && Buffer.from(one.id).equals(id))
          .map(({ kind: of, length, offset, pack, plainLength }) => {
            return { kind: of, length, offset, pack, plainLength, locations: held.get(pack) ?? 0 };
          })
          .filter((place) => place.locations !== 0);
        expect(index.find(id, kind)).toEqual(expected);
        const union = expected.reduce((set, place) => set | place.locations, 0);
        expect(index.locationsOf(id, kind)).toBe(union);
      }
      for (const [pack, set] of held) expect(index.holdersOf(pack)).toBe(set);
    }),
    { numRuns: 200 },
  );
});

test("a hundred thousand blobs are found after the table has grown", () => {
  const index = new BlobIndex();
  const idOf = (number: number): Uint8Array => {
    const id = new Uint8Array(32);
    new DataView(id.buffer).setUint32(0, Math.imul(number, 2_654_435_761) >>> 0);
    new DataView(id.buffer).setUint32(8, number);
    return id;
  };
  const count = 100_000;
  for (let from = 0; from < count; from += 1000) {
    const blobs = Array.from({ length: 1000 }, (_, at): PackedBlob => {
      return { id: idOf(from + at), kind: "data", offset: from + at, length: 1, plainLength: 0 };
    });
    index.add({ id: String(from).padStart(64, "0"), blobs }, 1);
  }
  expect(index.size).toBe(count);
  for (let number = 0; number < count; number += 1) {
    const [place] = index.find(idOf(number), "data");
    if (place?.offset !== number) expect(place).toMatchObject({ offset: number });
  }
  expect(index.find(idOf(count), "data")).toEqual([]);
});

test("what no location lists gives its room back, and the rest is found as before (I3)", () => {
  const index = new BlobIndex();
  const idOf = (number: number): Uint8Array => {
    const id = new Uint8Array(32);
    new DataView(id.buffer).setUint32(0, Math.imul(number, 0x9e37_79b1));
    return id;
  };
  const blobsInPack = 1000;
  for (let pack = 0; pack < 40; pack += 1) {
    const blobs = Array.from({ length: blobsInPack }, (_, at): PackedBlob => {
      const id = idOf(pack * blobsInPack + at);
      return { id, kind: "data", offset: at * 10, length: 10, plainLength: 5 };
    });
    index.add({ id: `${pack}`, blobs }, pack < 10 ? 3 : 2);
  }
  index.forget(1);
  index.compact();
  expect(index.size).toBe(40_000);
  for (let pack = 0; pack < 10; pack += 1) index.add({ id: `${pack}`, blobs: [] }, 1);
  index.forget(2);
  const before = Array.from({ length: 40_000 }, (_, at) => index.find(idOf(at), "data"));
  index.compact();
  expect(index.size).toBe(10_000);
  expect(Array.from({ length: 40_000 }, (_, at) => index.find(idOf(at), "data"))).toEqual(before);
  expect([...index.packs()].map(({ id }) => id)).toEqual(
    Array.from({ length: 10 }, (_, at) => `${at}`),
  );
  index.add(
    { id: "39", blobs: [{ id: idOf(1), kind: "data", offset: 1, length: 2, plainLength: 3 }] },
    1,
  );
  expect(index.find(idOf(1), "data").map(({ pack }) => pack)).toEqual(["0", "39"]);
});

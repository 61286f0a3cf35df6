import { expect, it } from "vitest";
import { mergeIndexes } from "./merge-indexes.ts";
import { countOf, exclusively, isKill, MemoryPlaces, restoreAll, store } from "./prune-bench.ts";

async function many(places: MemoryPlaces, count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    places.wallMs += 1000;
    await store(places.open(), { a: { [`file${at}`]: `content ${at}` } });
  }
}

function indexesOf(places: MemoryPlaces): readonly number[] {
  return places.files.map((files) => countOf(files, "index"));
}

it("makes one of many small files, at each place, and every snapshot is whole", async () => {
  const places = new MemoryPlaces(2);
  await many(places, 6);
  const before = places.files.map((files) => restoreAll(files, places.codec));
  const removed = await exclusively(places.open(), (session) =>
    mergeIndexes(session, { smallIndexesMax: 4 }),
  );
  expect(removed).toBe(12);
  expect(indexesOf(places)).toEqual([1, 1]);
  for (const [at, files] of places.files.entries()) {
    expect(restoreAll(files, places.codec)).toEqual(before[at]);
  }
});

it("does nothing where there are few, and nothing to a place that only appends", async () => {
  const places = new MemoryPlaces(2, [1]);
  await many(places, 4);
  const merge = (smallIndexesMax: number): Promise<number> =>
    exclusively(places.open(), (session) => mergeIndexes(session, { smallIndexesMax }));
  expect(await merge(4)).toBe(0);
  expect(await merge(3)).toBe(4);
  expect(indexesOf(places)).toEqual([1, 4]);
});

it("leaves every snapshot whole when it is killed (I1)", async () => {
  const places = new MemoryPlaces(2);
  await many(places, 5);
  const atFirst = places.files.map((files) => new Map(files));
  const before = restoreAll(atFirst[0] ?? new Map(), places.codec);
  let kills = 0;
  for (let calls = 0; calls < 60; calls += 1) {
    for (const [at, files] of places.files.entries()) {
      files.clear();
      for (const [path, bytes] of atFirst[at] ?? []) files.set(path, bytes);
    }
    const vault = places.open();
    places.callsLeft = calls;
    await exclusively(vault, (session) => mergeIndexes(session, { smallIndexesMax: 2 })).catch(
      (error: unknown) => {
        if (!isKill(error)) throw error;
        kills += 1;
      },
    );
    for (const files of places.files) expect(restoreAll(files, places.codec)).toEqual(before);
  }
  expect(kills).toBeGreaterThan(10);
});

import { expect, it } from "vitest";
import { type PruneOptions, type PruneOutcome, prune } from "./prune.ts";
import { countOf, exclusively, isKill, MemoryPlaces, restoreAll, store } from "./prune-bench.ts";

const nothingForgotten: PruneOptions = { isForgotten: () => false };

function pruned(places: MemoryPlaces, options: PruneOptions): Promise<PruneOutcome> {
  return exclusively(places.open(), (session) => prune(session, options));
}

function modelOf(seed: number): Record<string, Record<string, string>> {
  const file = (name: string): string => `${name} ${seed} `.repeat(20);
  return { a: { own: file("own"), shared: "the same in all of them" }, b: { more: file("more") } };
}

/** As many as there are in each place; in the order in which they were written. */
async function filled(places: MemoryPlaces, count: number): Promise<readonly string[]> {
  const vault = places.open();
  const ids: string[] = [];
  for (let seed = 0; seed < count; seed += 1) {
    places.wallMs += 60_000;
    ids.push(await store(vault, modelOf(seed)));
  }
  return ids;
}

it("gives back what only forgotten snapshots needed, and merges what is small", async () => {
  const places = new MemoryPlaces(3);
  const ids = await filled(places, 30);
  const forgotten = new Set(ids.slice(0, 20));
  const isForgotten = (id: string): boolean => forgotten.has(id);
  const outcome = await pruned(places, { isForgotten, smallPacksMax: 4 });
  expect(outcome).toMatchObject({ kind: "done", unfinished: [], figures: { snapshots: 10 } });
  for (const files of places.files) {
    const restored = restoreAll(files, places.codec);
    expect([...restored.keys()].toSorted()).toEqual(ids.slice(20).toSorted());
    expect(restored.get(ids[25] ?? "")).toEqual(modelOf(25));
    expect(countOf(files, "data")).toBeLessThanOrEqual(4);
    expect(countOf(files, "index")).toBeLessThanOrEqual(2);
    expect(countOf(files, "locks")).toBe(0);
    const kept = [...files.keys()].filter((path) => path.startsWith("data/"));
    expect(kept.reduce((sum, path) => sum + (files.get(path)?.length ?? 0), 0)).toBeLessThan(
      14_000,
    );
  }
});

it("finds nothing left to do when it is done (P3)", async () => {
  const places = new MemoryPlaces(2);
  const ids = await filled(places, 20);
  const options = { isForgotten: (id: string) => id === ids[3], smallPacksMax: 0 };
  await pruned(places, options);
  const before = places.files.map((files) => [...files.keys()].toSorted());
  await pruned(places, options);
  expect(places.files.map((files) => [...files.keys()].toSorted())).toEqual(before);
});

it("leaves packs alone that are few, and hardly empty (P4)", async () => {
  const places = new MemoryPlaces(1);
  await filled(places, 5);
  const before = [...(places.files[0] ?? [])].map(([path]) => path).toSorted();
  await pruned(places, nothingForgotten);
  expect([...(places.files[0] ?? [])].map(([path]) => path).toSorted()).toEqual(before);
});

it("copies what is left of a pack when that is little, and no more in one run than it may (P4)", async () => {
  const places = new MemoryPlaces(1);
  const ids = await filled(places, 2);
  const isForgotten = (id: string): boolean => id === ids[0];
  const limited = await pruned(places, { isForgotten, copyBytesMax: 10 });
  expect(limited).toMatchObject({ kind: "done", figures: { copiedPacks: 0, copiedBytes: 0 } });
  const outcome = await pruned(places, { isForgotten });
  expect(outcome).toMatchObject({ kind: "done", figures: { copiedPacks: 1 } });
  const restored = restoreAll(places.files[0] ?? new Map(), places.codec);
  expect(restored.get(ids[1] ?? "")).toEqual(modelOf(1));
});

it("plans and changes nothing in a dry run", async () => {
  const places = new MemoryPlaces(2);
  const ids = await filled(places, 20);
  const before = places.files.map((files) => [...files.keys()].toSorted());
  const isForgotten = (id: string): boolean => id !== ids[0];
  const outcome = await pruned(places, { isForgotten, isDryRun: true });
  expect(outcome).toMatchObject({ kind: "planned", figures: { snapshots: 1, keptPacks: 2 } });
  expect(places.files.map((files) => [...files.keys()].toSorted())).toEqual(before);
});

it("changes no place while another is away, unless that one is detached (D2)", async () => {
  const places = new MemoryPlaces(2);
  const ids = await filled(places, 20);
  const isForgotten = (id: string): boolean => id !== ids[0];
  places.away.add(1);
  const packs = countOf(places.files[0] ?? new Map(), "data");
  expect(await pruned(places, { isForgotten })).toMatchObject({
    kind: "postponed",
    waitsFor: [{ location: "place 1", reason: "place 1 is away" }],
  });
  expect(countOf(places.files[0] ?? new Map(), "data")).toBe(packs);
  const detached = ["place 1"];
  expect(await pruned(places, { isForgotten, detached })).toMatchObject({ kind: "done" });
  expect(countOf(places.files[0] ?? new Map(), "data")).toBe(2);
  expect(countOf(places.files[1] ?? new Map(), "data")).toBe(packs);
});

it("reads places that only append, and neither changes nor waits for them (D3)", async () => {
  const places = new MemoryPlaces(2, [1]);
  const ids = await filled(places, 20);
  const before = [...(places.files[1] ?? [])].map(([path]) => path).toSorted();
  const isForgotten = (id: string): boolean => id !== ids[0];
  expect(await pruned(places, { isForgotten })).toMatchObject({ kind: "done" });
  expect([...(places.files[1] ?? [])].map(([path]) => path).toSorted()).toEqual(before);
  expect(countOf(places.files[0] ?? new Map(), "data")).toBe(2);
  // What only the second still holds does not come back into the first, also without tombstones.
  expect(await pruned(places, nothingForgotten)).toMatchObject({ kind: "done" });
  expect(countOf(places.files[0] ?? new Map(), "data")).toBe(2);
  expect(restoreAll(places.files[1] ?? new Map(), places.codec).size).toBe(20);
});

it("serves places of which each holds other packs of the same contents (P1, P2)", async () => {
  const places = new MemoryPlaces(2);
  places.away.add(1);
  await filled(places, 12);
  places.away.clear();
  places.away.add(0);
  const later = await filled(places, 12);
  places.away.clear();
  const isForgotten = (id: string): boolean => id === later[11];
  expect(await pruned(places, { isForgotten, smallPacksMax: 4 })).toMatchObject({ kind: "done" });
  const [first, second] = places.files.map((files) => restoreAll(files, places.codec));
  expect(first?.size).toBe(12);
  expect(second?.size).toBe(11);
});

it("removes nothing when a snapshot, a pack or an index is not sound (D5)", async () => {
  for (const folder of ["snapshots/", "data/"]) {
    const places = new MemoryPlaces(2);
    const ids = await filled(places, 20);
    const [first] = places.files;
    const path = [...(first?.keys() ?? [])].find((each) => each.startsWith(folder)) ?? "";
    for (const files of places.files) files.set(path, new Uint8Array(100));
    const counts = places.files.map((files) => countOf(files, "data"));
    const run = pruned(places, { isForgotten: (id) => id === ids[19] });
    await expect(run).rejects.toMatchObject({ code: "VAULT_DAMAGED" });
    expect(places.files.map((files) => countOf(files, "data"))).toEqual(counts);
  }
  const places = new MemoryPlaces(2);
  await filled(places, 20);
  const index =
    [...(places.files[0]?.keys() ?? [])].find((each) => each.startsWith("index/")) ?? "";
  for (const files of places.files) files.set(index, new Uint8Array(100));
  const counts = places.files.map((files) => countOf(files, "data"));
  const run = pruned(places, nothingForgotten);
  await expect(run).rejects.toMatchObject({ code: "VAULT_DAMAGED" });
  expect(places.files.map((files) => countOf(files, "data"))).toEqual(counts);
});

it("removes nothing when a pack that stays is not at one of the places (B1)", async () => {
  const places = new MemoryPlaces(2);
  const ids = await filled(places, 3);
  const [first, second] = places.files;
  const newest = [...(second?.keys() ?? [])].findLast((each) => each.startsWith("data/")) ?? "";
  second?.delete(newest);
  const run = pruned(places, { isForgotten: (id) => id === ids[0], unusedShareMax: 9 });
  await expect(run).rejects.toMatchObject({ code: "VAULT_DAMAGED" });
  expect(countOf(first ?? new Map(), "data")).toBe(6);
});

it("copies nothing either while a place is away (D2)", async () => {
  const places = new MemoryPlaces(2);
  await filled(places, 20);
  places.away.add(1);
  const before = [...(places.files[0]?.keys() ?? [])].toSorted();
  const outcome = await pruned(places, { ...nothingForgotten, smallPacksMax: 4 });
  expect(outcome).toMatchObject({ kind: "postponed" });
  expect([...(places.files[0]?.keys() ?? [])].toSorted()).toEqual(before);
});

it.each([
  ["", []],
  ["detached ", ["place 1"]],
])(
  "removes nothing anywhere when a %splace drops out while packs are copied (D2)",
  async (_, detached) => {
    const places = new MemoryPlaces(2);
    const ids = await filled(places, 20);
    const before = [...(places.files[0]?.keys() ?? [])];
    places.onCall = ({ file, method }) => {
      if (method === "put" && file?.kind === "pack") places.away.add(1);
    };
    const options = { isForgotten: (id: string) => id === ids[0], smallPacksMax: 4, detached };
    expect(await pruned(places, options)).toMatchObject({
      kind: "postponed",
      waitsFor: [{ location: "place 1" }],
    });
    const left = new Set(places.files[0]?.keys());
    const gone = before.filter((path) => !left.has(path));
    expect(gone).toEqual([`snapshots/${ids[0]}`]);
  },
);

it("takes a place for damaged that lacks what its own snapshot needs (D5)", async () => {
  const places = new MemoryPlaces(2);
  await filled(places, 20);
  const [files] = places.files;
  const index = [...(files?.keys() ?? [])].find((each) => each.startsWith("index/")) ?? "";
  files?.delete(index);
  const run = pruned(places, nothingForgotten);
  await expect(run).rejects.toMatchObject({ code: "VAULT_DAMAGED" });
});

it("finds what a place lacks also when another one has needed the same before (D5)", async () => {
  const places = new MemoryPlaces(2);
  const vault = places.open();
  places.away.add(1);
  await store(vault, modelOf(1));
  places.away.clear();
  places.wallMs += 60_000;
  await store(places.open(), modelOf(1));
  const [, files] = places.files;
  for (const path of files?.keys() ?? []) if (path.startsWith("index/")) files?.delete(path);
  const run = pruned(places, nothingForgotten);
  await expect(run).rejects.toMatchObject({ code: "VAULT_DAMAGED" });
  expect(countOf(files ?? new Map(), "data")).toBe(2);
});

it("waits for nobody who works at one of the places, and says who that is", async () => {
  const places = new MemoryPlaces(2);
  const vault = places.open();
  await store(vault, modelOf(1));
  places.away.add(0);
  await exclusively(vault, async () => {
    places.away.clear();
    const other = exclusively(vault, (session) => prune(session, nothingForgotten));
    await expect(other).rejects.toMatchObject({ code: "VAULT_LOCKED" });
  });
});

it("is told apart from a place that is locked", async () => {
  const places = new MemoryPlaces(2);
  const vault = places.open();
  await store(vault, modelOf(1));
  await exclusively(vault, async () => {
    const other = exclusively(vault, (session) => prune(session, nothingForgotten));
    await expect(other).rejects.toMatchObject({ code: "VAULT_LOCKED" });
  });
});

it("leaves each place whole when it is killed, tried at every third call (D1)", {
  timeout: 60_000,
}, async () => {
  const places = new MemoryPlaces(2);
  const kept = new Set((await filled(places, 7)).slice(2));
  const atFirst = places.files.map((files) => new Map(files));
  const options = { isForgotten: (id: string) => !kept.has(id), smallPacksMax: 4 };
  let wasKilled = true;
  for (let calls = 0; wasKilled; calls += 3) {
    for (const [at, files] of places.files.entries()) {
      files.clear();
      for (const [path, bytes] of atFirst[at] ?? []) files.set(path, bytes);
    }
    const vault = places.open();
    places.callsLeft = calls;
    wasKilled = await exclusively(vault, (session) => prune(session, options)).then(
      () => false,
      (error: unknown) => {
        if (!isKill(error)) throw error;
        return true;
      },
    );
    for (const files of places.files) {
      const restored = restoreAll(files, places.codec);
      for (const id of kept) expect(restored.has(id)).toBe(true);
    }
    // The next run completes what was begun.
    if (wasKilled && calls % 5 > 0) continue;
    expect(await pruned(places, options)).toMatchObject({ kind: "done" });
    for (const files of places.files) {
      expect(restoreAll(files, places.codec).size).toBe(kept.size);
      expect(countOf(files, "data")).toBeLessThanOrEqual(4);
    }
  }
  expect(places.calls).toBeGreaterThan(1500);
});

it.each([
  ["pack", "data"],
  ["index", "index"],
] as const)(
  "removes no %s any more when its lock went while the machine slept",
  async (kind, folder) => {
    const places = new MemoryPlaces(1);
    const ids = await filled(places, 4);
    const [files = new Map<string, Uint8Array>()] = places.files;
    let countBefore = 0;
    const vault = places.open();
    places.onCall = ({ file, method }) => {
      if (method !== "remove" || file?.kind !== kind) return;
      countBefore ||= countOf(files, folder);
      places.time.sleep(31 * 60_000);
      for (const path of files.keys()) if (path.startsWith("locks/")) files.delete(path);
    };
    const options = { isForgotten: (id: string) => id !== ids[3] };
    const work = exclusively(vault, (session) => prune(session, options));
    await expect(work).rejects.toThrow("was removed while we worked");
    expect(countBefore).toBeGreaterThan(2);
    expect(countOf(files, folder)).toBe(countBefore - 1);
  },
);

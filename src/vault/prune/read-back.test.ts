import { expect, it } from "vitest";
import { mergeIndexes } from "./merge-indexes.ts";
import { prune } from "./prune.ts";
import { countOf, exclusively, MemoryPlaces, restoreAll, store } from "./prune-bench.ts";

type Files = Map<string, Uint8Array>;

async function filled(
  count: number,
  snapshots: number,
): Promise<[MemoryPlaces, readonly string[]]> {
  const places = new MemoryPlaces(count);
  const ids: string[] = [];
  for (let at = 0; at < snapshots; at += 1) {
    places.wallMs += 60_000;
    const file = (name: string): string => `${name} ${at} `.repeat(20);
    ids.push(await store(places.open(), { a: { own: file("own"), more: file("more") } }));
  }
  return [places, ids];
}

/** From now on the disk keeps other bytes than it was given, and says nothing. */
function rot(files: Files, folder: string): void {
  const set = files.set.bind(files);
  files.set = (path, bytes) => {
    const kept = bytes.slice();
    if (path.startsWith(folder)) kept[20] = (kept[20] ?? 0) ^ 1;
    return set(path, kept);
  };
}

it.each(["data/", "index/"])(
  "B1: what was not stored in %s as it was written ends it",
  async (folder) => {
    const [places, ids] = await filled(2, 20);
    const [first, second] = places.files as [Files, Files];
    const before = [first, second].map((files) => new Map(files));
    rot(second, folder);
    const options = { isForgotten: (id: string) => id === ids[0], smallPacksMax: 4 };
    const run = exclusively(places.open(), (session) => prune(session, options));
    await expect(run).rejects.toThrow("was not stored as it was written");
    for (const [at, files] of [first, second].entries()) {
      const gone = [...(before[at]?.keys() ?? [])].filter((path) => !files.has(path));
      expect(gone).toEqual([`snapshots/${ids[0]}`]);
    }
  },
);

it("I1: small indexes stay where the new one was not stored as it was written", async () => {
  const [places] = await filled(1, 6);
  const [files] = places.files as [Files];
  const before = [...files.keys()];
  rot(files, "index/");
  const run = exclusively(places.open(), (session) =>
    mergeIndexes(session, { smallIndexesMax: 2 }),
  );
  await expect(run).rejects.toThrow("was not stored as it was written");
  expect(before.filter((path) => !files.has(path))).toEqual([]);
});

it("B1: a pack that is to stay and was cut at a place ends it", async () => {
  const [places, ids] = await filled(2, 6);
  const [first, second] = places.files as [Files, Files];
  const path = [...second.keys()].findLast((each) => each.startsWith("data/")) ?? "";
  second.set(path, second.get(path)?.subarray(0, -1) ?? new Uint8Array());
  const count = countOf(first, "data");
  const options = { isForgotten: (id: string) => id === ids[0], unusedShareMax: 9 };
  const run = exclusively(places.open(), (session) => prune(session, options));
  await expect(run).rejects.toMatchObject({ code: "VAULT_DAMAGED" });
  expect(countOf(first, "data")).toBe(count);
});

it("C1: a pack that one place has lost is copied from the next, and that is told", async () => {
  const [places, ids] = await filled(2, 20);
  const [first] = places.files as [Files];
  const path = [...first.keys()].findLast((each) => each.startsWith("data/")) ?? "";
  first.delete(path);
  const vault = places.open();
  const told: string[] = [];
  vault.reader.tell = ({ id, location }) => void told.push(`${location} ${id}`);
  const options = { isForgotten: (id: string) => id === ids[0], smallPacksMax: 4 };
  const outcome = await exclusively(vault, (session) => prune(session, options));
  expect(outcome).toMatchObject({ kind: "done" });
  expect(told).toContain(`place 0 ${path.slice(path.lastIndexOf("/") + 1)}`);
  for (const files of places.files) expect(restoreAll(files, places.codec).size).toBe(19);
});

/** Pruning of places of which a snapshot cannot be restored whole from all of them together. */
import { beforeEach, expect, it } from "vitest";
import { decodeIndex, encodeIndex } from "../format/index-json.ts";
import { digestOf } from "../repository/codec.ts";
import { type DamagedSnapshot, damagedSnapshots } from "./damaged-snapshots.ts";
import { prune } from "./prune.ts";
import { countOf, exclusively, MemoryPlaces, restoreAll, store } from "./prune-bench.ts";

const shared = "in the older ones and in the damaged one";
const unnamed = `data/aa/${"a".repeat(64)}`;

let places: MemoryPlaces;
/** What is to be forgotten. */
let older: readonly string[];
let damaged: string;
let last: string;
/** Of the damaged one; it names what was new in it. */
let indexPath: string;

beforeEach(async () => {
  places = new MemoryPlaces(2);
  const vault = places.open();
  const text = (name: string): string => name.repeat(50);
  const one = await store(vault, { a: { shared, own: text("one") } });
  const two = await store(vault, { a: { shared, own: text("two") } });
  older = [one, two];
  const before = new Set(places.files[0]?.keys());
  damaged = await store(vault, { a: { shared, own: text("three") } });
  const added = [...(places.files[0]?.keys() ?? [])].filter((path) => !before.has(path));
  indexPath = added.find((path) => path.startsWith("index/")) ?? "";
  last = await store(vault, { b: { own: text("four") } });
  for (const files of places.files) files.set(unnamed, new Uint8Array(10));
});

/** As who mends leaves it when nobody has them: gone at every place, and in no index. */
function lose(kind: "data" | "tree"): void {
  for (const files of places.files) {
    const bytes = files.get(indexPath) ?? new Uint8Array();
    const { packs } = decodeIndex(places.codec.decodeFile(bytes, indexPath.slice("index/".length)));
    const isLost = ({ blobs }: (typeof packs)[number]): boolean =>
      blobs.some((blob) => blob.kind === kind);
    for (const { id } of packs.filter(isLost)) files.delete(`data/${id.slice(0, 2)}/${id}`);
    const left = places.codec.encodeFile(encodeIndex(packs.filter((pack) => !isLost(pack))));
    files.delete(indexPath);
    files.set(`index/${left.id}`, left.bytes);
  }
}

function pruned(forgotten: readonly string[]): ReturnType<typeof prune> {
  const isForgotten = (id: string): boolean => forgotten.includes(id);
  return exclusively(places.open(), (session) => prune(session, { isForgotten }));
}

function found(): Promise<readonly DamagedSnapshot[]> {
  return exclusively(places.open(), damagedSnapshots);
}

it("D5: goes on where contents are lost, keeps the rest of the snapshot, and says so", async () => {
  expect(await found()).toEqual([]);
  lose("data");
  expect(await found()).toEqual([{ id: damaged, lacks: "contents" }]);
  const packs = countOf(places.files[0] ?? new Map(), "data");
  const incomplete = [{ id: damaged, lacks: "contents" }];
  expect(await pruned(older)).toMatchObject({
    kind: "done",
    figures: { snapshots: 2 },
    incomplete,
  });
  for (const files of places.files) {
    expect(countOf(files, "data")).toBeLessThan(packs);
    expect(files.has(unnamed)).toBe(true);
    expect(files.has(`snapshots/${damaged}`)).toBe(true);
  }
  const needed = digestOf(new TextEncoder().encode(shared));
  const copies = await exclusively(places.open(), async ({ vault }) =>
    vault.index.numbersOf(needed, "data"),
  );
  expect(copies).toHaveLength(1);

  // Given up, all of it goes; and nothing is in doubt any more.
  expect(await pruned([damaged])).toMatchObject({ kind: "done", incomplete: [] });
  for (const files of places.files) {
    expect([...restoreAll(files, places.codec).keys()]).toEqual([last]);
    expect(files.has(unnamed)).toBe(false);
  }
});

it.each([
  ["folders", () => lose("tree")],
  [
    "itself",
    () => {
      for (const files of places.files) files.set(`snapshots/${damaged}`, new Uint8Array(50));
    },
  ],
])(
  "D5: removes nothing while it cannot tell what is needed: a snapshot lacks %s",
  async (lacks, harm) => {
    harm();
    expect(await found()).toEqual([{ id: damaged, lacks }]);
    const before = places.files.map((files) => countOf(files, "data"));
    const refused = pruned(older);
    await expect(refused).rejects.toMatchObject({ code: "VAULT_DAMAGED" });
    await expect(refused).rejects.toThrow(damaged);
    expect(places.files.map((files) => countOf(files, "data"))).toEqual(before);
    expect(await pruned([...older, damaged])).toMatchObject({ kind: "done", incomplete: [] });
    for (const files of places.files) {
      expect([...restoreAll(files, places.codec).keys()]).toEqual([last]);
    }
  },
);

it("is not damaged what one place lacks and another one has", async () => {
  const [first] = places.files;
  const kept = new Map(first);
  lose("data");
  first?.clear();
  for (const [path, bytes] of kept) first?.set(path, bytes);
  expect(await found()).toEqual([]);
});

import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { LocationFault } from "../location.ts";
import { type LocationCall, MemoryLocation } from "../memory-location.ts";
import { prune } from "../prune/prune.ts";
import { exclusively, MemoryPlaces, restoreAll, store } from "../prune/prune-bench.ts";
import { storeAll, vaultOf } from "./repository-bench.ts";
import { withSession } from "./session.ts";
import { Vault } from "./vault.ts";

const { signal } = new AbortController();
const shared = { isExclusive: false, signal };

const texts = (from: number): readonly Uint8Array[] => [Buffer.from(`text ${from} `.repeat(20))];

/** Somebody else stores four contents, an index file each. */
async function storeFour(files: Map<string, Uint8Array>): Promise<readonly Uint8Array[]> {
  const { vault } = vaultOf([new MemoryLocation({ files })]);
  const ids: Uint8Array[] = [];
  for (const from of [0, 1, 2, 3]) {
    ids.push(...(await withSession(vault, shared, (each) => storeAll(each, texts(from)))));
  }
  return ids;
}

describe("what is known of a place", () => {
  test("what a reading that failed had taken is forgotten when its files go (N2)", async () => {
    const places = new MemoryPlaces(1);
    const [files = new Map<string, Uint8Array>()] = places.files;
    for (const number of [0, 1, 2, 3]) {
      await store(places.open(), { a: { f: `text ${number}` } });
    }
    let isFailing = true;
    let reads = 0;
    const before = async ({ file, method }: LocationCall): Promise<void> => {
      if (method !== "get" || file?.kind !== "index" || !isFailing) return;
      reads += 1;
      if (reads === 4) throw new LocationFault("away", "the cable is out");
    };
    const others = places.open();
    const ours = new Vault({
      locations: [new MemoryLocation({ files, before })],
      codec: places.codec,
      surroundings: others.surroundings,
      onDamage: () => {},
    });
    await expect(store(ours, { a: { f: "new" } })).rejects.toThrow("the cable is out");
    isFailing = false;
    for (const path of files.keys()) if (path.startsWith("snapshots/")) files.delete(path);
    await exclusively(others, (session) => prune(session, { isForgotten: () => false }));
    for (const number of [0, 1, 2, 3]) {
      await store(ours, { a: { f: `text ${number}` } });
    }
    expect(restoreAll(files, places.codec).size).toBe(4);
  });

  test("an index that its disk cannot read comes from another place, and is mended (N1)", async () => {
    const places = [new MemoryLocation(), new MemoryLocation()];
    const { vault: before } = vaultOf(places);
    const ids = await withSession(before, shared, (each) => storeAll(each, texts(1)));
    const [first = new MemoryLocation()] = places;
    const [path = ""] = [...first.files.keys()].filter((each) => each.startsWith("index/"));
    first.badSectors.set(path, 0);
    const { damage, vault } = vaultOf(places);
    await withSession(vault, shared, async () => {
      expect(vault.places.map(({ takesPart }) => takesPart)).toEqual([true, true]);
      expect(ids.map((id) => vault.index.locationsOf(id, "data"))).toEqual([3]);
    });
    expect(damage).toMatchObject([{ kind: "index", location: "memory:" }]);
    expect(first.badSectors.size).toBe(0);
  });

  test("is all there until the new files have been read, for who looks without a lock (N3)", async () => {
    const files = new Map<string, Uint8Array>();
    const held = await storeFour(files);
    const { vault } = vaultOf([new MemoryLocation({ files, before: look })]);
    const seen: number[] = [];
    const known = (): number =>
      held.filter((id) => vault.index.locationsOf(id, "data") !== 0).length;
    function look(): void {
      seen.push(known());
    }
    await withSession(vault, shared, async () => {});
    const isIndex = (path: string): boolean => path.startsWith("index/");
    const old = [...files.keys()].filter(isIndex);
    const again = vaultOf([new MemoryLocation({ files: new Map() })]).vault;
    await withSession(again, shared, async (session) => {
      await storeAll(session, [0, 1, 2, 3].flatMap(texts));
      const [{ location } = { location: undefined }] = again.places;
      const fresh = (location as MemoryLocation).files;
      for (const path of old) files.delete(path);
      for (const [path, bytes] of fresh) if (!path.startsWith("locks/")) files.set(path, bytes);
    });
    seen.length = 0;
    await withSession(vault, shared, async () => {});
    expect([...files.keys()].filter(isIndex)).toHaveLength(1);
    expect(new Set(seen)).toEqual(new Set([4]));
    for (const path of [...files.keys()].filter(isIndex)) files.delete(path);
    await withSession(vault, shared, async () => {
      expect(known()).toBe(0);
    });
  });

  test("a list without an end is refused, and not cut (N4)", async () => {
    const location = new MemoryLocation();
    location.list = async function* (kind) {
      for (let number = 0; number <= 100_000; number += 1) {
        if (kind !== "index") return;
        yield { kind, id: String(number).padStart(64, "0"), sizeBytes: 1 };
      }
    };
    const { vault } = vaultOf([location, new MemoryLocation()]);
    await withSession(vault, shared, async () => {});
    expect(vault.places.map((place) => place.trouble?.message)).toEqual([
      "memory: lists more than 100000 index files: merge them with prune",
      undefined,
    ]);
  });
});

import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import { decodeIndex } from "../format/index-json.ts";
import { LocationFault } from "../location.ts";
import { MemoryLocation } from "../memory-location.ts";
import type { FinishedPack } from "./packer.ts";
import { vaultOf } from "./repository-bench.ts";
import { Uploads } from "./uploads.ts";
import type { Vault } from "./vault.ts";

const { signal } = new AbortController();

function packOf(digit: string): FinishedPack {
  const id = digit.repeat(64);
  const blob = { id: Buffer.alloc(32, digit), kind: "data", offset: 0, length: 9 } as const;
  const blobs = [{ ...blob, plainLength: 0 }];
  return { id, blobs, parts: [Buffer.from("123456789")], sizeBytes: 9, release: () => undefined };
}

test("a pack that comes while others are being named is not named before it is there (U1)", async () => {
  const held = Promise.withResolvers<undefined>();
  const late = packOf("b");
  const location = new MemoryLocation({
    before: async ({ file, method }) => {
      if (method === "put" && file?.id === late.id) await held.promise;
    },
  });
  const { vault } = vaultOf([location]);
  const { codec, index, loader, places } = vault;
  const uploads = new Uploads({ places, index, loader, codec, signal });
  await uploads.add(packOf("a"));
  const naming = uploads.nameAll();
  await uploads.add(late);
  await naming;
  const named = [...location.files].flatMap(([path, bytes]) => {
    if (!path.startsWith("index/")) return [];
    const { packs } = decodeIndex(codec.decodeFile(bytes, path.slice("index/".length)));
    return packs.map(({ id }) => id);
  });
  expect(named).toEqual([packOf("a").id]);
  held.resolve(undefined);
  await uploads.nameAll();
  expect(index.holdersOf(late.id)).toBe(1);
});

test("who waits for it hears what an index names, and never before the index is there", async () => {
  const location = new MemoryLocation();
  const { vault } = vaultOf([location]);
  const { codec, index, loader, places } = vault;
  const uploads = new Uploads({ places, index, loader, codec, signal });
  const heard: unknown[] = [];
  uploads.onNamed = (blobs) => {
    for (const { id, kind, length } of blobs) {
      const isNamed = index.locationsOf(id, kind) === 1;
      const isWritten = [...location.files.keys()].some((path) => path.startsWith("index/"));
      heard.push({ id: Buffer.from(id), kind, length, isNamed, isWritten });
    }
  };
  await uploads.add(packOf("a"));
  await uploads.add(packOf("b"));
  expect(heard).toEqual([]);
  await uploads.nameAll();
  const told = { kind: "data", length: 9, isNamed: true, isWritten: true };
  expect(heard).toEqual(["a", "b"].map((digit) => ({ id: Buffer.alloc(32, digit), ...told })));
});

/** Of a vault of these locations. */
function uploadsTo(locations: readonly MemoryLocation[]): [Uploads, Vault] {
  const { vault } = vaultOf(locations);
  const { codec, index, loader, places } = vault;
  return [new Uploads({ places, index, loader, codec, signal }), vault];
}

const indexesIn = ({ files }: MemoryLocation): number =>
  [...files.keys()].filter((path) => path.startsWith("index/")).length;

test("no index names a pack that could not be written (U2)", async () => {
  const location = new MemoryLocation({
    before: ({ file, method }) => {
      if (method === "put" && file?.kind === "pack") throw new TypeError("a mistake of ours");
    },
  });
  const [uploads] = uploadsTo([location]);
  await uploads.add(packOf("a"));
  await expect(uploads.nameAll()).rejects.toThrow("a mistake of ours");
  expect(indexesIn(location)).toBe(0);
});

test("what a place has no index of is not counted on there", async () => {
  const full = new MemoryLocation({
    before: ({ file, method }) => {
      if (method === "put" && file?.kind === "index") throw new LocationFault("full", "no room");
    },
  });
  const [uploads, { index }] = uploadsTo([new MemoryLocation(), full]);
  await uploads.add(packOf("a"));
  await uploads.nameAll();
  expect(index.holdersOf(packOf("a").id)).toBe(1);
});

test("the memory of a pack is used again when every place has it, and only then (U3)", async () => {
  let isAway = false;
  const second = new MemoryLocation({
    before: () => {
      if (isAway) throw new LocationFault("away", "unplugged");
    },
  });
  const [uploads] = uploadsTo([new MemoryLocation(), second]);
  const released: string[] = [];
  const add = (digit: string): Promise<void> =>
    uploads.add({ ...packOf(digit), release: () => void released.push(digit) });
  await add("a");
  await uploads.nameAll();
  isAway = true;
  await add("b");
  await uploads.nameAll();
  expect(released).toEqual(["a"]);
});

test("so many packs are on their way, and no more (U4)", async () => {
  const held = Promise.withResolvers<undefined>();
  let puts = 0;
  const location = new MemoryLocation({
    before: async ({ file, method }) => {
      if (method !== "put" || file?.kind !== "pack") return;
      puts += 1;
      await held.promise;
    },
  });
  const [uploads] = uploadsTo([location]);
  const adding = (async () => {
    for (const digit of "abcde") await uploads.add(packOf(digit));
  })();
  for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
  expect(puts).toBe(2);
  held.resolve(undefined);
  await adding;
  await uploads.nameAll();
  expect(puts).toBe(5);
});

test("packs of many blobs are named before all is there", async () => {
  const location = new MemoryLocation();
  const [uploads] = uploadsTo([location]);
  const [blob] = packOf("a").blobs;
  if (blob === undefined) throw new Error("a pack has a blob");
  await uploads.add({ ...packOf("a"), blobs: Array.from({ length: 20_000 }, () => blob) });
  expect(indexesIn(location)).toBe(1);
});

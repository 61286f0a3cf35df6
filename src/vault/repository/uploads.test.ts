import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import { decodeIndex } from "../format/index-json.ts";
import { MemoryLocation } from "../memory-location.ts";
import type { FinishedPack } from "./packer.ts";
import { vaultOf } from "./repository-bench.ts";
import { Uploads } from "./uploads.ts";

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

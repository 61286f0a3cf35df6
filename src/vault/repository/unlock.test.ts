import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { sealConfig } from "../format/config.ts";
import type { ScryptCost } from "../format/keys.ts";
import { createSealer } from "../format/seal.ts";
import { referenceKernels } from "../kernels-bench.ts";
import { LocationFault } from "../location.ts";
import { MemoryLocation } from "../memory-location.ts";
import { initialise } from "./initialise.ts";
import { HandMovedTime, randomBytesOf } from "./repository-bench.ts";
import { unlock } from "./unlock.ts";

const passphrase = "open sesame";
const { signal } = new AbortController();
const tools = {
  kernels: referenceKernels,
  derive: async (word: string, { salt }: { readonly salt: Uint8Array }): Promise<Uint8Array> =>
    createHash("sha512").update(word).update(salt).digest(),
};

async function vaultIn(
  count: number,
  seed = 1,
  more: { readonly cost?: ScryptCost } = {},
): Promise<readonly MemoryLocation[]> {
  const locations = Array.from({ length: count }, () => new MemoryLocation());
  await begin(locations, seed, more);
  return locations;
}

async function begin(
  locations: readonly MemoryLocation[],
  seed: number,
  more: { readonly cost?: ScryptCost } = {},
): Promise<void> {
  const time = new HandMovedTime();
  const surroundings = {
    clock: time,
    timers: time,
    randomBytes: randomBytesOf(seed),
    worker: { hostname: "here", username: "we", pid: 1, uid: 0, gid: 0 },
    isAlive: () => true,
  };
  await initialise({ locations, passphrase, tools, surroundings, signal, ...more });
}

async function said(locations: readonly MemoryLocation[], word = passphrase): Promise<string> {
  const result = await unlock({ locations, passphrase: word, tools, signal });
  return result.ok ? result.value.states.map(({ kind }) => kind).join(" ") : result.error.code;
}

/** Another bit in the middle of the salt, of what is sealed, or of a word that nobody needs. */
function flipKey({ files }: MemoryLocation, behind: string): void {
  for (const [path, bytes] of files) {
    if (!path.startsWith("keys/")) continue;
    const text = Buffer.from(bytes).toString("latin1");
    const at = text.indexOf(`"${behind}":"`) + behind.length + 8;
    files.set(
      path,
      Buffer.from(text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1)),
    );
  }
}

test("a beginning that failed leaves no key, and what an earlier one left goes (I3)", async () => {
  const keysOf = ({ files }: MemoryLocation): readonly string[] =>
    [...files.keys()].filter((path) => path.startsWith("keys/"));
  let isFull = true;
  const full = new MemoryLocation({
    before: ({ file, method }) => {
      if (isFull && method === "put" && file?.kind === "config") throw new Error("no room");
    },
  });
  const locations = [full, new MemoryLocation()];
  await expect(begin(locations, 1)).rejects.toThrow("no room");
  expect(locations.flatMap(keysOf)).toEqual([]);
  isFull = false;
  full.files.set(`keys/${"a".repeat(64)}`, Buffer.from("left by a kill"));
  await begin(locations, 2);
  expect(locations.map((each) => keysOf(each).length)).toEqual([1, 1]);
  expect(await said(locations)).toBe("ready ready");
  // What holds snapshots is nobody's beginning, though its config is gone.
  full.files.delete("config");
  full.files.set(`snapshots/${"b".repeat(64)}`, Buffer.from("sealed"));
  await expect(begin([full], 3)).rejects.toThrow("holds a repository already");
  expect(keysOf(full)).toHaveLength(1);
});

test("a key costs what its maker says, and otherwise what one of restic does", async () => {
  const costOf = async (more: { readonly cost?: ScryptCost }): Promise<unknown> => {
    const [location] = await vaultIn(1, 1, more);
    expect(await said([location as MemoryLocation])).toBe("ready");
    const found = [...(location?.files ?? [])].find(([path]) => path.startsWith("keys/"));
    return JSON.parse(Buffer.from(found?.[1] ?? []).toString("utf8"));
  };
  expect(await costOf({})).toMatchObject({ N: 32_768, r: 8, p: 4 });
  expect(await costOf({ cost: { N: 16, r: 8, p: 1 } })).toMatchObject({ N: 16, r: 8, p: 1 });
});

test("U4: a key that is damaged at one location is opened as another one holds it", async () => {
  for (const field of ["salt", "data"]) {
    for (const at of [0, 1]) {
      const locations = await vaultIn(2);
      flipKey(locations[at] as MemoryLocation, field);
      expect(await said(locations)).toBe("ready ready");
      expect(await said(locations, "another")).toBe("VAULT_PASSPHRASE_WRONG");
    }
  }
});

test("U4: damaged everywhere, that is said, and not that the passphrase is wrong", async () => {
  const locations = await vaultIn(2);
  for (const each of locations) flipKey(each, "salt");
  expect(await said(locations)).toBe("VAULT_DAMAGED");
});

test("U2: another repository ends it; a damaged config beside our key does not", async () => {
  const ours = await vaultIn(2);
  const [foreign] = await vaultIn(1, 2);
  expect(await said([...ours, foreign as MemoryLocation])).toBe("VAULT_FOREIGN");
  ours[0]?.files.set("config", new Uint8Array(100));
  expect(await said(ours)).toBe("damaged ready");
  ours[1]?.files.delete("config");
  expect(await said(ours)).toBe("VAULT_DAMAGED");
});

test("what its disk cannot read is damage of a location, which is there all the same", async () => {
  const locations = await vaultIn(2);
  const [first = new MemoryLocation()] = locations;
  const [key = ""] = [...first.files.keys()].filter((path) => path.startsWith("keys/"));
  first.badSectors.set("config", 0);
  expect(await said(locations)).toBe("damaged ready");
  first.badSectors.set(key, 0);
  expect(await said(locations)).toBe("away ready");
  first.badSectors.delete("config");
  expect(await said(locations)).toBe("ready ready");
  expect(await said([first])).toBe("VAULT_DAMAGED");
  first.badSectors.set("config", 0);
  expect(await said([first])).toBe("LOCATION_FAILED");
});

test("a key that goes while it is listed takes no config with it", async () => {
  const locations = await vaultIn(2);
  const [first = new MemoryLocation(), second = new MemoryLocation()] = locations;
  const going = new MemoryLocation({
    files: first.files,
    before: ({ file, method }) => {
      if (method === "get" && file?.kind === "key") throw new LocationFault("missing", "gone");
    },
  });
  expect(await said([going, second])).toBe("ready ready");
});

test("U2: another repository under the same keys ends it as well", async () => {
  const locations = await vaultIn(2);
  const opened = await unlock({ locations, passphrase, tools, signal });
  if (!opened.ok) throw opened.error;
  const sealer = createSealer(opened.value.keys, referenceKernels);
  const other = { ...opened.value.config, id: "ab".repeat(32) };
  locations[1]?.files.set("config", sealConfig(other, sealer, randomBytesOf(3)(16)));
  expect(await said(locations)).toBe("VAULT_FOREIGN");
});

test("a key of a beginning that came to no config is passed over", async () => {
  const [ours, other] = [await vaultIn(1), await vaultIn(1, 2)] as unknown as [
    [MemoryLocation],
    [MemoryLocation],
  ];
  const before = [...ours[0].files];
  ours[0].files.clear();
  for (const [path, bytes] of other[0].files) {
    if (path.startsWith("keys/")) ours[0].files.set(path, bytes);
  }
  for (const [path, bytes] of before) ours[0].files.set(path, bytes);
  expect(await said(ours)).toBe("ready");
});

test("U3: without config and keys it is ours by what these keys open, else it is empty", async () => {
  const locations = await vaultIn(2);
  const [{ files }, other] = locations as [MemoryLocation, MemoryLocation];
  const sealed = files.get("config") ?? new Uint8Array();
  files.clear();
  expect(await said(locations)).toBe("empty ready");
  files.set(`index/${"ab".repeat(32)}`, new Uint8Array(100));
  expect(await said(locations)).toBe("empty ready");
  files.set(`index/${"cd".repeat(32)}`, sealed);
  expect(await said(locations)).toBe("damaged ready");
  expect(other.files.has("config")).toBe(true);
});

test("a beginning that failed halfway leaves a key where a config came to be, and nowhere else (I3)", async () => {
  const locations = [
    new MemoryLocation(),
    new MemoryLocation({
      before: ({ file, method }) => {
        if (method === "put" && file?.kind === "config") throw new Error("the disk is full");
      },
    }),
  ];
  await expect(begin(locations, 1)).rejects.toThrow("the disk is full");
  const left = locations.map(({ files }) => [...files.keys()].map((path) => path.split("/")[0]));
  expect(left).toEqual([["keys", "config"], []]);
  expect(await said(locations.slice(0, 1))).toBe("ready");
});

/** Vaults in memory for tests of check and repair, with real codecs, and damage to do to them. */
import { Buffer } from "node:buffer";
import { createRandom } from "../../kernel/index.ts";
import { type CheckOutcome, check, everyPack } from "../check/check.ts";
import { sealConfig } from "../format/config.ts";
import { hexOfId } from "../format/ids.ts";
import { createSealer } from "../format/seal.ts";
import { encodeTree } from "../format/tree-json.ts";
import type { TreeNode } from "../format/tree-node.ts";
import { referenceKernels } from "../kernels-bench.ts";
import { type FileKind, type LocationTraits } from "../location.ts";
import { MemoryLocation } from "../memory-location.ts";
import { rawPathOfText } from "../raw-path.ts";
import { BlobWriter } from "../repository/blob-writer.ts";
import { Codec, digestOf, hexDigestOf } from "../repository/codec.ts";
import { Packer } from "../repository/packer.ts";
import { type Session, withSession } from "../repository/session.ts";
import { writeSnapshot } from "../repository/snapshots.ts";
import type { Surroundings } from "../repository/surroundings.ts";
import { Uploads } from "../repository/uploads.ts";
import { Vault } from "../repository/vault.ts";
import { type HealOptions, type HealOutcome, heal } from "./heal.ts";

export const never: AbortSignal = new AbortController().signal;

const random = createRandom(0x5e);
const config = { id: "5e".repeat(32), polynomial: 0x3da3358b4dc173n };
const someBytes = (length: number): Uint8Array =>
  Uint8Array.from({ length }, () => Math.floor(random.next() * 256));
const keys = { encrypt: someBytes(32), macK: someBytes(16), macR: someBytes(16) };
const sealer = createSealer(keys, referenceKernels);
const codec = new Codec(sealer, someBytes);
const configBytes = sealConfig(config, sealer, someBytes(16));
const keyBytes = Buffer.from("a key file");
const keyId = hexDigestOf(keyBytes);

export const unlocked = { configBytes, keyFiles: new Map([[keyId, keyBytes]]) };

const surroundings: Surroundings = {
  clock: { now: () => ({ wallMs: 1_800_000_000_000, monotonicMs: 0 }) },
  timers: { after: () => () => {} },
  randomBytes: someBytes,
  worker: { hostname: "here", username: "ann", pid: 1, uid: 0, gid: 0 },
  isAlive: () => true,
};

export interface RepairScene {
  readonly locations: readonly MemoryLocation[];
  readonly vault: Vault;
  /** Default 600. */
  readonly packBytes?: number;
}

/** Several locations with a config and a key, nothing else. */
export function openScene(
  count: number,
  traits: Partial<LocationTraits> = {},
  before: (name: string) => void = () => {},
): RepairScene {
  const locations = Array.from({ length: count }, (_, at) => {
    const name = `memory:${at}`;
    const location = new MemoryLocation({
      traits: { name, ...traits },
      before: () => before(name),
    });
    location.files.set("config", configBytes.slice());
    location.files.set(`keys/${keyId}`, Uint8Array.from(keyBytes));
    return location;
  });
  return { locations, vault: vaultOf(locations) };
}

export function vaultOf(locations: readonly MemoryLocation[]): Vault {
  return new Vault({ locations, codec, surroundings, onDamage: () => {}, marks: unlocked });
}

/** A snapshot of a folder in a folder, with files of these contents; packs are small. */
export async function store(
  { packBytes = 600, vault }: RepairScene,
  contents: readonly string[],
  timeMs = 0,
): Promise<string> {
  return await withSession(vault, { isExclusive: false, signal: never }, async (session) => {
    const { index, loader, places } = vault;
    const uploads = new Uploads({ places, index, loader, codec, signal: never });
    const packer = new Packer({ codec, randomBytes: someBytes, packBytes });
    const writer = new BlobWriter({ index, packer, uploads, codec, places });
    const add = async (kind: "data" | "tree", content: Uint8Array): Promise<string> => {
      const id = digestOf(content);
      if (writer.wants(id, kind)) await writer.add(codec.sealBlob(kind, content, id));
      return hexOfId(id);
    };
    const nodes: TreeNode[] = [];
    for (const [at, content] of contents.entries()) {
      const bytes = Buffer.from(content);
      const id = await add("data", bytes);
      nodes.push({ ...base(`file${String(at).padStart(3, "0")}`), ...fileOf(id, bytes.length) });
    }
    const subtree = await add("tree", encodeTree({ nodes }));
    const folder: TreeNode = { ...base("folder"), kind: "dir", subtree };
    const tree = await add("tree", encodeTree({ nodes: [folder] }));
    await writer.flush();
    const about = { parent: "", hostname: "here", username: "", uid: 0, gid: 0, original: "" };
    const lists = { paths: ["/folder"], excludes: [], tags: [] };
    const timeNs = BigInt(timeMs) * 1_000_000n;
    const snapshot = { ...about, ...lists, timeNs, tree, programVersion: "" };
    return await writeSnapshot(session, snapshot);
  });
}

function fileOf(
  id: string,
  sizeBytes: number,
): { kind: "file"; content: string[]; sizeBytes: number } {
  return { kind: "file", content: [id], sizeBytes };
}

function base(name: string): Omit<TreeNode, "kind"> & { readonly links: number } {
  return {
    name: rawPathOfText(name),
    permissions: 0o644,
    mtimeNs: 0n,
    ctimeNs: 0n,
    atimeNs: 0n,
    uid: 0,
    gid: 0,
    user: "",
    group: "",
    inode: 1n,
    deviceId: 1n,
    links: 1,
    attributes: [],
  };
}

/** Locked, as check and heal want it. */
async function locked<T>(vault: Vault, work: (session: Session) => Promise<T>): Promise<T> {
  const options = { isExclusive: true, readsIndexes: false, signal: never };
  return await withSession(vault, options, work);
}

/** Everything is read, by a vault that remembers nothing. */
export async function checkAll({ locations }: RepairScene): Promise<CheckOutcome> {
  return await locked(vaultOf(locations), (session) => check(session, { reads: everyPack }));
}

export async function healAll(
  { locations }: RepairScene,
  options: Partial<HealOptions> = {},
): Promise<HealOutcome> {
  const all = { unlocked, reads: everyPack, ...options };
  return await locked(vaultOf(locations), (session) => heal(session, all));
}

const prefixes: Readonly<Record<FileKind, string>> = {
  config: "config",
  key: "keys/",
  pack: "data/",
  index: "index/",
  snapshot: "snapshots/",
  lock: "locks/",
};

export function pathsOf({ files }: MemoryLocation, kind: FileKind): string[] {
  return [...files.keys()].filter((path) => path.startsWith(prefixes[kind])).toSorted();
}

/** Another bit at the place, a share of the file's length from 0 to 1. */
export function flip({ files }: MemoryLocation, path: string, share = 0.5): void {
  const bytes = files.get(path)?.slice() ?? new Uint8Array();
  const at = Math.min(bytes.length - 1, Math.floor(bytes.length * share));
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  files.set(path, bytes);
}

/**
 * Vaults in memory for the tests of pruning, and a judge that knows nothing of the code it judges
 * but the format: what a place holds must restore by itself.
 */
import { SoulMirrorError } from "../../kernel/index.ts";
import { hexOfId, idOfHex } from "../format/ids.ts";
import { decodeIndex } from "../format/index-json.ts";
import { createSealer } from "../format/seal.ts";
import { decodeSnapshot } from "../format/snapshot-json.ts";
import { decodeTree, encodeTree } from "../format/tree-json.ts";
import type { TreeNode } from "../format/tree-node.ts";
import { referenceKernels } from "../kernels-bench.ts";
import { LocationFault } from "../location.ts";
import { type LocationCall, MemoryLocation } from "../memory-location.ts";
import { rawPathOfText } from "../raw-path.ts";
import { BlobWriter } from "../repository/blob-writer.ts";
import { Codec, digestOf } from "../repository/codec.ts";
import { Packer } from "../repository/packer.ts";
import { HandMovedTime } from "../repository/repository-bench.ts";
import { type Session, withSession } from "../repository/session.ts";
import { writeSnapshot } from "../repository/snapshots.ts";
import { Uploads } from "../repository/uploads.ts";
import { Vault } from "../repository/vault.ts";
import type { StateFile } from "../state/state-file.ts";

/** Folders of files, by name; what a file holds. */
export type Model = Readonly<Record<string, Readonly<Record<string, string>>>>;

class Killed extends Error {}

/** Some places that outlive the processes that work in them. */
export class MemoryPlaces {
  readonly files: readonly Map<string, Uint8Array>[];
  readonly codec: Codec;
  /** Numbers of places that do not answer. */
  readonly away = new Set<number>();
  /** What the process may still call before it is killed. */
  callsLeft = Number.POSITIVE_INFINITY;
  calls = 0;
  /** Sees each call of the process, before it is done. */
  onCall: (call: LocationCall) => void = () => undefined;
  readonly time = new HandMovedTime();
  readonly #appendOnly: ReadonlySet<number>;
  #pid = 1;
  #random = 1;

  constructor(count: number, appendOnly: readonly number[] = []) {
    this.files = Array.from({ length: count }, () => new Map<string, Uint8Array>());
    this.#appendOnly = new Set(appendOnly);
    this.wallMs = 1_767_225_600_000;
    const keys = { encrypt: digestOf(new Uint8Array(1)), macK: half(2), macR: half(3) };
    this.codec = new Codec(createSealer(keys, referenceKernels), this.randomBytes);
  }

  get wallMs(): number {
    return this.time.wallMs;
  }

  set wallMs(atMs: number) {
    this.time.wallMs = atMs;
  }

  /** A process begins; those before are dead. */
  open(): Vault {
    this.#pid += 1;
    this.callsLeft = Number.POSITIVE_INFINITY;
    const pid = this.#pid;
    const before = (number: number) => (call: LocationCall) => {
      this.#admit(number, pid, call);
    };
    return new Vault({
      locations: this.files.map((files, number) => {
        const isAppendOnly = this.#appendOnly.has(number);
        const traits = { name: `place ${number}`, isAppendOnly };
        return new MemoryLocation({ traits, files, before: before(number) });
      }),
      codec: this.codec,
      surroundings: {
        clock: this.time,
        timers: this.time,
        randomBytes: this.randomBytes,
        worker: { hostname: "box", username: "me", pid, uid: 0, gid: 0 },
        isAlive: (other) => other === this.#pid,
      },
      onDamage: () => {},
    });
  }

  readonly randomBytes = (length: number): Uint8Array => {
    this.#random += 1;
    const seed = digestOf(Uint8Array.of(this.#random, this.#random >> 8, this.#random >> 16));
    return Uint8Array.from({ length }, (_, at) => seed[at % 32] ?? 0);
  };

  #admit(number: number, pid: number, call: LocationCall): void {
    const { file, method } = call;
    this.onCall(call);
    if (pid !== this.#pid) throw new Killed("this process is dead");
    this.calls += 1;
    if (this.callsLeft <= 0) throw new Killed("killed");
    this.callsLeft -= 1;
    if (this.away.has(number)) throw new LocationFault("away", `place ${number} is away`);
    if (method === "remove" && file?.kind !== "lock" && this.#appendOnly.has(number)) {
      throw new LocationFault("read-only", "it only appends");
    }
  }
}

export function exclusively<T>(vault: Vault, work: (session: Session) => Promise<T>): Promise<T> {
  const { signal } = new AbortController();
  return withSession(vault, { isExclusive: true, signal }, work);
}

/** @returns the id of the snapshot */
export function store(vault: Vault, model: Model, packBytes = 16 << 20): Promise<string> {
  const { signal } = new AbortController();
  return withSession(vault, { isExclusive: false, signal }, async (session) => {
    const { codec, index, loader, places, surroundings } = vault;
    const packer = new Packer({ codec, packBytes, randomBytes: surroundings.randomBytes });
    const uploads = new Uploads({ places, index, loader, codec, signal: session.signal });
    const writer = new BlobWriter({ index, packer, uploads, codec, places });
    const put = async (kind: "data" | "tree", content: Uint8Array): Promise<string> => {
      const id = digestOf(content);
      if (writer.wants(id, kind)) await writer.add(codec.sealBlob(kind, content));
      return hexOfId(id);
    };
    const folders: TreeNode[] = [];
    for (const [folder, files] of byName(model)) {
      const nodes: TreeNode[] = [];
      for (const [name, text] of byName(files)) {
        const content = text === "" ? [] : [await put("data", new TextEncoder().encode(text))];
        nodes.push({ ...base(name), kind: "file", sizeBytes: text.length, content });
      }
      const subtree = await put("tree", encodeTree({ nodes }));
      folders.push({ ...base(folder), kind: "dir", subtree });
    }
    const tree = await put("tree", encodeTree({ nodes: folders }));
    await writer.flush();
    const timeNs = BigInt(surroundings.clock.now().wallMs) * 1_000_000n;
    return await writeSnapshot(session, {
      timeNs,
      tree,
      parent: "",
      paths: ["/srv"],
      hostname: "box",
      username: "me",
      uid: 0,
      gid: 0,
      excludes: [],
      tags: [],
      original: "",
      programVersion: "",
    });
  });
}

/** What each snapshot of a place restores to; throws when one of them does not. */
export function restoreAll(
  files: ReadonlyMap<string, Uint8Array>,
  codec: Codec,
): ReadonlyMap<string, Model> {
  const under = (folder: string): readonly (readonly [string, Uint8Array])[] =>
    [...files].flatMap(([path, bytes]) =>
      path.startsWith(`${folder}/`) ? [[path.slice(path.lastIndexOf("/") + 1), bytes]] : [],
    );
  const blobs = new Map<string, () => Uint8Array>();
  for (const [id, bytes] of under("index")) {
    for (const pack of decodeIndex(codec.decodeFile(bytes, id)).packs) {
      const held = files.get(`data/${pack.id.slice(0, 2)}/${pack.id}`);
      if (held === undefined) throw new Error(`an index names the pack ${pack.id}, it is gone`);
      for (const { id: blob, kind, length, offset, plainLength } of pack.blobs) {
        const sealed = held.subarray(offset, offset + length);
        blobs.set(kind + hexOfId(blob), () => codec.openBlob(blob, sealed, plainLength));
      }
    }
  }
  const read = (kind: "data" | "tree", id: string): Uint8Array => {
    const open = blobs.get(kind + hexOfId(idOfHex(id)));
    if (open === undefined) throw new Error(`the ${kind} blob ${id} is needed and not there`);
    return open();
  };
  const folder = (id: string): Record<string, string> =>
    Object.fromEntries(
      decodeTree(read("tree", id)).nodes.map((node) => {
        const content = node.kind === "file" ? node.content : [];
        const text = content.map((each) => new TextDecoder().decode(read("data", each))).join("");
        return [node.name, text];
      }),
    );
  return new Map(
    under("snapshots").map(([id, bytes]) => {
      const { tree } = decodeSnapshot(codec.decodeFile(bytes, id));
      const nodes = decodeTree(read("tree", tree)).nodes;
      const restored = nodes.map((node) => [
        node.name,
        node.kind === "dir" ? folder(node.subtree) : {},
      ]);
      return [id, Object.fromEntries(restored)];
    }),
  );
}

export class MemoryStateFile implements StateFile {
  bytes: Uint8Array | undefined;

  async read(): Promise<Uint8Array | undefined> {
    return this.bytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.bytes = bytes;
  }
}

/** Whether it ended because the process was killed, whatever was thrown on the way out. */
export function isKill(error: unknown): boolean {
  if (error instanceof SuppressedError) return isKill(error.error) || isKill(error.suppressed);
  if (error instanceof SoulMirrorError || !(error instanceof Error)) return false;
  return error instanceof Killed;
}

export function countOf(files: ReadonlyMap<string, Uint8Array>, folder: string): number {
  return [...files.keys()].filter((path) => path.startsWith(`${folder}/`)).length;
}

function byName<T>(entries: Readonly<Record<string, T>>): readonly (readonly [string, T])[] {
  return Object.entries(entries).toSorted(([one], [other]) => (one < other ? -1 : 1));
}

function half(seed: number): Uint8Array {
  return digestOf(Uint8Array.of(seed)).subarray(0, 16);
}

function base(name: string): Omit<Extract<TreeNode, { kind: "fifo" }>, "kind"> {
  return {
    name: rawPathOfText(name),
    permissions: 0o644,
    uid: 0,
    gid: 0,
    user: "",
    group: "",
    mtimeNs: 0n,
    ctimeNs: 0n,
    atimeNs: 0n,
    inode: 0n,
    deviceId: 0n,
    links: 1,
    attributes: [],
  };
}

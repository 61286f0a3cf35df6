/**
 * Where a repository lies: a folder, a machine behind SFTP, a bucket. The port that every adapter
 * fulfils; the suite in `test/conformance/location.ts` holds them to it.
 *
 * L1. Atomic: a file is listed and read whole, or not at all, whatever dies while it is written.
 * L2. Durable: when `put` resolves, a power cut at that place does not take the file away, as far
 *     as its protocol lets us see to it; `notice` says so where it does not.
 * L3. Idempotent: `put` of a name that is there resolves and changes nothing, for all files but the
 *     config and the keys are named after their content; the config is refused (`exists`).
 *     `remove` of what is not there resolves.
 *     `replace` puts in any case: for a file that rotted. It is refused (`read-only`) where nothing
 *     may be removed. Where a protocol knows no better, the name is gone for a moment.
 * L4. Nothing is retried inside. `LocationFault.isPermanent` says whether asking again can help;
 *     `withRetries` is the decorator that asks again within a budget.
 * L5. Every call ends by its signal, or by the limit in the adapter's options, whichever is first.
 */

export const fileKinds = ["config", "key", "pack", "index", "snapshot", "lock"] as const;

/** What may lie in a repository, by the names of the restic format. */
export type FileKind = (typeof fileKinds)[number];

export interface FileName {
  readonly kind: FileKind;
  /** 64 hexadecimal digits in lower case; empty for the config. */
  readonly id: string;
}

export interface ListedFile extends FileName {
  readonly sizeBytes: number;
}

export interface ByteRange {
  readonly offset: number;
  /** At least 1. */
  readonly length: number;
}

export interface LocationTraits {
  /** How people know it: its URL without what is secret. */
  readonly name: string;
  /** Where it stands, as its owner calls the place; empty when not said. */
  readonly region: string;
  /** The server refuses removal (locks exempt); we never try it. */
  readonly isAppendOnly: boolean;
}

export interface Location extends AsyncDisposable {
  readonly traits: LocationTraits;
  /** What its owner should know of how it keeps files; known when it was reached. */
  readonly notice?: string | undefined;
  /** Makes the folders of an empty repository; resolves when they are there already. */
  prepare(signal: AbortSignal): Promise<void>;
  /**
   * `parts` are written one after another; they are not changed, and not kept: when it has resolved
   * the caller uses their memory again.
   */
  put(file: FileName, parts: readonly Uint8Array[], signal: AbortSignal): Promise<void>;
  /** Makes `parts` the file of that name, whatever has it now (L3). */
  replace(file: FileName, parts: readonly Uint8Array[], signal: AbortSignal): Promise<void>;
  /** The whole file or exactly `range` of it: a shorter file rejects with `short`. */
  get(file: FileName, signal: AbortSignal, range?: ByteRange): Promise<Uint8Array>;
  /** Size in bytes, or undefined when it is not there. */
  stat(file: FileName, signal: AbortSignal): Promise<number | undefined>;
  /** Every file of a kind, once, in any order. Names that are none of ours are left out. */
  list(kind: FileKind, signal: AbortSignal): AsyncIterable<ListedFile>;
  remove(file: FileName, signal: AbortSignal): Promise<void>;
}

/** Why a location did not do what it was asked. */
export const faultKinds = {
  /** The file is not there. */
  missing: { isPermanent: true, isOfFile: true },
  /** The file ends before the range that was asked for. */
  short: { isPermanent: true, isOfFile: true },
  /** It is there, and the disk cannot read it any more, as of a bad sector; others it can. */
  unreadable: { isPermanent: true, isOfFile: true },
  /** A config is there already. */
  exists: { isPermanent: true },
  /** Wrong credentials, an unknown host key, no right to do this. */
  denied: { isPermanent: true },
  /** Mounted or served read-only, or append-only for a removal. */
  "read-only": { isPermanent: true },
  /** No room left: disk, quota, bucket. */
  full: { isPermanent: true },
  /** It asks us to come back later; `retryAfterMs` when it said so. */
  throttled: { isPermanent: false },
  /** Not reached, cut off, timed out, or an error of its own. */
  away: { isPermanent: false },
  /** It answered what its protocol does not know. */
  strange: { isPermanent: true },
} as const satisfies Record<string, { isPermanent: boolean; isOfFile?: true }>;

export type FaultKind = keyof typeof faultKinds;

/** The only error that a location rejects with, besides the reason of an aborted signal. */
export class LocationFault extends Error {
  readonly kind: FaultKind;
  readonly retryAfterMs: number | undefined;
  /** It answers, and nothing is there: there never was one, or its disk is not mounted. */
  readonly isNoRepository: boolean;

  /** @param message names the location, the file and what the other side said */
  constructor(
    kind: FaultKind,
    message: string,
    options: {
      readonly cause?: unknown;
      readonly retryAfterMs?: number;
      readonly isNoRepository?: boolean;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "LocationFault";
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
    this.isNoRepository = options.isNoRepository === true;
  }

  get isPermanent(): boolean {
    return faultKinds[this.kind].isPermanent;
  }

  /** It says something of the file, and nothing of the location, which answers. */
  get isOfFile(): boolean {
    return "isOfFile" in faultKinds[this.kind];
  }
}

const folders: Readonly<Record<FileKind, string>> = {
  config: "config",
  key: "keys",
  pack: "data",
  index: "index",
  snapshot: "snapshots",
  lock: "locks",
};

/** What a place says that removes nothing. */
export function appendOnlyFault(traits: LocationTraits, file: FileName): LocationFault {
  const what = `${traits.name}: ${pathOfFile(file)}`;
  return new LocationFault("read-only", `${what}: nothing is removed here`);
}

/** The path below a repository's root, with `/`, as restic lays it out on disks and in buckets. */
export function pathOfFile({ kind, id }: FileName): string {
  if (kind === "config") return folders.config;
  if (kind === "pack") return `${folders.pack}/${id.slice(0, 2)}/${id}`;
  return `${folders[kind]}/${id}`;
}

/** The folder that holds all files of a kind; for packs, the one above their 256 folders. */
export function folderOfKind(kind: FileKind): string {
  return folders[kind];
}

export function isFileId(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

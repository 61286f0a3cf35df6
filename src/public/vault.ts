/**
 * `soulmirror/vault`: backups in the public restic format, to several places at once, for programs
 * that make them on their own. A fleet has its vaults in its file, and `soulmirror vault` for them.
 */

import { resolve } from "node:path";
import {
  locationsOf,
  makeVault,
  type OpenedVault,
  openVault as openOn,
  protect,
  snapshotsOf,
} from "../custodian/index.ts";
import { nameOfAddress, parseLocationAddress, SoulMirrorError } from "../kernel/index.ts";
import { privateDirectory } from "../system/index.ts";
import { needZstd } from "../vault/index.ts";

/** Where a vault is kept: each is a whole repository. */
export interface VaultLocation {
  /**
   * `/srv/vault`, `sftp://user@host//srv/vault`, `s3://bucket/prefix`, `rest:https://host/path`.
   */
  readonly url: string;
  /** Where it stands, as its owner calls the place. */
  readonly region?: string;
  /** The server removes nothing, so nothing else is tried. Default false. */
  readonly isAppendOnly?: boolean;
  /** Of SFTP: the file of the private key. */
  readonly identityFile?: string;
  /** Of REST and S3: PEM of the authority that vouches for the server. */
  readonly authority?: string;
  /** Of REST. */
  readonly password?: string;
  /** Of S3; default: from the environment (`AWS_ACCESS_KEY_ID` and so on). */
  readonly accessKey?: string;
  readonly secretKey?: string;
  readonly sessionToken?: string;
}

export interface VaultOptions {
  /** The nearest first. */
  readonly locations: readonly (string | VaultLocation)[];
  /** Kept nowhere; without it nothing can be restored. */
  readonly passphrase: string;
  /** Ends whatever is under way; the rejection is its reason. */
  readonly signal?: AbortSignal;
  /** Hears what the owner should know; default: nobody. */
  readonly onNotice?: (text: string) => void;
}

export interface VaultBackupOptions {
  /** Folders or files. */
  readonly sources: readonly string[];
  /** A folder of this machine, for its lock, its proof and its memory of the last run. */
  readonly dataFolder: string;
  /** Globs of what is left out, relative to each source. */
  readonly exclude?: readonly string[];
  readonly tags?: readonly string[];
  /** So many locations must hold it; default: all that the vault has. */
  readonly quorum?: number;
  /** That read, compress and encrypt; default: one for each processor, up to 8. */
  readonly threads?: number;
}

export interface VaultBackup {
  /** The one to restore. */
  readonly snapshot: string;
  /** Of each location: whether it holds the snapshot, and else why not. */
  readonly locations: readonly {
    readonly location: string;
    readonly holds: boolean;
    readonly reason: string;
  }[];
  /**
   * The run may have seen too little: each reason by its kind, with numbers. Empty: all is well.
   */
  readonly suspicions: readonly { readonly kind: "unread" | "short" | "vanished" | "clock" }[];
  readonly newFiles: number;
  readonly changedFiles: number;
  readonly unchangedFiles: number;
  readonly totalBytes: number;
  /** What each location got, compressed and encrypted. */
  readonly addedBytes: number;
  readonly elapsedMs: number;
}

export interface VaultSnapshot {
  readonly id: string;
  /** RFC 3339, in UTC. */
  readonly at: string;
  readonly hostname: string;
  readonly username: string;
  readonly paths: readonly string[];
  readonly tags: readonly string[];
  /** Names of those that hold it. */
  readonly locations: readonly string[];
}

export interface Vault extends AsyncDisposable {
  /** Of the repository, the same at every location. */
  readonly id: string;
  /** Locations that take no part, and why. What returns takes part after it is opened again. */
  readonly leftOut: readonly { readonly location: string; readonly reason: string }[];
  /**
   * Protects the sources as they are now.
   *
   * @throws SoulMirrorError `VAULT_NO_QUORUM` when too few locations hold it, `VAULT_LOCKED` when
   * somebody else works in it
   */
  backup(options: VaultBackupOptions): Promise<VaultBackup>;
  /** Oldest first, of all locations together. */
  snapshots(): Promise<readonly VaultSnapshot[]>;
}

/**
 * Makes a repository at every location, or at none, and opens it.
 *
 * @throws SoulMirrorError `CONFLICT` where one is already, `LOCATION_FAILED`
 */
export async function createVault(options: VaultOptions): Promise<Vault> {
  needZstd();
  await makeVault({ ...openingOf(options), locations: locationsOfVault(options) });
  return await openVault(options);
}

/**
 * Opens what lies at the locations; those that are away or damaged are left out. Close it when it
 * is no longer needed (`await using`).
 *
 * @throws SoulMirrorError `VAULT_NOT_FOUND`, `VAULT_PASSPHRASE_WRONG`, `VAULT_FOREIGN`,
 * `VAULT_TOO_NEW`, `VAULT_DAMAGED`, `LOCATION_FAILED`
 */
export async function openVault(options: VaultOptions): Promise<Vault> {
  needZstd();
  const opening = openingOf(options);
  const opened = await openOn({
    ...opening,
    locations: locationsOfVault(options),
    onDamage: ({ id, kind, location, reason }) =>
      options.onNotice?.(`damage: ${location}: ${kind} ${id}: ${reason}`),
  });
  return {
    id: opened.id,
    leftOut: opened.leftOut.map(({ location, reason }) => ({ location, reason })),
    backup: (wish) => backUp(opened, options, wish),
    snapshots: () => snapshotsOf(opened.vault, opening.signal),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

async function backUp(
  opened: OpenedVault,
  options: VaultOptions,
  wish: VaultBackupOptions,
): Promise<VaultBackup> {
  const { exclude = [], quorum = options.locations.length, sources, tags = [], threads } = wish;
  const { onNotice } = options;
  const protection = await protect({
    spec: {
      sources: sources.map((source) => resolve(source)),
      exclude,
      quorum,
      locations: specsOf(options),
      dumps: {},
      limits: threads === undefined ? {} : { threads },
    },
    opened,
    tags,
    signal: openingOf(options).signal,
    folder: privateDirectory(resolve(wish.dataFolder)),
    ...(onNotice === undefined ? {} : { onNotice }),
  });
  const { addedBytes, counts, elapsedMs, places, suspicions } = protection;
  if (protection.verdict === "too-few") {
    const reasons = places.flatMap(({ holds, location, reason }) =>
      holds ? [] : `${location}: ${reason}`,
    );
    throw new SoulMirrorError("VAULT_NO_QUORUM", `not held by ${reasons.join("; ")}`, {
      fix: `${quorum} locations must hold a backup: reach or repair those that do not`,
    });
  }
  const { changedFiles, newFiles, totalBytes, unchangedFiles } = counts;
  return {
    snapshot: protection.snapshots.at(-1) ?? "",
    locations: places,
    suspicions,
    newFiles,
    changedFiles,
    unchangedFiles,
    totalBytes,
    addedBytes,
    elapsedMs,
  };
}

type Specs = Parameters<typeof locationsOf>[0];

function locationsOfVault(options: VaultOptions): ReturnType<typeof locationsOf> {
  return locationsOf(specsOf(options), process.env);
}

function specsOf({ locations }: VaultOptions): Specs {
  return locations.map((each) => {
    const written: VaultLocation = typeof each === "string" ? { url: each } : each;
    const { authority, isAppendOnly = false, region = "", url, ...others } = written;
    const base = { folder: process.cwd(), home: process.env["HOME"] };
    const address = parseLocationAddress(url, base);
    if (!address.ok) {
      const { fix, message } = address.error;
      throw new SoulMirrorError("OPTIONS_INVALID", message, { fix });
    }
    const credentials = authority === undefined ? others : { ...others, authorities: authority };
    const name = nameOfAddress(address.value);
    return { address: address.value, name, region, isAppendOnly, credentials };
  });
}

function openingOf({ passphrase, signal }: VaultOptions): {
  readonly passphrase: string;
  readonly signal: AbortSignal;
} {
  if (passphrase === "") throw new SoulMirrorError("OPTIONS_INVALID", "the passphrase is empty");
  return { passphrase, signal: signal ?? new AbortController().signal };
}

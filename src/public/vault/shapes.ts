/**
 * What programs see of `soulmirror/vault`. Refers to nothing else of the house, so that it stands
 * by itself in the package.
 */

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
  /**
   * A folder of this machine, for locks, the signed proof, and what is known of snapshots. Not
   * inside of what is protected. Nothing of it is needed for a restore.
   */
  readonly dataFolder: string;
  /** Ends whatever is under way; the rejection is its reason. */
  readonly signal?: AbortSignal;
  /** Hears what the owner should know; default: nobody. */
  readonly onNotice?: (text: string) => void;
  /** Of all locations that are reached over a network together; default: as fast as it goes. */
  readonly uploadBytesPerSecond?: number;
}

export interface VaultBackupOptions {
  /** Folders or files. */
  readonly sources: readonly string[];
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
  readonly suspicions: readonly {
    readonly kind: "unread" | "short" | "vanished" | "mount" | "clock";
  }[];
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

export interface VaultGoodSnapshot extends VaultSnapshot {
  /** A drill has restored it whole. */
  readonly isProven: boolean;
}

/** Which snapshot: without any of them the latest. */
export interface VaultMoment {
  /** The first digits of its id. */
  readonly snapshot?: string;
  /** The last one before: `2026-11-20 14:00`, `2h ago`, `yesterday 14:00`; not with `snapshot`. */
  readonly at?: string;
}

/** Which paths of it: without any of them all. */
export interface VaultParts {
  /** Absolute, each with all below it. */
  readonly paths?: readonly string[];
  /** Relative to the sources of the snapshot. */
  readonly globs?: readonly string[];
}

export interface VaultListOptions extends VaultMoment, VaultParts {}

export type VaultPath =
  | {
      readonly kind: "file" | "dir" | "symlink" | "dev" | "chardev" | "fifo";
      /** What is no UTF-8 in it is replaced. */
      readonly path: string;
      /** Of a file; 0 for others. */
      readonly sizeBytes: number;
      /** As in `lstat`, without the bits of the kind. */
      readonly mode: number;
      /** RFC 3339, in UTC, to the millisecond. */
      readonly modifiedAt: string;
    }
  /** No location gives the folder's content whole. */
  | { readonly kind: "damaged"; readonly path: string; readonly reason: string };

export interface VaultDiffOptions {
  /** The first digits of an id; default: the one before `to`. */
  readonly from?: string;
  /** Default: the latest. */
  readonly to?: string;
}

export interface VaultDifference {
  /** `metadata`: mode, owner, time or attributes, with the same content. */
  readonly kind: "added" | "removed" | "content" | "metadata" | "damaged";
  readonly path: string;
}

export interface VaultRestoreOptions extends VaultMoment, VaultParts {
  /** Below which the absolute paths of the snapshot are made; `/` restores into place. */
  readonly target: string;
  /** What is there already: default `not-newer`, which leaves what is newer. */
  readonly overwrite?: "never" | "not-newer" | "always";
  /** Reads back and compares every byte that was written. */
  readonly isVerified?: boolean;
  /** The same, and leaves a report with the hash of each file, for `verifyVaultProof`. */
  readonly isProven?: boolean;
  /**
   * Removes what the snapshot does not have, in folders that are restored, as far as the backup
   * would have taken it: what was excluded, the vault's own folders and other disks stay.
   */
  readonly removesOthers?: boolean;
  /** That write; default 4. */
  readonly threads?: number;
  /** Hears of each path that could not be restored, and why. */
  readonly onFailure?: (path: string, reason: string) => void;
}

export interface VaultRestore {
  /** The one that was restored. */
  readonly snapshot: string;
  readonly folders: number;
  /** Written, and links and other kinds that were made. */
  readonly files: number;
  readonly sizeBytes: number;
  /** Was there already, complete. */
  readonly present: number;
  /** Stayed as it is: newer, or not to be overwritten. */
  readonly kept: number;
  readonly removed: number;
  /** 0: everything is there. */
  readonly failed: number;
  /** Why it ended before all was tried, as on a full disk; empty: it did not. */
  readonly stopped: string;
  /** Name of the report in `restores` of the data folder; empty: none was written. */
  readonly report: string;
}

export interface VaultFinding {
  readonly location: string;
  readonly kind: "config" | "key" | "pack" | "index" | "snapshot";
  /** Of the file; empty for the config. */
  readonly id: string;
  /**
   * `behind` (it lags) and `unnamed` (a pack that nobody needs) are no damage; the others are.
   */
  readonly problem: "damaged" | "missing" | "incomplete" | "behind" | "unnamed";
  readonly reason: string;
  /** Locations that hold it sound, as far as this look went. */
  readonly repairableFrom: readonly string[];
}

/** A location of which nothing can be said, and why. */
export interface VaultAbsence {
  readonly location: string;
  readonly reason: string;
}

export interface VaultCheckOptions {
  /** Reads every byte; default: names, sizes, indexes and folders. */
  readonly readsData?: boolean;
}

export interface VaultCheck {
  /** Nothing is damaged or missing, every location was looked at, and none lags. */
  readonly isSound: boolean;
  readonly findings: readonly VaultFinding[];
  readonly packsRead: number;
  readonly bytesRead: number;
  readonly left: readonly VaultAbsence[];
}

export interface VaultHealOptions {
  /** Reads every byte before; default: folders, and what was found damaged before. */
  readonly readsData?: boolean;
  /**
   * Names of locations that are empty and to be filled. Look first whether their disk is mounted.
   */
  readonly refill?: readonly string[];
}

export interface VaultHeal {
  /** Every location is as it should be. */
  readonly isHealed: boolean;
  readonly repairs: readonly {
    readonly location: string;
    readonly kind: string;
    readonly id: string;
    readonly how: "copied" | "rebuilt" | "salvaged" | "named" | "removed";
  }[];
  /** Pieces of content that no location holds any more: back up again. */
  readonly lostPieces: number;
  /** What is still wrong. */
  readonly findings: readonly VaultFinding[];
  readonly left: readonly VaultAbsence[];
}

export interface VaultDrill {
  /** That it was restored from. */
  readonly location: string;
  /** Everything came back as it was. */
  readonly isProven: boolean;
  readonly snapshot: string;
  /** `part`: a sample; it proves what it has restored, and no more. */
  readonly scope: "whole" | "part";
  readonly files: number;
  readonly sizeBytes: number;
  readonly differing: number;
  readonly missing: number;
  /** Name of the signed report in `drills` of the data folder. */
  readonly report: string;
  readonly elapsedMs: number;
}

export interface VaultPruneOptions {
  /** As in the backups that are meant. */
  readonly sources: readonly string[];
  /** Of each hour (day, ...) that has snapshots the last one, for so many of them; default 0. */
  readonly keep: {
    readonly last?: number;
    readonly hourly?: number;
    readonly daily?: number;
    readonly weekly?: number;
    readonly monthly?: number;
    readonly yearly?: number;
    /** All that are not older than the newest by more. */
    readonly withinMs?: number;
  };
  readonly isDryRun?: boolean;
  /** Forgets although a run was suspect or the clock jumped: somebody has looked. */
  readonly isAccepted?: boolean;
  /** Ids, or their first digits, of snapshots that no location can restore whole: they go. */
  readonly giveUp?: readonly string[];
}

export interface VaultPrune {
  /** Ids of what was given up, or would be. */
  readonly givenUp: readonly string[];
  /** Ids of snapshots that stay, and of which contents are lost at every location. */
  readonly incomplete: readonly string[];
  /** Ids of what was forgotten, or would be. */
  readonly forgotten: readonly string[];
  /** Why nothing was forgotten, by their kinds; empty: nothing was in the way. */
  readonly freezes: readonly ("suspect-run" | "clock-jumped" | "told")[];
  /** At each location; in a dry run what would be. */
  readonly freedBytes: number;
  /** Locations where the next run has to go on. */
  readonly unfinished: readonly VaultAbsence[];
}

export interface VaultProofOptions {
  /** `dataFolder` of a vault, or a copy of it anywhere. */
  readonly folder: string;
  /** PEM or base64, from a place that is trusted; default: `vault-proof.pub` in the folder. */
  readonly publicKey?: string;
}

export interface VaultProof {
  /** The trail and all reports are as they were signed. */
  readonly isWhole: boolean;
  /** Entries of the trail. */
  readonly entries: number;
  /** What is wrong, a sentence each. */
  readonly faults: readonly string[];
  /** Of each source the last recovery point that a drill has proven. */
  readonly lastProven: readonly {
    readonly source: string;
    readonly snapshot: string;
    /** RFC 3339, in UTC. */
    readonly at: string;
    readonly location: string;
  }[];
  /** Restores with a report of which every byte was read back. */
  readonly restores: readonly {
    readonly report: string;
    readonly files: number;
    readonly sizeBytes: number;
  }[];
}

/** Work that locks the data folder or the locations rejects with `VAULT_LOCKED` beside others. */
export interface Vault extends AsyncDisposable {
  /** Of the repository, the same at every location. */
  readonly id: string;
  /** Locations that take no part, and why. What returns takes part after it is opened again. */
  readonly leftOut: readonly VaultAbsence[];
  /**
   * Protects the sources as they are now.
   *
   * @throws SoulMirrorError `VAULT_NO_QUORUM` when too few locations hold it, `VAULT_LOCKED` when
   * somebody else works in it
   */
  backup(options: VaultBackupOptions): Promise<VaultBackup>;
  /** Oldest first, of all locations together. */
  snapshots(): Promise<readonly VaultSnapshot[]>;
  /**
   * The newest of which no doubt is known: the run that made it was not suspect.
   *
   * @throws SoulMirrorError `NOT_FOUND` when there is none
   */
  lastGood(): Promise<VaultGoodSnapshot>;
  /**
   * Paths of a snapshot, in the order of their bytes. Holds a lock until it is read to its end or
   * left.
   *
   * @throws SoulMirrorError `NOT_FOUND`, `OPTIONS_INVALID`
   */
  list(options?: VaultListOptions): AsyncIterable<VaultPath>;
  /** What is different in two snapshots. Locks and rejects as `list`. */
  diff(options?: VaultDiffOptions): AsyncIterable<VaultDifference>;
  /**
   * Puts back a snapshot, or parts of it. What fails is counted and the rest restored; started
   * again, it goes on where it was.
   *
   * @throws SoulMirrorError `NOT_FOUND`, `OPTIONS_INVALID`
   */
  restore(options: VaultRestoreOptions): Promise<VaultRestore>;
  /**
   * What is wrong at each location; changes nothing there.
   *
   * @throws SoulMirrorError `LOCATION_FAILED` when none can be reached
   */
  check(options?: VaultCheckOptions): Promise<VaultCheck>;
  /**
   * Mends each location from what all of them hold together. Works alone.
   *
   * @throws SoulMirrorError `VAULT_LOCKED`
   */
  heal(options?: VaultHealOptions): Promise<VaultHeal>;
  /**
   * Restores into a scratch folder from the location whose turn it is, compares every byte, and
   * signs a report. Of each location that was asked; the last one counts.
   *
   * @throws SoulMirrorError `NOT_FOUND`, `OPTIONS_INVALID`, `VAULT_LOCKED`
   */
  drill(options?: VaultMoment): Promise<readonly VaultDrill[]>;
  /**
   * Forgets what no rule keeps, and gives back its room. Works alone. The newest snapshot stays,
   * and so does the last one that a drill has proven.
   *
   * @throws SoulMirrorError `LOCATION_FAILED` when a location is not there: nothing was forgotten;
   * `VAULT_LOCKED`, `VAULT_DAMAGED`
   */
  prune(options: VaultPruneOptions): Promise<VaultPrune>;
}

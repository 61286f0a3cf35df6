/** What an agent is given: a vault that is open, what it protects, and where it keeps its notes. */
import type { VaultSpec } from "../../config/index.ts";
import type { JsonRecord } from "../../kernel/index.ts";
import {
  type AuditKind,
  type ContentThreads,
  defaultHealLimits,
  type HealLimits,
  type HealPolicy,
  type RawPath,
  type ReadAttributes,
  type TreeSource,
  type Vault,
} from "../../vault/index.ts";
import type { LeftOut } from "../open-vault.ts";
import type { AsideLimits } from "./aside.ts";

export interface AgentWorld {
  readonly vault: Vault;
  /** Locations that are no part of `vault`: they hold nothing of what is made. */
  readonly leftOut: readonly LeftOut[];
  /** A run is good when so many locations hold it whole. */
  readonly quorum: number;
  readonly dumps: VaultSpec["dumps"];
  /** Somebody else receives them; see `protectSoon`. */
  readonly streams: VaultSpec["streams"];
  readonly keep: VaultSpec["keep"];
  /** Absolute, resolved; none lies in another one. */
  readonly sources: readonly RawPath[];
  readonly source: TreeSource;
  readonly threads: ContentThreads;
  readonly readAttributes: ReadAttributes;
  readonly isExcluded: (path: RawPath, isFolder: boolean) => boolean;
  /** Patterns, as the owner wrote them. */
  readonly excludes: readonly string[];
  /** Locations that lie inside of a source. */
  readonly without: readonly RawPath[];
  /** What is done about an absolute path when it is lost. */
  readonly policyAt: (path: RawPath) => HealPolicy;
  /** Whether its content is read in full every now and then. */
  readonly isCritical: (path: RawPath) => boolean;
  /** Whether changes are protected at once; otherwise by the schedule alone. */
  readonly isWatched: boolean;
  /** Of this agent alone, and nobody else's to read. */
  readonly folder: string;
  /** What this machine keeps of the vault; others write into it as well. */
  readonly vaultFolder: string;
  /** Durable when it resolves. */
  readonly record: (kind: AuditKind, facts: JsonRecord) => Promise<void>;
}

export interface AgentLimits {
  /** Everything is compared so often, whatever was told. */
  readonly scheduleMs: number;
  /** Two full reads of a critical file lie at most so far apart. */
  readonly scrubMs: number;
  readonly scrubBytesPerSecond: number;
  readonly scrubSliceMs: number;
  /** What is said of runs that are like the last one is said so often. */
  readonly notesMs: number;
  /** Copied to a location that lags, between two runs. */
  readonly catchUpBytes: number;
  /** A location that could not be caught up is asked again after it. */
  readonly lagMs: number;
  /** The rules of `keep` are applied so often. */
  readonly keepMs: number;
  /** More snapshots are thinned out at once. */
  readonly snapshotsMax: number;
  /** More index files of snapshots are put together at once. */
  readonly indexesMax: number;
  /** So many snapshots were written when room is given back before its time. */
  readonly pruneAfter: number;
  /** Copied at most when room is given back. */
  readonly pruneBytes: number;
  /** All that the locations hold is read once within it, but never faster than the next says. */
  readonly checkWithinMs: number;
  readonly checkBytesPerSecond: number;
  /** Read in one go, under a lock. */
  readonly checkPartBytes: number;
  /** At least, between two parts. */
  readonly checkPauseMs: number;
  /** So long is waited for another process that works in the vault's folder. */
  readonly waitMs: number;
  /** After a failure; doubles up to the longest. */
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** Paths that may wait for a verdict; more are told as too many, and stay in the snapshots. */
  readonly lossesMax: number;
  /** Of git, nothing is taken as settled before its repository was quiet for so long. */
  readonly gitQuietMs: number;
  readonly heal: HealLimits;
  /** Of damaged versions of what was healed. */
  readonly aside: AsideLimits;
}

export const agentLimits: AgentLimits = {
  scheduleMs: 3_600_000,
  scrubMs: 86_400_000,
  scrubBytesPerSecond: 20 << 20,
  scrubSliceMs: 60_000,
  notesMs: 60_000,
  catchUpBytes: 64 << 20,
  lagMs: 60_000,
  keepMs: 86_400_000,
  snapshotsMax: 300,
  indexesMax: 48,
  pruneAfter: 1000,
  pruneBytes: 1 << 30,
  checkWithinMs: 30 * 86_400_000,
  checkBytesPerSecond: 4 << 20,
  checkPartBytes: 8 << 20,
  checkPauseMs: 60_000,
  waitMs: 3_600_000,
  retryMinMs: 1000,
  retryMaxMs: 60_000,
  lossesMax: 100_000,
  gitQuietMs: 3000,
  heal: defaultHealLimits,
  aside: { keptMs: 90 * 86_400_000, keptBytes: 4 * 2 ** 30 },
};

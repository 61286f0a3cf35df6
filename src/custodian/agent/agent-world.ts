/** What an agent is given: a vault that is open, what it protects, and where it keeps its notes. */
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

export interface AgentWorld {
  readonly vault: Vault;
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
  /** Of this agent alone, and nobody else's to read. */
  readonly folder: string;
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
  /** After a failure; doubles up to the longest. */
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** Paths that may wait for a verdict; more are told as too many, and stay in the snapshots. */
  readonly lossesMax: number;
  /** Of git, nothing is taken as settled before its repository was quiet for so long. */
  readonly gitQuietMs: number;
  readonly heal: HealLimits;
}

export const agentLimits: AgentLimits = {
  scheduleMs: 3_600_000,
  scrubMs: 86_400_000,
  scrubBytesPerSecond: 20 << 20,
  scrubSliceMs: 60_000,
  retryMinMs: 1000,
  retryMaxMs: 60_000,
  lossesMax: 100_000,
  gitQuietMs: 3000,
  heal: defaultHealLimits,
};

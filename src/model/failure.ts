import type { ResourceId } from "./resource.ts";

/** A judged deviation, with its evidence and its reason; a row of `failure_events`. */
export interface Failure {
  readonly id: string;
  /** Wall milliseconds of the judgement. */
  readonly at: number;
  readonly resource: ResourceId;
  readonly type: FailureType;
  /** What of it, where it has several that fail alike: a disk, a kind of work, a front address. */
  readonly part?: string;
  readonly severity: Severity;
  /** The detector that judged. */
  readonly detector: string;
  /** The sensor whose readings it judged: fresh readings of it decide about healing. */
  readonly sensor: string;
  /** One sentence for people, with the values that matter. */
  readonly reason: string;
  /** The readings behind the judgement, oldest first, at most 10. */
  readonly evidence: readonly string[];
}

export type Severity = "low" | "medium" | "high" | "critical";

export const severityRank: Readonly<Record<Severity, number>> = {
  low: 0,
  medium: 1,
  high: 2,
  critical: 3,
};

export type FailureCategory =
  | "availability"
  | "performance"
  | "connectivity"
  | "capacity"
  | "security"
  | "data_integrity"
  | "configuration";

/**
 * Every type of failure, with its category and how directly it names a cause: of several failures
 * of one resource, the one with the highest `specificity` is what a plan is made for.
 * `decisive` failures are facts (a process is gone); the others may be a dependency's doing.
 * Who is `down` by it does not serve; how much that matters is another question: the severity.
 */
export const failureTypes = {
  process_exited: { category: "availability", specificity: 50, decisive: true, down: true },
  crash_loop: { category: "availability", specificity: 70, decisive: true, down: true },
  start_failed: { category: "availability", specificity: 55, decisive: true, down: true },
  start_timeout: { category: "availability", specificity: 60, decisive: true, down: true },
  port_conflict: { category: "configuration", specificity: 80, decisive: true, down: true },
  hang: { category: "availability", specificity: 60, decisive: false, down: true },
  stalled_work: { category: "availability", specificity: 55, decisive: false, down: true },
  check_failed: { category: "availability", specificity: 30, decisive: false, down: true },
  unreachable: { category: "connectivity", specificity: 35, decisive: false, down: true },
  slow: { category: "performance", specificity: 20, decisive: false, down: false },
  not_ready: { category: "availability", specificity: 15, decisive: false, down: false },
  flapping: { category: "availability", specificity: 10, decisive: false, down: false },
  dependency_down: { category: "connectivity", specificity: 45, decisive: false, down: true },
  memory_exhaustion: { category: "capacity", specificity: 65, decisive: true, down: false },
  descriptor_exhaustion: { category: "capacity", specificity: 65, decisive: true, down: false },
  process_exhaustion: { category: "capacity", specificity: 65, decisive: true, down: false },
  disk_exhaustion: { category: "capacity", specificity: 65, decisive: true, down: false },
  threshold_exceeded: { category: "performance", specificity: 25, decisive: true, down: false },
  deviation: { category: "performance", specificity: 5, decisive: false, down: false },
  certificate_expiry: { category: "security", specificity: 40, decisive: true, down: false },
  certificate_invalid: { category: "security", specificity: 45, decisive: true, down: true },
  stale: { category: "data_integrity", specificity: 40, decisive: true, down: false },
  missing: { category: "data_integrity", specificity: 45, decisive: true, down: true },
  heartbeat_missed: { category: "availability", specificity: 40, decisive: true, down: true },
  log_pattern: { category: "availability", specificity: 30, decisive: true, down: false },
  clock_jump: { category: "configuration", specificity: 40, decisive: true, down: false },
  self_isolated: { category: "connectivity", specificity: 90, decisive: true, down: true },
  // One that is gone or deaf listens nowhere: that comes first.
  proxy_listen: { category: "configuration", specificity: 45, decisive: true, down: true },
  // Of a vault; what is gone comes before what may be lost by the next accident.
  critical_missing: { category: "data_integrity", specificity: 70, decisive: true, down: true },
  vault_damaged: { category: "data_integrity", specificity: 60, decisive: true, down: false },
  backup_suspect: { category: "data_integrity", specificity: 55, decisive: true, down: false },
  backup_failed: { category: "data_integrity", specificity: 52, decisive: true, down: true },
  backup_overdue: { category: "data_integrity", specificity: 50, decisive: true, down: true },
  stream_gap: { category: "data_integrity", specificity: 51, decisive: true, down: false },
  stream_failed: { category: "data_integrity", specificity: 49, decisive: true, down: false },
  drill_failed: { category: "data_integrity", specificity: 48, decisive: true, down: false },
  location_behind: { category: "data_integrity", specificity: 42, decisive: true, down: false },
  drill_overdue: { category: "data_integrity", specificity: 35, decisive: true, down: false },
  healing_asked: { category: "data_integrity", specificity: 30, decisive: true, down: false },
  forgetting_frozen: { category: "data_integrity", specificity: 30, decisive: true, down: false },
} as const satisfies Record<
  string,
  { category: FailureCategory; specificity: number; decisive: boolean; down: boolean }
>;

export type FailureType = keyof typeof failureTypes;

/**
 * Some only note something about a resource (flapping, a deviation, that it is not ready): no
 * recovery is judged by them.
 */
export function namesCause(type: FailureType): boolean {
  return failureTypes[type].specificity >= 20;
}

/** That it is far from the usual makes nobody ill: a new deployment may be the reason. */
export function isOnlyNoted(type: FailureType): boolean {
  return type === "deviation";
}

/** What can be open once for a resource: a type of failure, of one part where it has parts. */
export function faultOf({ type, part }: Pick<Failure, "type" | "part">): string {
  return part === undefined ? type : `${type}:${part}`;
}

/** What "the same thing again" means for learning and for relapses. */
export function signatureOf(failure: Pick<Failure, "resource" | "type" | "part">): string {
  return `${failure.resource}:${faultOf(failure)}`;
}

/** A failure that somebody wants healed, and the operation that failed. */
import type { Json } from "../../kernel/index.ts";

export const severities = ["low", "medium", "high", "critical"] as const;
export type Severity = (typeof severities)[number];

/** A row of `failure_events`, as code hands it in. */
export interface FailureEvent {
  /** Names it for ever; without it one is made. */
  readonly eventId?: string;
  readonly timestamp?: Date | number;
  /** `external_dependency`, `internal_service`, ... */
  readonly failureCategory: string;
  /** `api_timeout`, `connection_refused`, ...: strategies are chosen by it. */
  readonly failureType: string;
  readonly severity: Severity;
  readonly affectedService: string;
  readonly errorMessage?: string;
  readonly errorStack?: string;
  /** Written down without what sounds secret, at most 16 KiB of it. */
  readonly context?: Readonly<Record<string, unknown>>;
  /** `threshold`, `anomaly`, `exception`, ... */
  readonly detectionMethod: string;
  readonly userId?: string;
  readonly requestId?: string;
  /** What failed, so that it can be done again for real. */
  readonly operation?: FailedOperation;
  /** The names of those to try, in this order. Default: all that fit, by priority. */
  readonly strategies?: readonly string[];
}

export interface FailedOperation {
  /** Does it once. Rejects when it fails again. */
  execute(attempt: RecoveryAttempt): unknown;
  /** It may be done twice. Without it nothing is done again that could have begun. */
  readonly idempotent?: boolean;
  /** The dependency had provably not begun: then it is begun once, by one of all strategies. */
  readonly neverStarted?: boolean;
  /** Whom else `execute` can ask, by `attempt.provider`, in this order. */
  readonly alternatives?: readonly string[];
  /** Fresh evidence that all is well again; without it a success of `execute` itself is taken. */
  verify?(signal: AbortSignal): boolean | PromiseLike<boolean>;
}

export interface RecoveryAttempt {
  /** 1 for the first repetition. */
  readonly number: number;
  /** Whom to ask; undefined: the same as before. */
  readonly provider: string | undefined;
  /** Aborted when nobody waits for it any more. */
  readonly signal: AbortSignal;
}

/** A failure as it is kept; times are milliseconds since 1970. */
export interface FailureRow {
  readonly eventId: string;
  readonly timestamp: number;
  readonly failureCategory: string;
  readonly failureType: string;
  readonly severity: Severity;
  readonly affectedService: string;
  readonly errorMessage: string | null;
  readonly errorStack: string | null;
  readonly context: Json;
  readonly detectionMethod: string;
  readonly userId: string | null;
  readonly requestId: string | null;
  readonly resolved: boolean;
  readonly resolvedAt: number | null;
}

export type ActionStatus = "initiated" | "in_progress" | "succeeded" | "failed" | "rolled_back";

/** One attempt of one strategy, a row of `recovery_actions`. */
export interface ActionRow {
  readonly actionId: string;
  /** `eventId` of the failure. */
  readonly failureEventId: string;
  readonly timestamp: number;
  readonly actionType: string;
  readonly actionStrategy: string;
  readonly status: ActionStatus;
  readonly automated: boolean;
  readonly triggeredBy: string;
  readonly parameters: Json;
  readonly result: Json;
  readonly durationMs: number | null;
  readonly completedAt: number | null;
}

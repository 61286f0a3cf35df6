/**
 * What the calls of one operation do, compiled from its settings: what is off costs nothing, and
 * each call takes the cheapest way that its policies allow. Swapped as a whole.
 */
import {
  type Backoff,
  type BreakerOptions,
  breakerOff,
  exponential,
  type RetryBudget,
} from "../../resilience/index.ts";
import type { OperationSettings } from "../settings/index.ts";
import type { Answer } from "./call.ts";

/** `off`: the work alone. `watch`: nothing acts. `act`: at least one policy may. */
export type Path = "off" | "watch" | "act";

export interface RetryPlan {
  readonly isIdempotent: boolean;
  readonly attempts: number;
  readonly backoff: Backoff;
  /** Of all operations of one service together. */
  readonly budget: RetryBudget;
}

export interface CallPlan {
  readonly path: Path;
  /** How promises are answered. */
  readonly answer: Answer;
  readonly acts: OperationSettings["acts"];
  readonly breaker: BreakerOptions;
  /** 0: calls may take as long as they like. Of a stream: until its next chunk. */
  readonly timeoutMs: number;
  /** It was set for this very operation: it holds for connections that may well be quiet, too. */
  readonly isTimeoutOwn: boolean;
  readonly retry: RetryPlan | undefined;
  /** So many calls at once, late ones included; 0: as many as come. */
  readonly concurrency: number;
  /** Calls per second; 0: as many as come. */
  readonly perSecond: number;
  /** So many more wait for their turn. */
  readonly queue: number;
  readonly looksForSilentErrors: boolean;
  /** Answers instead of an error. */
  readonly fallback: Fallback | undefined;
  /** A deadline, which is nobody's own, may begin what is to run in its caller's async context. */
  readonly keepsContext: boolean;
}

export type Fallback = (error: unknown) => unknown;

export interface PlanParts {
  readonly settings: OperationSettings;
  readonly budget: RetryBudget;
  readonly isMeasured: boolean;
  readonly looksForSilentErrors: boolean;
  readonly fallback?: Fallback | undefined;
  readonly isTimeoutOwn?: boolean;
}

export function planCalls({ settings, budget, fallback, ...parts }: PlanParts): CallPlan {
  const { mode, acts, bulkhead } = settings;
  const isActing = Object.values(acts).some(Boolean);
  const retry = retryPlan(settings, budget);
  return {
    path: pathOf(mode, parts.isMeasured, isActing),
    answer: answerOf(settings, retry, fallback),
    acts,
    breaker: settings.breaker ?? breakerOff,
    timeoutMs: settings.timeoutMs ?? 0,
    isTimeoutOwn: parts.isTimeoutOwn ?? false,
    retry,
    concurrency: bulkhead?.limit ?? 0,
    queue: bulkhead?.queue ?? 0,
    perSecond: settings.perSecond ?? 0,
    looksForSilentErrors: parts.looksForSilentErrors,
    fallback: acts.fallback ? fallback : undefined,
    keepsContext: keepsContext(settings, retry, fallback),
  };
}

/** A timeout is repeated only where that is declared: whatever is late may have begun. */
function keepsContext(
  { acts, timeoutMs }: OperationSettings,
  retry: RetryPlan | undefined,
  fallback: Fallback | undefined,
): boolean {
  if (!acts.timeout || timeoutMs === undefined) return false;
  return (acts.retry && retry?.isIdempotent === true) || (acts.fallback && fallback !== undefined);
}

function pathOf(mode: OperationSettings["mode"], isMeasured: boolean, isActing: boolean): Path {
  if (mode === "off") return "off";
  if (isActing) return "act";
  return isMeasured ? "watch" : "off";
}

/** In shadow the very promise of the work; else ours only where it may differ from the work's. */
function answerOf(
  { mode, acts, timeoutMs, bulkhead }: OperationSettings,
  retry: RetryPlan | undefined,
  fallback: Fallback | undefined,
): Answer {
  if (mode === "shadow") return "watched";
  const mayDiffer =
    (acts.timeout && timeoutMs !== undefined) ||
    (acts.retry && retry !== undefined) ||
    (acts.fallback && fallback !== undefined) ||
    (acts.bulkhead && bulkhead !== undefined && bulkhead.queue > 0);
  return mayDiffer ? "owned" : "derived";
}

function retryPlan({ retry }: OperationSettings, budget: RetryBudget): RetryPlan | undefined {
  const { permission, attempts, delayMs, growth, delayMaxMs } = retry;
  if (permission === "never" || attempts <= 1) return undefined;
  const backoff = exponential({ baseMs: delayMs, factor: growth, maxMs: delayMaxMs });
  return { isIdempotent: permission === "declared_idempotent", attempts, backoff, budget };
}

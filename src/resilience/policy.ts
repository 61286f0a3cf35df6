/**
 * A policy decides whether, when and how often some work is done. Policies compose: the outer one
 * sees the inner one as its work.
 */
import type { Witness } from "./decision.ts";

/** What the work is told of the attempt that it is. */
export interface Attempt {
  /** 1 for the first call. */
  readonly number: number;
  /**
   * Aborted when nobody waits for this attempt any more: its caller gave up, it took too long, or
   * another one was faster. Never aborted after it has succeeded. Made when it is first asked for.
   */
  readonly signal: AbortSignal;
}

export type Work<T> = (attempt: Attempt) => T | PromiseLike<T>;

export interface CallOptions {
  /** The caller's own: its abort is a cancellation, and no failure of the dependency. */
  readonly signal?: AbortSignal;
  /** This very call may be done twice, whatever the policy was told of calls in general. */
  readonly idempotent?: boolean;
}

export interface Policy {
  readonly name: string;
  /**
   * Does the work under this policy. Rejects with the work's own error, or with a `PolicyError`
   * when it was not done, or not awaited to its end.
   */
  execute<T>(work: Work<T>, call?: CallOptions): Promise<T>;
  /** Shows each decision, until the returned function is called. */
  on(witness: Witness): () => void;
}

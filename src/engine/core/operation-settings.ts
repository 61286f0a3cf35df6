/** What an operation is told of its policies: resolved, plain, and swapped as a whole. */
import type { BreakerOptions, Judgement, RetryRefusal } from "../../resilience/index.ts";
import type { Answer } from "./call.ts";

/** `off`: the work alone. `watch`: it is measured, and judged without consequences. `act`. */
export type Path = "off" | "watch" | "act";

/** Whether a failed attempt is made again, and when. */
export type RetryVerdict =
  | { readonly again: true; readonly delayMs: number; readonly because: RetryReason }
  | { readonly again: false; readonly because: RetryRefusal };
export type RetryReason = "declared_idempotent" | "never_started";

export interface RetryRule {
  /** To be told of every first attempt: the budget is a share of them. */
  called(nowMs: number): void;
  decide(attempt: number, judgement: Judgement, nowMs: number): RetryVerdict;
}

export interface OperationSettings {
  readonly path: Path;
  /** How promises are answered: the cheapest way that its policies allow. */
  readonly answer: Answer;
  readonly breaker: BreakerOptions;
  /** 0: calls may take as long as they like. For streams: until the next chunk. */
  readonly timeoutMs: number;
  readonly retry: RetryRule | undefined;
  /** So many calls at once, late ones included; 0: as many as come. */
  readonly concurrency: number;
  /** So many more wait for their turn. */
  readonly queue: number;
  /** Results and hanging calls are looked at for what is unusual. */
  readonly looksForSilentErrors: boolean;
  /** Given instead of an error; undefined: there is none. */
  readonly fallback: ((error: unknown) => unknown) | undefined;
}

/**
 * What a policy has decided, as a value: shown as an event, counted, put on a span. A decision is
 * made whether or not it may act: `enforced` is false where the mode only lets it be told.
 */
import type { ErrorCategory } from "./category.ts";

export type BreakerPhase = "closed" | "open" | "half_open" | "isolated";

export type RetryRefusal =
  | "attempts_used"
  | "budget_exhausted"
  | "cancelled"
  | "deadline"
  | "not_declared_idempotent"
  | "not_retryable"
  | "circuit_open"
  | "switched_off";

export type Decision =
  | {
      readonly kind: "retry";
      /** The attempt that follows; the first call is 1. */
      readonly attempt: number;
      readonly delayMs: number;
      readonly category: ErrorCategory;
      /** Why it may be done again. */
      readonly because: "declared_idempotent" | "never_started";
      readonly error: unknown;
    }
  | {
      readonly kind: "retry_refused";
      readonly because: RetryRefusal;
      readonly category: ErrorCategory;
      readonly error: unknown;
    }
  | { readonly kind: "timeout"; readonly timeoutMs: number; readonly elapsedMs: number }
  | {
      readonly kind: "breaker";
      readonly from: BreakerPhase;
      readonly to: BreakerPhase;
      /** One sentence with the figures that led to it. */
      readonly reason: string;
      /** Monotonic; undefined unless open. */
      readonly openForMs?: number;
    }
  | {
      readonly kind: "rejected";
      readonly by: "breaker" | "bulkhead" | "rate_limit";
      readonly reason: string;
      readonly retryAfterMs?: number;
    }
  | { readonly kind: "hedge"; readonly attempt: number; readonly afterMs: number }
  | {
      readonly kind: "failover";
      readonly from: string;
      /** Undefined: nobody is left, or nobody is to be asked; then nothing was enforced. */
      readonly to: string | undefined;
      readonly category: ErrorCategory;
      readonly error: unknown;
      /** Why another one was asked, or was not; one sentence for people. */
      readonly because?: string;
    }
  | {
      readonly kind: "ejected";
      readonly provider: string;
      readonly reason: string;
      readonly forMs: number;
    }
  | { readonly kind: "readmitted"; readonly provider: string }
  | { readonly kind: "panic"; readonly reason: string }
  | { readonly kind: "fallback"; readonly category: ErrorCategory; readonly error: unknown };

export type DecisionKind = Decision["kind"];

/** A decision with where it was made. */
export interface Decided {
  /** The operation or policy: `chat-analyzer.analyzeFile`. */
  readonly name: string;
  readonly decision: Decision;
  readonly enforced: boolean;
}

/** Told synchronously, after the decision has taken effect. One that throws harms nobody. */
export type Witness = (decided: Decided) => void;

/**
 * Whether a call that failed is made again, as a pure decision. Asked in this order, so that the
 * first true reason is told and only a retry that will happen is taken from the budget:
 *
 * D1. Nobody waits any more, or retries are switched off: never.
 * D2. The same call would fail the same way (the caller's mistake, no money left, a refusal of our
 *     own that does not say when it ends): never.
 * D3. Only what was declared idempotent, or has provably not begun, is done again.
 * D4. No sooner than the dependency asks for; if that is later than anybody waits, not at all.
 * D5. Nobody is made to wait for an attempt that a circuit will turn away.
 */
import type { Judgement } from "../category.ts";
import type { RetryRefusal } from "../decision.ts";

export interface RetryFacts {
  readonly judgement: Judgement;
  /** Attempts that were made. */
  readonly attempt: number;
  readonly attempts: number;
  readonly isIdempotent: boolean;
  readonly isCancelled: boolean;
  readonly isOn: boolean;
  /** What the backoff asks for. */
  readonly backoffMs: number;
  readonly maxRetryAfterMs: number;
  /** Until nobody waits any more; infinite without a deadline. */
  readonly leftMs: number;
  /** Until the circuit lets anything through; 0 where it does. */
  readonly circuitOpenMs: number;
  /** Below one: spreads those who were all told the same time. */
  readonly chance: number;
  /** Takes one from the budget; false when it is empty. */
  readonly spend: () => boolean;
}

export type RetryVerdict =
  | {
      readonly kind: "retry";
      readonly delayMs: number;
      readonly because: "declared_idempotent" | "never_started";
    }
  | { readonly kind: "refused"; readonly because: RetryRefusal };

export function decideRetry(facts: RetryFacts): RetryVerdict {
  const refusal = refusalOf(facts);
  if (refusal !== undefined) return { kind: "refused", because: refusal };
  const delayMs = delayOf(facts);
  const { retryAfterMs = 0 } = facts.judgement;
  if (delayMs >= facts.leftMs || retryAfterMs > facts.maxRetryAfterMs) {
    return { kind: "refused", because: "deadline" };
  }
  if (delayMs < facts.circuitOpenMs) return { kind: "refused", because: "circuit_open" };
  if (!facts.spend()) return { kind: "refused", because: "budget_exhausted" };
  const because = facts.isIdempotent ? "declared_idempotent" : "never_started";
  return { kind: "retry", delayMs, because };
}

function refusalOf(facts: RetryFacts): RetryRefusal | undefined {
  const { judgement } = facts;
  if (facts.isCancelled) return "cancelled";
  if (facts.leftMs <= 0) return "deadline";
  if (judgement.category === "cancelled") return "cancelled";
  if (!facts.isOn) return "switched_off";
  const isEndless = judgement.category === "rejected" && judgement.retryAfterMs === undefined;
  if (!judgement.isTransient || isEndless) return "not_retryable";
  if (!facts.isIdempotent && !judgement.neverStarted) return "not_declared_idempotent";
  return facts.attempt >= facts.attempts ? "attempts_used" : undefined;
}

/** D4; up to a tenth later, because others were told the same. */
function delayOf({ judgement, backoffMs, chance }: RetryFacts): number {
  const { retryAfterMs } = judgement;
  return retryAfterMs === undefined ? backoffMs : retryAfterMs * (1 + 0.1 * chance);
}

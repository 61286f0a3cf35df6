/**
 * When one target is called again: the decision (`decide-retry.ts`) with what it needs to know, a
 * backoff and a budget. Keeps nothing of a single call, so that one rule serves all of them.
 */
import type { Random } from "../../kernel/index.ts";
import { type Backoff, exponential } from "../backoff.ts";
import type { Judgement } from "../category.ts";
import { retryDefaults } from "../policy-defaults.ts";
import { decideRetry, type RetryVerdict } from "./decide-retry.ts";
import { RetryBudget } from "./retry-budget.ts";

export interface RetryRuleOptions {
  /** With the first one. Default 3. */
  readonly attempts?: number;
  /** Default: 1 s, twice as long each time, decorrelated jitter, 30 s at most. */
  readonly backoff?: Backoff;
  /** All calls may be done twice. Default false: only those that say so, or never started. */
  readonly idempotent?: boolean;
  /** Share one among all that call the same target. Default: an own one. */
  readonly budget?: RetryBudget;
  /** A dependency that asks for a longer pause is not called again at all. Default 30 000. */
  readonly maxRetryAfterMs?: number;
  /** Asked before each retry, for a switch that may be turned while it runs. */
  readonly isOn?: () => boolean;
}

/** What this very call knows better. */
export interface ThisCall {
  readonly idempotent?: boolean | undefined;
  readonly isCancelled?: boolean;
  /** Until nobody waits any more. */
  readonly leftMs?: number;
}

/** What failed, and as which attempt. */
export interface FailedAttempt extends ThisCall {
  readonly attempt: number;
  readonly judgement: Judgement;
  readonly nowMs: number;
}

export class RetryRule {
  readonly budget: RetryBudget;
  readonly #options: RetryRuleOptions;
  readonly #backoff: Backoff;
  readonly #random: Random;

  constructor(options: RetryRuleOptions, random: Random) {
    this.budget = options.budget ?? new RetryBudget();
    this.#options = options;
    this.#backoff = options.backoff ?? exponential();
    this.#random = random;
  }

  /** To be told of every first attempt: the budget is a share of them. */
  called(nowMs: number): void {
    this.budget.deposit(nowMs);
  }

  decide(failed: FailedAttempt): RetryVerdict {
    const { attempt, judgement, nowMs } = failed;
    const options = this.#options;
    return decideRetry({
      judgement,
      attempt,
      attempts: options.attempts ?? retryDefaults.attempts,
      isIdempotent: failed.idempotent ?? options.idempotent ?? retryDefaults.idempotent,
      isCancelled: failed.isCancelled ?? false,
      isOn: this.#isOn(),
      backoffMs: this.#backoffMs(attempt),
      maxRetryAfterMs: options.maxRetryAfterMs ?? retryDefaults.maxRetryAfterMs,
      leftMs: failed.leftMs ?? Number.POSITIVE_INFINITY,
      circuitOpenMs: 0,
      chance: this.#random.next(),
      spend: () => this.budget.spend(nowMs),
    });
  }

  #isOn(): boolean {
    try {
      return this.#options.isOn?.() ?? true;
    } catch {
      return true;
    }
  }

  /** Walked from the start: attempts are few, and nothing is kept between them. */
  #backoffMs(attempt: number): number {
    let step = this.#backoff;
    for (let taken = 0; taken < attempt; taken += 1) step = step.next(this.#random);
    return step.delayMs;
  }
}

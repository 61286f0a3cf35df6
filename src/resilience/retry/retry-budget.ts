/**
 * How many retries one target is worth: a share of the calls that it gets, and a small number per
 * second whatever it gets. When everything fails, retries add this share to the load and no more;
 * without a budget three attempts make it three times as much, just when it can carry the least.
 * (Finagle's `RetryBudget`: a ratio and a minimum per second over ten seconds, and Envoy's
 * `retry_budget`.)
 *
 * R1. Within the window there are never more retries than `ratio` x calls + `minimumPerSecond` x
 *     its seconds.
 * R2. What is older than the window counts neither for nor against.
 */
import { checkOptions, numberOption, optionsOf } from "../../kernel/index.ts";
import { SlidingWindow } from "../breaker/sliding-window.ts";
import { retryBudgetDefaults } from "../policy-defaults.ts";

const windowMs = 10_000;

export interface RetryBudgetOptions {
  /** Retries per call. Default 0.2: at worst a fifth more load. */
  readonly ratio?: number;
  /** So many per second are always allowed: a quiet service may retry, too. Default 3. */
  readonly minimumPerSecond?: number;
}

export interface RetryBudgetReport {
  /** Of the last ten seconds. */
  readonly calls: number;
  readonly retries: number;
  /** Since the start. */
  readonly refused: number;
  /** Retries that would be granted now. */
  readonly left: number;
}

const shape = optionsOf({
  ratio: numberOption({ min: 0, max: 100 }),
  minimumPerSecond: numberOption({ min: 0, max: 1e6 }),
});

/** Hand one to all policies that call the same target: `retry({ budget })`. */
export class RetryBudget {
  /** Retries for each call. */
  readonly ratio: number;
  readonly #reserve: number;
  /** Retries are its faults, everything else its calls. */
  readonly #window = new SlidingWindow(windowMs);
  #refused = 0;

  constructor(options: RetryBudgetOptions = {}) {
    const { ratio, minimumPerSecond } = {
      ...retryBudgetDefaults,
      ...checkOptions("RetryBudget", options, shape),
    };
    this.ratio = ratio;
    this.#reserve = (minimumPerSecond * windowMs) / 1000;
  }

  /** A call was made, which is no retry. */
  deposit(nowMs: number): void {
    this.#window.add(nowMs, false, false);
  }

  /** Whether one retry may be made now; it counts as made. */
  spend(nowMs: number): boolean {
    if (this.report(nowMs).left < 1) {
      this.#refused += 1;
      return false;
    }
    this.#window.add(nowMs, true, false);
    return true;
  }

  report(nowMs: number): RetryBudgetReport {
    const sums = this.#window.sums(nowMs);
    const calls = sums.calls - sums.faults;
    // Whole retries only; floating point must not make 0.2 x 5 less than 1.
    const allowed = Math.floor(this.ratio * calls + this.#reserve + 1e-9);
    const left = Math.max(0, allowed - sums.faults);
    return { calls, retries: sums.faults, refused: this.#refused, left };
  }
}

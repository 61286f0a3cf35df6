/**
 * What is left for retries where none is made: what would be spent there is not taken from those
 * that are. Each operation has its own, made when the first of its calls fails.
 */
import { RetryBudget } from "../../resilience/index.ts";

/** Calls that are entered at once, whatever there were since the last failure. */
const depositsMax = 1000;

export class ObservedBudget {
  #budget: RetryBudget | undefined;
  #seenCalls = 0;

  /** `calls`: all that there ever were; those that went well have told nobody. */
  spend(calls: number, ratio: number, nowMs: number): boolean {
    if (this.#budget?.ratio !== ratio) this.#budget = new RetryBudget({ ratio });
    const news = Math.min(calls - this.#seenCalls, depositsMax);
    this.#seenCalls = calls;
    for (let call = 0; call < news; call += 1) this.#budget.deposit(nowMs);
    return this.#budget.spend(nowMs);
  }
}

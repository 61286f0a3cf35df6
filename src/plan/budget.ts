/**
 * How much healing may be done: so many actions within a sliding window. A healer without a budget
 * turns one wrong judgement into a storm of restarts.
 */
export class Budget {
  #limit: number;
  #windowMs: number;
  #spentMs: number[] = [];

  constructor(limit: number, windowMs: number) {
    this.#limit = limit;
    this.#windowMs = windowMs;
  }

  /** Another limit from now on; what was spent stays spent. */
  resize(limit: number, windowMs: number): void {
    this.#limit = limit;
    this.#windowMs = windowMs;
  }

  /** Monotonic time from which one more action is affordable; infinity for never. */
  affordableMs(nowMs: number): number {
    if (this.#limit <= 0) return Number.POSITIVE_INFINITY;
    this.#expire(nowMs);
    const oldest = this.#spentMs[this.#spentMs.length - this.#limit];
    return oldest === undefined ? nowMs : oldest + this.#windowMs;
  }

  spend(nowMs: number): void {
    this.#expire(nowMs);
    this.#spentMs.push(nowMs);
  }

  #expire(nowMs: number): void {
    const sinceMs = nowMs - this.#windowMs;
    while ((this.#spentMs[0] ?? Number.POSITIVE_INFINITY) <= sinceMs) this.#spentMs.shift();
  }
}

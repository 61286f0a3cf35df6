/**
 * The generic cell rate algorithm (ITU-T I.371): a token bucket that keeps one number, the time at
 * which the bucket would be full again, instead of a level and a time.
 *
 * G1. Within any span of time at most `burst` + span / interval calls are admitted.
 * G2. After a pause of `burst` intervals a whole burst is free again, and never more.
 */
export class CellRate {
  readonly #intervalMs: number;
  readonly #toleranceMs: number;
  #fullMs = Number.NEGATIVE_INFINITY;

  /** `burst` calls may come at once; then one per `intervalMs`. */
  constructor(intervalMs: number, burst: number) {
    this.#intervalMs = intervalMs;
    this.#toleranceMs = intervalMs * (burst - 1);
  }

  /** Milliseconds until a call would be admitted: 0 for now. */
  waitMs(nowMs: number): number {
    const leftMs = this.#fullMs - this.#toleranceMs - nowMs;
    // Sums of fractions are a little off, and a billionth of a second is not worth a refusal.
    return leftMs <= 1e-6 ? 0 : leftMs;
  }

  /** Takes the next place, which is free after `waitMs`. The ticket can be given back. */
  take(nowMs: number): number {
    this.#fullMs = Math.max(this.#fullMs, nowMs) + this.#intervalMs;
    return this.#fullMs;
  }

  /** Only the last place can be given back: the others are fixed by those behind them. */
  giveBack(ticket: number): void {
    if (ticket === this.#fullMs) this.#fullMs -= this.#intervalMs;
  }
}

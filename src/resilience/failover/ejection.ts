/**
 * The state of one alternative: how it has done, and until when it is left alone.
 *
 * J1. It is ejected for so many faults in a row, or for its share of faults within the window.
 * J2. Each ejection is twice as long as the one before, up to a limit; after as long a time without
 *     one, the next is half as long again.
 * J3. Back from an ejection it is on probation: one more fault ejects it again, one success ends
 *     the probation.
 * J4. Asked to come back later, it is left alone so long, and not longer than the limit.
 */
import { SlidingWindow } from "../breaker/sliding-window.ts";

export interface EjectionLimits {
  /** Faults in a row; 0: never for that reason. */
  readonly consecutiveFaults: number;
  /** Share of faults within the window; undefined: never for that reason. */
  readonly failureRate: number | undefined;
  /** A window with fewer calls says nothing. */
  readonly minimumCalls: number;
  readonly windowMs: number;
  readonly baseEjectionMs: number;
  readonly maxEjectionMs: number;
  /** A longer Retry-After counts as this. */
  readonly maxHoldMs: number;
}

/** Weight of the newest latency in the moving average. */
const newest = 0.2;
/** A latency so old says nothing about now: it is measured again. */
const latencyLifeMs = 60_000;

export class Ejection {
  calls = 0;
  faults = 0;
  readonly #limits: EjectionLimits;
  readonly #window: SlidingWindow;
  #streak = 0;
  #isOnProbation = false;
  #ejectedUntilMs = Number.NEGATIVE_INFINITY;
  #heldUntilMs = Number.NEGATIVE_INFINITY;
  /** How many ejections the next one's length stands on. */
  #level = 0;
  #latencyMs: number | undefined;
  #latencyAtMs = 0;

  constructor(limits: EjectionLimits) {
    this.#limits = limits;
    this.#window = new SlidingWindow(limits.windowMs);
  }

  isEjected(nowMs: number): boolean {
    return nowMs < this.#ejectedUntilMs;
  }

  isHeld(nowMs: number): boolean {
    return nowMs < this.#heldUntilMs;
  }

  /** Until it may be called again; 0: now. */
  leftMs(nowMs: number): number {
    return Math.max(0, this.#ejectedUntilMs - nowMs, this.#heldUntilMs - nowMs);
  }

  holdLeftMs(nowMs: number): number {
    return Math.max(0, this.#heldUntilMs - nowMs);
  }

  /** True once after each ejection that has ended. */
  takeReadmission(nowMs: number): boolean {
    if (this.#ejectedUntilMs === Number.NEGATIVE_INFINITY || this.isEjected(nowMs)) return false;
    this.#ejectedUntilMs = Number.NEGATIVE_INFINITY;
    this.#isOnProbation = true;
    return true;
  }

  latencyMs(nowMs: number): number | undefined {
    return nowMs - this.#latencyAtMs > latencyLifeMs ? undefined : this.#latencyMs;
  }

  /** Share of faults within the window, or that of its ejection; 0 when there was no call. */
  failureRate(nowMs: number): number {
    const { calls, faults } = this.#window.sums(nowMs);
    if (calls > 0) return faults / calls;
    return this.isEjected(nowMs) ? this.#ejectedAtRate : 0;
  }

  succeeded(nowMs: number, elapsedMs: number): void {
    this.calls += 1;
    this.#streak = 0;
    this.#isOnProbation = false;
    this.#window.add(nowMs, false, false);
    const known = this.latencyMs(nowMs);
    this.#latencyMs = known === undefined ? elapsedMs : known + newest * (elapsedMs - known);
    this.#latencyAtMs = nowMs;
  }

  /** The reason to eject it now, or undefined. */
  failed(nowMs: number): string | undefined {
    this.calls += 1;
    this.faults += 1;
    this.#streak += 1;
    this.#window.add(nowMs, true, false);
    if (this.#isOnProbation) return "it failed again after an ejection";
    const { consecutiveFaults, failureRate, minimumCalls } = this.#limits;
    if (consecutiveFaults > 0 && this.#streak >= consecutiveFaults) {
      return `${this.#streak} faults in a row`;
    }
    if (failureRate === undefined) return undefined;
    const { calls, faults } = this.#window.sums(nowMs);
    const isTooMany = calls >= minimumCalls && faults / calls >= failureRate;
    return isTooMany ? `${faults} of ${calls} calls failed` : undefined;
  }

  /** Neither good nor bad: a mistake of the caller, or nobody waited. */
  dismissed(): void {
    this.calls += 1;
  }

  hold(nowMs: number, forMs: number): void {
    const untilMs = nowMs + Math.min(forMs, this.#limits.maxHoldMs);
    this.#heldUntilMs = Math.max(this.#heldUntilMs, untilMs);
  }

  /** Returns for how long. */
  eject(nowMs: number): number {
    const { baseEjectionMs, maxEjectionMs } = this.#limits;
    this.#relax(nowMs);
    const rate = this.failureRate(nowMs);
    const forMs = Math.min(maxEjectionMs, baseEjectionMs * 2 ** this.#level);
    this.#level = Math.min(this.#level + 1, 30);
    this.#ejectedUntilMs = nowMs + forMs;
    this.#lastEjectedUntilMs = this.#ejectedUntilMs;
    this.#isOnProbation = false;
    this.#streak = 0;
    this.#ejectedAtRate = rate;
    this.#window.clear();
    return forMs;
  }

  #lastEjectedUntilMs = 0;
  #ejectedAtRate = 0;

  /** J2. */
  #relax(nowMs: number): void {
    const { baseEjectionMs, maxEjectionMs } = this.#limits;
    let sinceMs = nowMs - this.#lastEjectedUntilMs;
    while (this.#level > 0) {
      const lastMs = Math.min(maxEjectionMs, baseEjectionMs * 2 ** (this.#level - 1));
      if (sinceMs < lastMs) return;
      sinceMs -= lastMs;
      this.#level -= 1;
    }
  }
}

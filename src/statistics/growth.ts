/**
 * Several quantities of one process, each with a limit that it must not reach. A quantity that is
 * on its way there is told once, and again only after it has rested for `restMs`.
 */
import { History } from "./history.ts";
import { timeToLimitMs } from "./trend.ts";

export interface GrowthSample {
  readonly atMs: number;
  readonly value: number;
  readonly limit: number;
  /** False: part of it may be given back at any time, so that it proves nothing. */
  readonly isKept?: boolean;
}

export interface Growth {
  readonly value: number;
  readonly limit: number;
  /** Until it reaches the limit if it goes on like this. */
  readonly leftMs: number;
}

export interface GrowthOptions {
  readonly restMs?: number;
  /** For so long after the first sample a service may still be warming up. */
  readonly settleMs?: number;
}

export class GrowthJudge {
  readonly #restMs: number;
  readonly #settleMs: number;
  readonly #history = new History();
  #grewMs = Number.NEGATIVE_INFINITY;

  constructor({ restMs = 600_000, settleMs = 600_000 }: GrowthOptions = {}) {
    this.#restMs = restMs;
    this.#settleMs = settleMs;
  }

  add({ atMs, value, limit, isKept = true }: GrowthSample): Growth | undefined {
    this.#history.add(atMs, value);
    const options = { nowMs: atMs, settleMs: this.#settleMs };
    const leftMs = timeToLimitMs(this.#history, limit, options);
    if (leftMs === undefined || !isKept) return undefined;
    const isTold = atMs - this.#grewMs < this.#restMs;
    this.#grewMs = atMs;
    return isTold ? undefined : { value, limit, leftMs };
  }
}

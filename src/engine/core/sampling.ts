/**
 * Which calls are timed? All of them, until an operation is called so often that reading the clock
 * is what it costs most: then one of sixteen. Counts are not concerned.
 */
const oftenPerMs = 10;
/** Half of it: a rate at the edge must not switch back and forth. */
const seldomPerMs = 5;

const sampledEveryMax = 16;

/** `every`: each call is timed, whatever it costs. */
export type SamplingMode = "adaptive" | "every";

export class Sampling {
  /** One of so many calls is timed. */
  every = 1;
  /** Calls until the next one that is timed. */
  left = 1;
  readonly #isAdaptive: boolean;
  #callsUntilLook = 1;
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(mode: SamplingMode) {
    this.#isAdaptive = mode === "adaptive";
  }

  /** To be called at each timed call, after `left` has run out. */
  timed(nowMs: number): void {
    this.left = this.every;
    if (!this.#isAdaptive) return;
    this.#callsUntilLook -= this.every;
    if (this.#callsUntilLook > 0) return;
    const perMs = callsOfLook / Math.max(nowMs - this.#lookedMs, 0.001);
    if (perMs > oftenPerMs) this.every = sampledEveryMax;
    else if (perMs < seldomPerMs) this.every = 1;
    this.#callsUntilLook = callsOfLook;
    this.#lookedMs = nowMs;
  }
}

const callsOfLook = 1024;

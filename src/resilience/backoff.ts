/**
 * How long to wait before trying again, as values that never change: two callers that share one
 * start do not share their place in it.
 */
import type { Random } from "../kernel/index.ts";
import { retryDefaults } from "./policy-defaults.ts";

export interface Backoff {
  /** Milliseconds before the attempt that follows, spread ones whole. Of a start: 0. */
  readonly delayMs: number;
  next(random: Random): Backoff;
}

export type Jitter =
  /** `base x factor^n`, the same for everybody: callers that failed together return together. */
  | "none"
  /** Anything between 0 and what it would be without. */
  | "full"
  /** Between the base and 1.5 x factor times the last delay: for a factor of 2, that of AWS. */
  | "decorrelated";

export interface BackoffOptions {
  /** The first delay, and with decorrelated jitter the smallest. Default 1000. */
  readonly baseMs?: number;
  /** Default 2. */
  readonly factor?: number;
  /** No delay is longer. Default 30 000. */
  readonly maxMs?: number;
  /** Default `decorrelated`. */
  readonly jitter?: Jitter;
}

/**
 * Delays that grow by `factor`, spread by `jitter`. Decorrelated jitter is Marc Brooker's
 * "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015): its delay depends on the last
 * one, so that callers which failed in one moment drift apart with every attempt.
 */
export function exponential(options: BackoffOptions = {}): Backoff {
  const {
    baseMs = retryDefaults.baseDelayMs,
    factor = retryDefaults.factor,
    maxMs = retryDefaults.maxDelayMs,
    jitter = retryDefaults.jitter,
  } = options;
  return new Step({ baseMs, factor, maxMs, jitter }, 0, 0);
}

/** The same delay each time. */
export function constant(delayMs: number): Backoff {
  return exponential({ baseMs: delayMs, factor: 1, maxMs: delayMs, jitter: "none" });
}

class Step implements Backoff {
  readonly delayMs: number;
  readonly #options: Required<BackoffOptions>;
  readonly #taken: number;

  constructor(options: Required<BackoffOptions>, taken: number, delayMs: number) {
    this.#options = options;
    this.#taken = taken;
    this.delayMs = delayMs;
  }

  next(random: Random): Backoff {
    return new Step(this.#options, this.#taken + 1, this.#nextMs(random));
  }

  #nextMs(random: Random): number {
    const { baseMs, factor, maxMs, jitter } = this.#options;
    const plainMs = Math.min(maxMs, baseMs * factor ** this.#taken);
    if (jitter === "none") return plainMs;
    if (jitter === "full") return Math.min(plainMs, Math.ceil(plainMs * random.next()));
    const upToMs = Math.max(baseMs, (this.#taken === 0 ? baseMs : this.delayMs) * factor * 1.5);
    return Math.min(maxMs, Math.ceil(baseMs + (upToMs - baseMs) * random.next()));
  }
}

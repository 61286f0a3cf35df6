/**
 * Time, as the one thing that everything asks for and nothing reads by itself.
 *
 * Two clocks, never mixed: `wallMs` stamps what people read and may jump; `monotonicMs` measures
 * durations and never goes back. Names follow: `at` is wall time, `...ElapsedMs` and `dueMs` are
 * monotonic.
 */
export interface Instant {
  /** Milliseconds since the Unix epoch. May jump in both directions. */
  readonly wallMs: number;
  /** Milliseconds since an arbitrary origin. Never decreases within one boot of one process. */
  readonly monotonicMs: number;
}

export interface Clock {
  now(): Instant;
}

/** Cancels a timer that has not fired; calling it later does nothing. */
export type CancelTimer = () => void;

/** One-shot timers on the monotonic clock. `delayMs` below zero counts as zero. */
export interface Timers {
  after(delayMs: number, run: () => void): CancelTimer;
}

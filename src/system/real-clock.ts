import type { CancelTimer, Clock, Timers } from "../kernel/index.ts";

/** Real time. The monotonic origin is the start of this process. */
export const realClock: Clock = {
  now: () => ({ wallMs: Date.now(), monotonicMs: performance.now() }),
};

/** The monotonic part alone, without an object: for code that reads it on every call. */
export const realMonotonicMs: () => number = performance.now.bind(performance);

/** `setTimeout` fires at once when it is asked for more than this. */
export const longestDelayMs = 2 ** 31 - 1;

/**
 * Real timers. A pending one keeps the process alive: whoever waits wants to live. They count whole
 * milliseconds: rounded up here, because `setTimeout` rounds down, and most would fire too early,
 * to be set again. A few still do, by less than a millisecond.
 */
export const realTimers: Timers = {
  after(delayMs, run): CancelTimer {
    const timer = setTimeout(run, Math.min(Math.max(0, Math.ceil(delayMs)), longestDelayMs));
    return () => clearTimeout(timer);
  },
};

/** A limit on bytes a second, for work that must not be in anybody's way. */
import type { Clock, Timers } from "../../kernel/index.ts";
import type { Pace } from "./repair-work.ts";

export interface BytePaceOptions {
  readonly bytesPerSecond: number;
  readonly clock: Clock;
  readonly timers: Timers;
}

/** Whoever moves bytes waits until those before him have had their time. */
export function bytePace({ bytesPerSecond, clock, timers }: BytePaceOptions): Pace {
  let freeMs = 0;
  return async (sizeBytes, signal) => {
    signal.throwIfAborted();
    const nowMs = clock.now().monotonicMs;
    const waitMs = Math.max(0, freeMs - nowMs);
    freeMs = Math.max(freeMs, nowMs) + (sizeBytes * 1000) / bytesPerSecond;
    if (waitMs === 0) return;
    const { promise, reject, resolve } = Promise.withResolvers<void>();
    const giveUp = (): void => reject(signal.reason);
    const cancel = timers.after(waitMs, resolve);
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      await promise;
    } finally {
      cancel();
      signal.removeEventListener("abort", giveUp);
    }
  };
}

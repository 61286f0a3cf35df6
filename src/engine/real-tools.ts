/** Real time, timers and chance: what policies run on outside tests. */
import type { CancelTimer, Timers } from "../kernel/index.ts";
import type { Tools } from "../resilience/index.ts";
import { createRealRandom, realClock, realMonotonicMs, realTimers } from "../system/index.ts";

/** A service that has nothing else to do may end, whatever is still to be looked at. */
const backgroundTimers: Timers = {
  after(delayMs, run): CancelTimer {
    const timer = setTimeout(run, Math.min(Math.max(0, Math.ceil(delayMs)), 2 ** 31 - 1));
    timer.unref();
    return () => clearTimeout(timer);
  },
};

export const realTools: Tools = {
  monotonicMs: realMonotonicMs,
  wallMs: () => realClock.now().wallMs,
  timers: realTimers,
  background: backgroundTimers,
  random: createRealRandom(),
};

/** Real time, timers and chance, as the policies of locations take them. */
import type { Tools } from "../resilience/index.ts";
import { createRealRandom, realClock, realMonotonicMs, realTimers } from "../system/index.ts";

export const realTools: Tools = {
  monotonicMs: realMonotonicMs,
  wallMs: () => realClock.now().wallMs,
  timers: realTimers,
  background: realTimers,
  random: createRealRandom(),
};

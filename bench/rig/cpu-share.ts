/** How much of one core some processes take over a window, and what is looked at meanwhile. */
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { cpuMs } from "./process-figures.ts";

export interface Window {
  readonly windowMs: number;
  readonly lookEveryMs: number;
  look(elapsedMs: number): Promise<void> | void;
}

/** From 0 to the number of cores; NaN when one of them has ended. */
export async function cpuShare(pids: readonly number[], window: Window): Promise<number> {
  const spentMs = (): number => pids.reduce((sum, pid) => sum + cpuMs(pid), 0);
  const beforeMs = spentMs();
  const sinceMs = performance.now();
  let elapsedMs = 0;
  while (elapsedMs < window.windowMs) {
    await pause(Math.min(window.lookEveryMs, window.windowMs - elapsedMs));
    elapsedMs = performance.now() - sinceMs;
    await window.look(elapsedMs);
  }
  return (spentMs() - beforeMs) / (performance.now() - sinceMs);
}

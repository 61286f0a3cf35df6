/** How late the event loop is: everything that the process does waits that long. */
import type { HealthAnswer, HealthCheck } from "./check.ts";

export interface EventLoopCheckOptions {
  /** The 99th percentile of the delay since the last look: 100 and 1000. */
  readonly degradedMs?: number;
  readonly unhealthyMs?: number;
}

const resolutionMs = 20;

/**
 * Degraded from 100 ms on, unhealthy from 1000 ms on: the delay below which 99 % of the looks
 * since the last time were. Measures from its creation on; keeps no process alive.
 */
export function eventLoopCheck(options: EventLoopCheckOptions = {}): HealthCheck {
  const { degradedMs = 100, unhealthyMs = 1000 } = options;
  const delay = process
    .getBuiltinModule("node:perf_hooks")
    .monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  return (): HealthAnswer => {
    if (delay.count === 0) return { status: "healthy", message: "nothing is measured yet" };
    // What is measured is the time between two looks, which are `resolutionMs` apart at best.
    const delayMs = Math.max(0, delay.percentile(99) / 1e6 - resolutionMs);
    const maxMs = Math.max(0, delay.max / 1e6 - resolutionMs);
    delay.reset();
    const metadata = { p99Ms: Math.round(delayMs), maxMs: Math.round(maxMs) };
    const message = `the event loop was ${Math.round(delayMs)} ms late`;
    if (delayMs >= unhealthyMs) return { status: "unhealthy", message, metadata };
    return { status: delayMs >= degradedMs ? "degraded" : "healthy", message, metadata };
  };
}

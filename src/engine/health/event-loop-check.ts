/** How late the event loop is: everything that the process does waits that long. */
import { anyOption, checkOptions, numberOption, optionsOf } from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import { realTools } from "../real-tools.ts";
import type { HealthAnswer, HealthCheck } from "./check.ts";

export interface EventLoopCheckOptions {
  /** The 99th percentile of the delay since the last look: 100 and 1000. */
  readonly degradedMs?: number;
  readonly unhealthyMs?: number;
  readonly tools?: Tools;
}

/** Milliseconds beyond what the measuring itself takes. */
interface Delay {
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Whoever looks within this time sees what others have seen. */
const windowMs = 10_000;

const resolutionMs = 20;
const delayMs = numberOption({ min: 0 });
const shape = optionsOf({
  degradedMs: delayMs,
  unhealthyMs: delayMs,
  tools: anyOption<Tools>(),
});

/**
 * Degraded from 100 ms on, unhealthy from 1000 ms on: the delay below which 99 % of the looks
 * since the last time were; one who asks takes nothing away from the next, who is told of the same
 * for at least ten seconds and at most twenty. Measures from its creation on; keeps no process
 * alive.
 */
export function eventLoopCheck(options: EventLoopCheckOptions = {}): HealthCheck {
  const checked = checkOptions("eventLoopCheck", options, shape);
  const { degradedMs = 100, unhealthyMs = 1000, tools = realTools } = checked;
  const delay = process
    .getBuiltinModule("node:perf_hooks")
    .monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  let before: Delay | undefined;
  let sinceMs = tools.monotonicMs();

  const look = (): Delay | undefined => {
    // What is measured is the time between two looks, which are `resolutionMs` apart at best.
    const lateMs = (measuredMs: number): number =>
      Math.max(0, Math.round(measuredMs / 1e6 - resolutionMs));
    const isAny = delay.count > 0;
    const now = isAny
      ? { p99Ms: lateMs(delay.percentile(99)), maxMs: lateMs(delay.max) }
      : undefined;
    const nowMs = tools.monotonicMs();
    const seen = nowMs - sinceMs < windowMs ? worse(before, now) : now;
    if (before === undefined || nowMs - sinceMs >= windowMs) {
      before = now;
      sinceMs = nowMs;
      delay.reset();
    }
    return seen;
  };

  return (): HealthAnswer => {
    const found = look();
    if (found === undefined) return { status: "healthy", message: "nothing is measured yet" };
    const { p99Ms } = found;
    const metadata = { ...found };
    const message = `the event loop was ${p99Ms} ms late`;
    if (p99Ms >= unhealthyMs) return { status: "unhealthy", message, metadata };
    return { status: p99Ms >= degradedMs ? "degraded" : "healthy", message, metadata };
  };
}

function worse(one: Delay | undefined, other: Delay | undefined): Delay | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return {
    p99Ms: Math.max(one.p99Ms, other.p99Ms),
    maxMs: Math.max(one.maxMs, other.maxMs),
  };
}

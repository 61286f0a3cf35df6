/** What is about to fail: open failures of the kinds that look ahead, and series near a limit. */
import { formatDuration } from "../../kernel/index.ts";
import type { FailureType, Severity } from "../../model/index.ts";
import type { House, Trend } from "../house.ts";

export interface Prediction {
  readonly resource: string;
  readonly type: string;
  readonly severity: Severity;
  readonly message: string;
  /** Wall milliseconds, where the time is known. */
  readonly expectedAt?: number;
}

/** These are raised before anything is broken. */
const lookAhead: ReadonlySet<FailureType> = new Set([
  "memory_exhaustion",
  "descriptor_exhaustion",
  "process_exhaustion",
  "disk_exhaustion",
  "certificate_expiry",
]);

const soonMs = 3_600_000;

export function predict(house: House): readonly Prediction[] {
  const now = house.clock.now().wallMs;
  const failures = house
    .openFailures()
    .filter(({ type }) => lookAhead.has(type))
    .map(({ resource, type, severity, reason }) => ({ resource, type, severity, message: reason }));
  return [...failures, ...house.trends().map((trend) => ofTrend(trend, now))];
}

function ofTrend(trend: Trend, now: number): Prediction {
  const { resource, series, value, limit, reachesLimitInMs } = trend;
  return {
    resource,
    type: `${series}_trend`,
    severity: reachesLimitInMs < soonMs ? "high" : "medium",
    message: `${series} is ${value} and reaches its limit ${limit} in ${formatDuration(reachesLimitInMs)}`,
    expectedAt: now + reachesLimitInMs,
  };
}

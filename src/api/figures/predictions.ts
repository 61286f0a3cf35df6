/** What is about to fail: open failures of the kinds that look ahead, and series near a limit. */
import type { Trend } from "../../analyze/index.ts";
import { formatDuration } from "../../kernel/index.ts";
import type { Failure, FailureType, Severity } from "../../model/index.ts";
import type { House } from "../house.ts";

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
  const trends = house.trends();
  const failures = house.openFailures().filter(({ type }) => lookAhead.has(type));
  const early = trends.filter((trend) => !failures.some((failure) => isOf(trend, failure)));
  return [
    ...failures.map((failure) => {
      const trend = trends.find((each) => isOf(each, failure));
      const { resource, type, severity, reason: message } = failure;
      const told = { resource, type, severity, message };
      return trend ? { ...told, expectedAt: now + trend.reachesLimitInMs } : told;
    }),
    ...early.map((trend) => ofTrend(trend, now)),
  ];
}

/** One thing that is about to happen is told once. */
function isOf(trend: Trend, failure: Failure): boolean {
  const isAbout = failure.part === undefined || failure.part === trend.series;
  return isAbout && trend.resource === failure.resource && trend.leadsTo === failure.type;
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

/**
 * A health report as metrics, so that health has a course over time: `overall_health` (1 healthy,
 * 0.5 degraded, 0 unhealthy), how long each check took, and what is used of memory and processors.
 * Of memory it is the share of the limit that is nearest; the tag `of` says which one that is.
 */
import type { CheckResult, HealthReport, HealthStatus } from "./check.ts";

interface HealthMetric {
  readonly metricType: "system" | "health_check";
  readonly metricName: string;
  readonly value: number;
  readonly unit: "status" | "ms" | "percent";
  readonly tags: Readonly<Record<string, string>>;
  readonly source: "health_monitor";
}

const worth: Readonly<Record<HealthStatus, number>> = { healthy: 1, degraded: 0.5, unhealthy: 0 };
const source = "health_monitor";
/** Shares that checks give in their metadata, by the names under which they are known. */
const shares: Readonly<Record<string, string>> = {
  memory: "memory.heap_used_percent",
  cpu: "cpu.usage_percent",
};

export function healthMetrics({ overall, checks }: HealthReport): readonly HealthMetric[] {
  const whole: HealthMetric = {
    metricType: "system",
    metricName: "overall_health",
    value: worth[overall],
    unit: "status",
    tags: { status: overall },
    source,
  };
  return [whole, ...checks.flatMap(metricsOf)];
}

function metricsOf({ name, status, latency, metadata }: CheckResult): readonly HealthMetric[] {
  const tags = { status };
  const took: HealthMetric = {
    metricType: "health_check",
    metricName: `${name}.latency`,
    value: latency,
    unit: "ms",
    tags,
    source,
  };
  const metricName = Object.hasOwn(shares, name) ? shares[name] : undefined;
  const share = metadata?.["usedShare"];
  if (metricName === undefined || typeof share !== "number") return [took];
  const of = metadata?.["of"];
  const told = { ...tags, ...(typeof of === "string" ? { of } : {}) };
  const value = share * 100;
  return [took, { metricType: "system", metricName, value, unit: "percent", tags: told, source }];
}

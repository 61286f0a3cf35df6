import { expect, test } from "vitest";
import { healthMetrics } from "./health-metrics.ts";

test.each([
  ["healthy", 1],
  ["degraded", 0.5],
  ["unhealthy", 0],
] as const)("the overall health %s is %d", (overall, value) => {
  expect(healthMetrics({ overall, checks: [], timestamp: 1 })).toEqual([
    {
      metricType: "system",
      metricName: "overall_health",
      value,
      unit: "status",
      tags: { status: overall },
      source: "health_monitor",
    },
  ]);
});

test("each check has its latency, memory and processors their share in percent", () => {
  const status = "degraded";
  const checks = [
    { name: "database", status, latency: 120 },
    { name: "memory", status, latency: 1, metadata: { usedShare: 0.8, of: "the heap" } },
    { name: "cpu", status, latency: 2, metadata: { usedShare: 0.9 } },
    { name: "constructor", status, latency: 3, metadata: { usedShare: 0.1 } },
  ] as const;
  const metrics = healthMetrics({ overall: status, checks, timestamp: 1 }).slice(1);
  expect(
    metrics.map(({ metricType, metricName, value, unit }) => [metricType, metricName, value, unit]),
  ).toEqual([
    ["health_check", "database.latency", 120, "ms"],
    ["health_check", "memory.latency", 1, "ms"],
    ["system", "memory.heap_used_percent", 80, "percent"],
    ["health_check", "cpu.latency", 2, "ms"],
    ["system", "cpu.usage_percent", 90, "percent"],
    ["health_check", "constructor.latency", 3, "ms"],
  ]);
  expect(metrics[2]?.tags).toEqual({ status, of: "the heap" });
});

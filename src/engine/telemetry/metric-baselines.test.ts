/** L1, L2. */
import { expect, test } from "vitest";
import type { StampedMetric } from "./metric.ts";
import { MetricBaselines } from "./metric-baselines.ts";

const hourMs = 3_600_000;

function metric(metricName: string, value: number, timestamp: number): StampedMetric {
  return {
    metricType: "queue",
    metricName,
    value,
    unit: "items",
    tags: {},
    source: "mail",
    timestamp,
  };
}

test("a window has what arrived in it, and is valid for as long again", () => {
  const usual = new MetricBaselines();
  for (let hour = 0; hour < 12; hour += 1) usual.add(metric("depth", hour + 1, hour * hourMs));
  const rows = usual.takeDue(1);
  expect(
    rows.map(({ timeWindow, sampleCount, validUntil }) => [timeWindow, sampleCount, validUntil]),
  ).toEqual([
    ["1h", 2, 12 * hourMs],
    ["24h", 12, 35 * hourMs],
    ["7d", 12, 179 * hourMs],
  ]);
  expect(rows[1]).toMatchObject({ metricName: "depth", source: "mail", min: 1, max: 12 });
  expect(rows[1]?.mean).toBeCloseTo(6.5, 0);
});

test("a count has nothing that is usual (L1)", () => {
  const usual = new MetricBaselines();
  usual.add({ ...metric("calls", 5, 1), unit: "count" });
  expect(usual.takeDue(10)).toEqual([]);
});

test("few are told of at a time, in turns, and each once in ten minutes (L2)", () => {
  const usual = new MetricBaselines();
  const names = (atMost: number, waitMs?: number) => [
    ...new Set(usual.takeDue(atMost, waitMs).map(({ metricName }) => metricName)),
  ];
  for (const name of ["a", "b", "c"]) usual.add(metric(name, 1, 1000));
  expect([names(2), names(2), names(2)]).toEqual([["a", "b"], ["c"], []]);
  usual.add(metric("b", 2, 300_000));
  expect([names(2), names(2, 0)]).toEqual([[], ["b"]]);
  usual.add(metric("a", 2, 700_000));
  expect(names(2)).toEqual(["a"]);
});

test("no more than 500 series are learned (L2)", () => {
  const usual = new MetricBaselines();
  for (let each = 0; each < 600; each += 1) usual.add(metric(`m${each}`, 1, 1));
  expect(usual.takeDue(10_000).filter(({ timeWindow }) => timeWindow === "1h")).toHaveLength(500);
});

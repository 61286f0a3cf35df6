import { expect, test } from "vitest";
import type { Reading } from "./observation.ts";
import { eachValue, typeOfSeries } from "./series.ts";

function seriesIn(reading: Reading): readonly (readonly [string, number, string])[] {
  const found: (readonly [string, number, string])[] = [];
  eachValue(reading, "http", (series, value, unit) => found.push([series, value, unit]));
  return found;
}

test("there is a series for each sample, the time of a good answer, and the work that waits", () => {
  const samples = [
    { series: "memory.rss", value: 7, unit: "bytes", limit: 9 },
    { series: "cpu.percent", value: 3, unit: "percent" },
  ] as const;
  expect(seriesIn({ kind: "samples", samples })).toEqual([
    ["memory.rss", 7, "bytes"],
    ["cpu.percent", 3, "percent"],
  ]);
  const check = { kind: "check", elapsedMs: 12, reason: "200" } as const;
  expect(seriesIn({ ...check, ok: true })).toEqual([["http.elapsed", 12, "ms"]]);
  expect(seriesIn({ kind: "work", counter: "jobs_total", done: 5, waiting: 2 })).toEqual([
    ["jobs_total.waiting", 2, "count"],
  ]);
});

test("there is none in a bad answer, whose time is that of a timeout, nor in what happened", () => {
  expect(seriesIn({ kind: "check", ok: false, elapsedMs: 12, reason: "500" })).toEqual([]);
  expect(seriesIn({ kind: "occurrence", name: "x", count: 1, reason: "", value: 3 })).toEqual([]);
});

test("what stands before its first dot is the type of a series", () => {
  expect(["memory.rss", "disk.used:/a.b", "load"].map(typeOfSeries)).toEqual([
    "memory",
    "disk",
    "load",
  ]);
});

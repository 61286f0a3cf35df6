import { describe, expect, test } from "vitest";
import { join, kindOf, type Metric, type StampedMetric, seriesKey, stamp } from "./metric.ts";

function at(timestamp: number, value: number, unit: string): StampedMetric {
  const metric = { metricType: "t", metricName: "m", value, unit, source: "s" };
  return stamp(metric, timestamp) as StampedMetric;
}

function joinedOf(unit: string, values: readonly number[]): Partial<StampedMetric> {
  const [first, ...rest] = values.map((value, place) => at(place + 1, value, unit));
  const { value, count, since, timestamp } = rest.reduce(join, first as StampedMetric);
  return { value, count, since, timestamp } as Partial<StampedMetric>;
}

describe("joining (M2)", () => {
  test("counts are added", () => {
    const joined = joinedOf("count", [1, 2, 3]);
    expect(joined).toEqual({ value: 6, count: 3, since: 1, timestamp: 3 });
  });

  test("durations become their mean, with a count", () => {
    expect(joinedOf("ms", [10, 20, 60])).toMatchObject({ value: 30, count: 3 });
  });

  test("of anything else the last is what counts", () => {
    expect(joinedOf("percent", [10, 20, 15])).toMatchObject({ value: 15, count: 3 });
  });

  test("joined ones weigh as much as what they stand for", () => {
    const two = join(at(1, 10, "ms"), at(2, 20, "ms"));
    expect(join(two, at(3, 60, "ms"))).toMatchObject({ value: 30, count: 3, since: 1 });
    expect(join(at(0, 60, "ms"), two)).toMatchObject({ value: 30, count: 3, since: 0 });
  });
});

test("units are counts, durations or states", () => {
  expect(["count", "ms", "s", "percent", "bytes"].map(kindOf)).toEqual([
    "count",
    "duration",
    "duration",
    "state",
    "state",
  ]);
});

test("tags belong to the series, their order does not (M1)", () => {
  const base: Metric = { metricType: "t", metricName: "m", value: 1, unit: "count", source: "s" };
  const key = (tags: Record<string, string>): string =>
    seriesKey(stamp({ ...base, tags }, 1) as StampedMetric);
  expect(key({ a: "1", b: "2" })).toBe(key({ b: "2", a: "1" }));
  expect(key({ a: "1" })).not.toBe(key({ a: "2" }));
});

describe("what is recorded is small and whole", () => {
  const base: Metric = { metricType: "t", metricName: "m", value: 1, unit: "count", source: "s" };

  test.each([Number.NaN, Number.POSITIVE_INFINITY, "7" as unknown as number])(
    "the value %s is none",
    (value) => {
      expect(stamp({ ...base, value }, 1)).toBe(undefined);
    },
  );

  test("long texts are cut, further tags left out, anything becomes text", () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, place) => [`t${place}`, "x"]));
    const long = stamp({ ...base, metricName: "n".repeat(5000), tags: many }, 1);
    expect(long?.metricName.length).toBe(200);
    expect(Object.keys(long?.tags ?? {}).length).toBe(20);
    const odd = { number: 5, nothing: undefined } as unknown as Record<string, string>;
    expect(stamp({ ...base, tags: odd }, 1)?.tags).toEqual({ number: "5" });
  });
});

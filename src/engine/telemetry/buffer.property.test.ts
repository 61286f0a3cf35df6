import fc from "fast-check";
import { expect, it } from "vitest";
import { JoiningBuffer } from "./buffer.ts";
import { join, type StampedMetric, seriesKey } from "./metric.ts";

const joining = {
  keyOf: seriesKey,
  join,
};

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ add: fc.integer({ min: 0, max: 9 }) }) },
  { weight: 1, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 30 }) }) },
);

function metric(name: number, timestamp: number): StampedMetric {
  return {
    timestamp,
    metricType: "operation",
    metricName: `m${name}`,
    value: 1,
    unit: "count",
    tags: {},
    source: "test",
  };
}

it("is bounded, loses nothing uncounted, and gives the oldest first (B1, B2, B3)", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const limits = { queueMax: 20, joinedMax: 5 };
      const buffer = new JoiningBuffer<StampedMetric>(joining, limits);
      let added = 0;
      let takenValue = 0;
      let takenItems = 0;
      for (const each of steps) {
        if ("add" in each) buffer.add(metric(each.add, (added += 1)));
        else {
          const taken = buffer.take(each.take);
          expect(taken.length).toBeLessThanOrEqual(each.take);
          takenItems += taken.length;
          takenValue += taken.reduce((sum, { value }) => sum + value, 0);
        }
        expect(buffer.size).toBeLessThanOrEqual(limits.queueMax + limits.joinedMax);
        expect(takenItems + buffer.joinedAway + buffer.lost + buffer.size).toBe(added);
      }
      const rest = buffer.take(Number.MAX_SAFE_INTEGER);
      const stamps = rest.filter(({ count }) => count === undefined).map((each) => each.timestamp);
      expect(stamps).toEqual(stamps.toSorted((a, b) => a - b));
      // What was counted is exact: joined or whole, nothing is missing but what was lost.
      takenValue += rest.reduce((sum, { value }) => sum + value, 0);
      expect(takenValue + buffer.lost).toBe(added);
    }),
  );
});

import fc from "fast-check";
import { expect, it } from "vitest";
import { History } from "./history.ts";
import { Ring } from "./ring.ts";

const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 300 });

it("a ring is the tail of what was pushed", () => {
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 40 }), (all, capacity) => {
      const ring = new Ring(capacity);
      for (const [index, value] of all.entries()) expect(ring.push(index, value)).toBe(true);
      const kept = Array.from({ length: ring.size }, (_, index) => [
        ring.timeAt(index),
        ring.valueAt(index),
      ]);
      expect(kept).toEqual([...all.entries()].slice(-capacity));
    }),
  );
});

it("a ring refuses what is older than its newest point, or no number", () => {
  const ring = new Ring(4);
  expect(ring.push(10, 1)).toBe(true);
  expect([ring.push(9, 1), ring.push(11, Number.NaN), ring.push(Number.NaN, 1)]).toEqual([
    false,
    false,
    false,
  ]);
  expect(ring.size).toBe(1);
});

it("the past holds the extremes of the recent points and never more than was seen", () => {
  fc.assert(
    fc.property(values, fc.integer({ min: 0, max: 300 }), (all, untilMs) => {
      const history = new History({ capacity: 8, fold: 2, levelsMax: 12 });
      for (const [index, value] of all.entries()) history.add(index, value);
      const past = history.before(untilMs);
      const seen = all.slice(0, untilMs);
      if (past === undefined) return;
      expect(past.high).toBeLessThanOrEqual(Math.max(...seen));
      expect(past.low).toBeGreaterThanOrEqual(Math.min(...seen));
      const recent = seen.slice(Math.max(0, all.length - 8));
      for (const value of recent) {
        expect(past.high).toBeGreaterThanOrEqual(value);
        expect(past.low).toBeLessThanOrEqual(value);
      }
    }),
  );
});

it("stays as small as its levels allow, whatever arrives (invariant 1)", () => {
  const history = new History({ capacity: 8, fold: 2, levelsMax: 3 });
  for (let index = 0; index < 10_000; index += 1) history.add(index, index);
  expect(history.levels.map((level) => level.lows.size)).toEqual([8, 8, 8]);
  history.clear();
  expect(history.levels).toEqual([]);
});

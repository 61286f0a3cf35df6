import fc from "fast-check";
import { expect, test } from "vitest";
import { HotHistogram } from "./hot-histogram.ts";
import { LogSketch } from "./log-sketch.ts";

const durations = fc.array(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), {
  minLength: 1,
  maxLength: 300,
});

test("a quantile is off by less than 0.8 % of itself (1)", () => {
  fc.assert(
    fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
      const histogram = new HotHistogram();
      for (const value of values) histogram.add(value);
      const sorted = values.toSorted((a, b) => a - b);
      const exact = sorted[Math.floor(q * (values.length - 1))] as number;
      const found = histogram.quantile(q) as number;
      expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact * 0.0079);
    }),
  );
});

test("it counts as a sketch does", () => {
  fc.assert(
    fc.property(durations, (values) => {
      const histogram = new HotHistogram();
      const sketch = new LogSketch();
      for (const value of values) {
        histogram.add(value);
        sketch.add(value);
      }
      const made = histogram.toSketch();
      expect(made.count).toBe(values.length);
      for (const q of [0.01, 0.5, 0.99, 0.999]) {
        const near = sketch.quantile(q) as number;
        expect(Math.abs((made.quantile(q) as number) - near)).toBeLessThanOrEqual(near * 0.0158);
      }
    }),
  );
});

test("what is too small or too large for a bin of its own is counted, and the extremes are exact", () => {
  const histogram = new HotHistogram();
  for (const value of [0, 1e-12, 5, 1e12]) histogram.add(value);
  expect(histogram.count).toBe(4);
  expect(histogram.min).toBe(0);
  expect(histogram.max).toBe(1e12);
  expect(histogram.toSketch().count).toBe(4);
  expect(new HotHistogram().quantile(0.5)).toBeUndefined();
});

test("a bin counts exactly beyond what 32 bits hold (2)", () => {
  const histogram = new HotHistogram();
  histogram.add(1, 2 ** 32 - 1);
  histogram.add(1);
  histogram.add(1);
  histogram.add(1000, 2 ** 32 + 2);
  expect(histogram.count).toBe(2 ** 33 + 3);
  expect(histogram.toSketch().count).toBe(2 ** 33 + 3);
  expect(histogram.quantile(0.4999)).toBeLessThan(2);
  expect(histogram.quantile(0.5001)).toBeGreaterThan(900);
});

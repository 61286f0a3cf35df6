import { inspect } from "node:util";
import fc from "fast-check";
import { expect, it } from "vitest";
import { LogSketch, type LogSketchOptions } from "./log-sketch.ts";
import { RunningMoments } from "./running-moments.ts";

const value = fc.oneof(
  fc.double({ min: -1e30, max: 1e30, noNaN: true }),
  fc.integer({ min: -1000, max: 1000 }),
  fc.double({ min: 0.001, max: 100, noNaN: true }),
);
const values = fc.array(value, { minLength: 1, maxLength: 300 });
const share = fc.double({ min: 0, max: 1, noNaN: true });

function sketchOf(all: readonly number[], options?: LogSketchOptions): LogSketch {
  const sketch = new LogSketch(options);
  for (const each of all) sketch.add(each);
  return sketch;
}

function exact(all: readonly number[], q: number): number {
  const sorted = all.toSorted((a, b) => a - b);
  return sorted[Math.floor(q * (all.length - 1))] as number;
}

/** What is too small to be a normal number counts as zero. */
const tiny = Number.MIN_VALUE * 2 ** 53;

it("a quantile is within 1 % of the exact one, and within the extremes (invariant 1)", () => {
  fc.assert(
    fc.property(values, share, (all, q) => {
      const sketch = sketchOf(all);
      const found = sketch.quantile(q) as number;
      const wanted = exact(all, q);
      expect(sketch.relativeError).toBeLessThan(0.01);
      expect(Math.abs(found - wanted)).toBeLessThanOrEqual(Math.abs(wanted) * 0.008 + tiny);
      expect(found).toBeGreaterThanOrEqual(Math.min(...all));
      expect(found).toBeLessThanOrEqual(Math.max(...all));
    }),
  );
});

it("count, sum, extremes and deviation are those of the values", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 1 }), (all) => {
      const sketch = sketchOf(all);
      const sum = all.reduce((total, each) => total + each, 0);
      const squares = all.reduce((total, each) => total + (each - sum / all.length) ** 2, 0);
      expect(sketch.count).toBe(all.length);
      expect(sketch.sum).toBeCloseTo(sum, 3);
      expect(sketch.stdDev).toBeCloseTo(Math.sqrt(squares / all.length), 3);
      expect([sketch.min, sketch.max]).toEqual([Math.min(...all), Math.max(...all)]);
    }),
  );
});

it("merging the parts gives the sketch of the whole, in any order (invariant 2)", () => {
  fc.assert(
    fc.property(values, values, share, (left, right, q) => {
      const merged = sketchOf(left);
      merged.merge(sketchOf(right));
      const backwards = sketchOf(right);
      backwards.merge(sketchOf(left));
      const whole = sketchOf([...left, ...right]);
      expect(merged.quantile(q)).toBe(whole.quantile(q));
      expect(backwards.quantile(q)).toBe(whole.quantile(q));
      expect(merged.count).toBe(whole.count);
    }),
  );
});

it("sketches of different resolution merge at the coarser one's error, either way", () => {
  fc.assert(
    fc.property(values, values, share, (left, right, q) => {
      const intoFine = sketchOf(left);
      intoFine.merge(sketchOf(right, { bits: 4 }));
      const intoCoarse = sketchOf(right, { bits: 4 });
      intoCoarse.merge(sketchOf(left));
      const wanted = exact([...left, ...right], q);
      for (const merged of [intoFine, intoCoarse]) {
        expect(merged.bits).toBe(4);
        const off = Math.abs((merged.quantile(q) as number) - wanted);
        expect(off).toBeLessThanOrEqual(Math.abs(wanted) / 32 + tiny);
      }
    }),
  );
});

it("never holds more bins than allowed; the error doubles instead (invariant 3)", () => {
  fc.assert(
    fc.property(values, values, share, (left, right, q) => {
      const sketch = sketchOf(left, { binsMax: 40 });
      sketch.merge(sketchOf(right));
      if (sketch.bits > 0) expect(sketch.binCount).toBeLessThanOrEqual(40);
      const wanted = exact([...left, ...right], q);
      const off = Math.abs((sketch.quantile(q) as number) - wanted);
      expect(off).toBeLessThanOrEqual(Math.abs(wanted) * sketch.relativeError + tiny);
    }),
  );
});

it("what was encoded decodes to the same bins; other text decodes to nothing", () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 300 }), share, fc.nat(), (all, q, cut) => {
      const sketch = sketchOf(all);
      const text = sketch.encode();
      const read = LogSketch.decode(text) as LogSketch;
      expect([read.count, read.binCount, read.bits]).toEqual([
        sketch.count,
        sketch.binCount,
        sketch.bits,
      ]);
      if (all.length > 0) {
        const wanted = sketch.quantile(q) as number;
        const off = Math.abs((read.quantile(q) as number) - wanted);
        expect(off).toBeLessThanOrEqual(Math.abs(wanted) * 1e-6 + 1e-38);
      }
      expect(LogSketch.decode(text.slice(0, cut % text.length))).toBeUndefined();
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const read = LogSketch.decode(text);
      if (read) expect(read.encode().length).toBeGreaterThan(0);
    }),
  );
});

it("is small: ten minutes of a latency take less than 300 bytes", () => {
  const all = Array.from({ length: 600 }, (_, index) => 12 + 3 * Math.sin(index) + (index % 7));
  expect(sketchOf(all).encode().length).toBeLessThan(300);
});

it("reads well where it is printed as JSON or shown", () => {
  const sketch = new LogSketch();
  expect(JSON.stringify({ sketch })).toBe('{"sketch":{"count":0}}');
  for (let value = 1; value <= 1000; value += 1) sketch.add(value);
  const read = JSON.parse(JSON.stringify(sketch)) as Record<string, number>;
  expect(Object.keys(read)).toEqual(["count", "mean", "min", "p50", "p95", "p99", "max"]);
  expect(read).toMatchObject({ count: 1000, mean: 500.5, min: 1, max: 1000 });
  for (const [name, exact] of Object.entries({ p50: 500, p95: 950, p99: 990 })) {
    expect(Math.abs((read[name] ?? 0) / exact - 1)).toBeLessThan(0.01);
  }
  expect(inspect(sketch)).toBe(inspect(read));
});

it("refuses what is no number", () => {
  const sketch = new LogSketch();
  expect([Number.NaN, Number.POSITIVE_INFINITY].map((each) => sketch.add(each))).toEqual([
    false,
    false,
  ]);
  expect([sketch.count, sketch.quantile(0.5)]).toEqual([0, undefined]);
});

it("moments of the parts merge into those of the whole", () => {
  const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(fc.array(number), fc.array(number), (left, right) => {
      const momentsOf = (all: readonly number[]): RunningMoments => {
        const moments = new RunningMoments();
        for (const each of all) moments.add(each);
        return moments;
      };
      const merged = momentsOf(left);
      merged.merge(momentsOf(right));
      const whole = momentsOf([...left, ...right]);
      expect(merged.count).toBe(whole.count);
      expect(merged.mean).toBeCloseTo(whole.mean, 4);
      expect(merged.stdDev).toBeCloseTo(whole.stdDev, 3);
    }),
  );
});

import fc from "fast-check";
import { expect, it } from "vitest";
import { bucketsQuantile, toExponentialBuckets } from "./exponential-buckets.ts";
import { LogSketch } from "./log-sketch.ts";

/** Milliseconds between a tenth of a microsecond and three hours: within a sketch of 6 bits. */
const latencies = fc.array(
  fc.oneof(
    fc.double({ min: 0.001, max: 30, noNaN: true }),
    fc.double({ min: 0.5, max: 10_000, noNaN: true }),
    fc.constant(0),
  ),
  { minLength: 1, maxLength: 300 },
);
const share = fc.double({ min: 0, max: 1, noNaN: true });

it("a quantile of the buckets is within 1 % of the values, and no count is lost (1)", () => {
  fc.assert(
    fc.property(latencies, share, (all, q) => {
      const sketch = new LogSketch();
      for (const each of all) sketch.add(each);
      fc.pre(sketch.bits === 6);
      const buckets = toExponentialBuckets(sketch, 0.001);
      const counted = buckets.positive.counts.reduce((sum, each) => sum + each, buckets.zeroCount);
      expect(counted).toBe(all.length);
      const sorted = all.toSorted((a, b) => a - b);
      const wanted = (sorted[Math.floor(q * (all.length - 1))] as number) / 1000;
      const found = bucketsQuantile(buckets, q) as number;
      expect(Math.abs(found - wanted)).toBeLessThanOrEqual(wanted * 0.01);
    }),
    { numRuns: 2000 },
  );
});

it("the edges of bins, where the error is largest, are within 1 % as well (1)", () => {
  let worst = 0;
  for (let turn = 0; turn < 100; turn += 1) {
    const factor = 2 ** (turn / 100);
    for (let bin = 0; bin < 64; bin += 1) {
      for (const edge of [bin / 64, (bin + 1) / 64 - 1e-12]) {
        const sketch = new LogSketch();
        sketch.add(1 + edge);
        const found = bucketsQuantile(toExponentialBuckets(sketch, factor), 0.5) as number;
        worst = Math.max(worst, Math.abs(found / factor / (1 + edge) - 1));
      }
    }
  }
  expect(worst).toBeLessThan(0.01);
});

it("negative values have buckets of their own", () => {
  const sketch = new LogSketch();
  for (const each of [-4, -4, 0, 3]) sketch.add(each);
  const { zeroCount, positive, negative } = toExponentialBuckets(sketch);
  expect([zeroCount, sum(positive.counts), sum(negative.counts)]).toEqual([1, 1, 2]);
});

it("values that lie too far apart cost resolution, never memory (2)", () => {
  const sketch = new LogSketch();
  for (const each of [1e-300, 1e300]) sketch.add(each);
  const { scale, positive } = toExponentialBuckets(sketch);
  expect([scale, positive.counts.length < 16_384, sum(positive.counts)]).toEqual([3, true, 2]);
});

it("nothing has no quantile", () => {
  expect(bucketsQuantile(toExponentialBuckets(new LogSketch()), 0.5)).toBe(undefined);
});

function sum(counts: readonly number[]): number {
  return counts.reduce((total, each) => total + each, 0);
}

/**
 * A sketch as the exponential histogram of OpenTelemetry: bucket `i` holds what lies in
 * (base^i, base^(i+1)], where base = 2^(2^-scale).
 *
 * Each bin of the sketch goes whole into the bucket of its middle, so no count is split. A sketch
 * of 6 bits is off by 0.78 % at most, a bucket of scale 8 by 0.14 %:
 *
 * 1. A quantile read from the buckets is within 1 % of the values that the sketch was given, when
 *    that has 6 bits; and the counts add up to the sketch's.
 * 2. At most `bucketsMax` buckets a side: for values that lie farther apart than any durations do
 *    (a factor of 1e19), the scale goes down until they fit.
 */
import type { LogSketch } from "./log-sketch.ts";

export interface ExponentialBuckets {
  readonly scale: number;
  readonly zeroCount: number;
  readonly positive: Buckets;
  readonly negative: Buckets;
}

interface Buckets {
  /** The index of the first count. */
  readonly offset: number;
  readonly counts: readonly number[];
}

/** Two more than the bits of the sketch: then what a bucket adds to its error is a sixth of it. */
const finer = 2;
const bucketsMax = 16_384;

/** `factor` turns the sketch's unit into that of the buckets: 0.001 for milliseconds to seconds. */
export function toExponentialBuckets(sketch: LogSketch, factor = 1): ExponentialBuckets {
  const scale = scaleFor(sketch);
  const positive = new Map<number, number>();
  const negative = new Map<number, number>();
  let zeroCount = 0;
  sketch.forEachBin((middle, count) => {
    const value = middle * factor;
    if (value === 0) {
      zeroCount += count;
      return;
    }
    const side = value > 0 ? positive : negative;
    const index = Math.ceil(Math.log2(Math.abs(value)) * 2 ** scale) - 1;
    side.set(index, (side.get(index) ?? 0) + count);
  });
  return { scale, zeroCount, positive: dense(positive), negative: dense(negative) };
}

function scaleFor(sketch: LogSketch): number {
  let smallest = Number.POSITIVE_INFINITY;
  let largest = 0;
  sketch.forEachBin((middle) => {
    const size = Math.abs(middle);
    if (size > 0) smallest = Math.min(smallest, size);
    largest = Math.max(largest, size);
  });
  const octaves = largest > 0 ? Math.log2(largest) - Math.log2(smallest) : 0;
  let scale = sketch.bits + finer;
  while (octaves * 2 ** scale >= bucketsMax - 1) scale -= 1;
  return scale;
}

/** The geometric middle of bucket `index`: what a value of it is taken for. */
function bucketMiddle(scale: number, index: number): number {
  return 2 ** ((index + 0.5) / 2 ** scale);
}

/** As `LogSketch.quantile`, or undefined of empty buckets. Only what is not negative counts. */
export function bucketsQuantile(buckets: ExponentialBuckets, q: number): number | undefined {
  const { scale, zeroCount, positive } = buckets;
  const total = positive.counts.reduce((sum, each) => sum + each, zeroCount);
  if (total === 0) return undefined;
  let left = Math.floor(Math.min(1, Math.max(0, q)) * (total - 1)) - zeroCount;
  if (left < 0) return 0;
  for (const [place, count] of positive.counts.entries()) {
    left -= count;
    if (left < 0) return bucketMiddle(scale, positive.offset + place);
  }
  return undefined;
}

function dense(counts: ReadonlyMap<number, number>): Buckets {
  if (counts.size === 0) return { offset: 0, counts: [] };
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const index of counts.keys()) {
    first = Math.min(first, index);
    last = Math.max(last, index);
  }
  const filled = Array.from({ length: last - first + 1 }, (_, place) => counts.get(first + place));
  return { offset: first, counts: filled.map((count) => count ?? 0) };
}

/**
 * The slope of a cloud of points and whether it has one at all, both by looking at pairs: outliers
 * cannot pull the median of all pairwise slopes (Theil and Sen), and counting how many pairs rise
 * (Mann and Kendall) needs no assumption about the noise.
 */
import type { Ring } from "./ring.ts";

/** The points `from` (inclusive) to `to` (exclusive) of a ring. */
export interface Span {
  readonly ring: Ring;
  readonly from: number;
  readonly to: number;
}

export interface Line {
  readonly slopePerMs: number;
  /** Rising minus falling pairs. */
  readonly kendallS: number;
  /** The median distance of the points from the line. */
  readonly spread: number;
}

/** The line through at least two points; points of the same time say nothing about the slope. */
export function lineThrough({ ring, from, to }: Span): Line {
  const slopes: number[] = [];
  let kendallS = 0;
  for (let later = from + 1; later < to; later += 1) {
    const atMs = ring.timeAt(later);
    const value = ring.valueAt(later);
    for (let earlier = from; earlier < later; earlier += 1) {
      const rise = value - ring.valueAt(earlier);
      const elapsedMs = atMs - ring.timeAt(earlier);
      kendallS += Math.sign(rise);
      if (elapsedMs > 0) slopes.push(rise / elapsedMs);
    }
  }
  const slopePerMs = median(slopes);
  const intercepts: number[] = [];
  const beginMs = ring.timeAt(from);
  for (let index = from; index < to; index += 1) {
    intercepts.push(ring.valueAt(index) - slopePerMs * (ring.timeAt(index) - beginMs));
  }
  const middle = median(intercepts);
  const spread = median(intercepts.map((intercept) => Math.abs(intercept - middle)));
  return { slopePerMs, kendallS, spread };
}

/**
 * Do clearly more pairs rise than chance would have it? Three standard deviations of the count, or
 * every single pair where there are too few points for that.
 */
export function rises(kendallS: number, count: number): boolean {
  const pairs = (count * (count - 1)) / 2;
  const deviation = Math.sqrt((count * (count - 1) * (2 * count + 5)) / 18);
  return kendallS > 0 && kendallS >= Math.min(pairs, 3 * deviation + 1);
}

/** Zero for an empty list. Sorts the list that it is given. */
function median(values: number[]): number {
  if (values.length === 0) return 0;
  values.sort((a, b) => a - b);
  const middle = values.length >> 1;
  const upper = values[middle] as number;
  return values.length % 2 === 1 ? upper : ((values[middle - 1] as number) + upper) / 2;
}

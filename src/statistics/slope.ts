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
  /** The median distance of the points from the line. */
  readonly spread: number;
}

/** The line through at least two points; points of the same time say nothing about the slope. */
export function lineThrough({ ring, from, to }: Span): Line {
  const scratch = scratchOf(((to - from) * (to - from - 1)) / 2);
  let slopes = 0;
  for (let later = from + 1; later < to; later += 1) {
    const atMs = ring.timeAt(later);
    const value = ring.valueAt(later);
    for (let earlier = from; earlier < later; earlier += 1) {
      const elapsedMs = atMs - ring.timeAt(earlier);
      if (elapsedMs <= 0) continue;
      scratch[slopes] = (value - ring.valueAt(earlier)) / elapsedMs;
      slopes += 1;
    }
  }
  const slopePerMs = median(scratch, slopes);
  const count = to - from;
  const beginMs = ring.timeAt(from);
  const heightAt = (index: number): number =>
    ring.valueAt(index) - slopePerMs * (ring.timeAt(index) - beginMs);
  for (let index = 0; index < count; index += 1) scratch[index] = heightAt(from + index);
  const middle = median(scratch, count);
  for (let index = 0; index < count; index += 1) {
    scratch[index] = Math.abs(heightAt(from + index) - middle);
  }
  return { slopePerMs, spread: median(scratch, count) };
}

/** Rising minus falling pairs (the S of Mann and Kendall). */
export function kendallOf({ ring, from, to }: Span): number {
  let rising = 0;
  for (let later = from + 1; later < to; later += 1) {
    const value = ring.valueAt(later);
    for (let earlier = from; earlier < later; earlier += 1) {
      const before = ring.valueAt(earlier);
      if (value > before) rising += 1;
      else if (value < before) rising -= 1;
    }
  }
  return rising;
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

/** Filled and emptied within one call of `lineThrough`: hundreds of numbers a call are garbage. */
let shared = new Float64Array(512);

function scratchOf(length: number): Float64Array {
  if (shared.length < length) shared = new Float64Array(length);
  return shared;
}

/** Of the first `count` values, which it reorders; zero when there are none. */
function median(values: Float64Array, count: number): number {
  if (count === 0) return 0;
  const middle = count >> 1;
  const upper = select(values, middle, count);
  if (count % 2 === 1) return upper;
  // The values below the place of the upper one are the lower half.
  let lower = values[0] as number;
  for (let index = 1; index < middle; index += 1) {
    const value = values[index] as number;
    if (value > lower) lower = value;
  }
  return (lower + upper) / 2;
}

/**
 * The value that would stand at `place` if the first `count` were sorted; smaller ones end up
 * before it (Hoare's quickselect, the middle value as pivot).
 */
function select(values: Float64Array, place: number, count: number): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1] as number;
    let up = low;
    let down = high;
    while (up <= down) {
      while ((values[up] as number) < pivot) up += 1;
      while ((values[down] as number) > pivot) down -= 1;
      if (up > down) break;
      const swapped = values[up] as number;
      values[up] = values[down] as number;
      values[down] = swapped;
      up += 1;
      down -= 1;
    }
    if (place <= down) high = down;
    else if (place >= up) low = up;
    else break;
  }
  return values[place] as number;
}

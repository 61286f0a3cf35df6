/**
 * How unusual is a value, in units of the usual spread? Like a z-score, but from quantiles: a few
 * wild values of the past neither widen the spread nor move the middle, and each side has its own
 * spread, because a latency has a long tail above and none below.
 *
 * 1. Undefined from fewer than `countMin` values.
 * 2. Positive above the median, negative below, 0 at it; farther away is never less unusual.
 * 3. A series that hardly moves has a spread all the same (`floorShare` of its median, `floor`):
 *    a change by rounding is nothing.
 */
import type { BaselineSummary } from "./baseline.ts";

export interface DeviationOptions {
  readonly countMin?: number;
  /** The smallest spread, as a share of the median. */
  readonly floorShare?: number;
  /** The smallest spread, in the unit of the series: what nobody cares about. */
  readonly floor?: number;
}

/** Where these quantiles of a normal distribution lie, in standard deviations. */
const normal = { p95: 1.645, p99: 2.326 } as const;

export function deviation(
  value: number,
  baseline: BaselineSummary,
  { countMin = 30, floorShare = 0.02, floor = 1e-3 }: DeviationOptions = {},
): number | undefined {
  if (baseline.count < countMin || !Number.isFinite(value)) return undefined;
  const distance = value - baseline.p50;
  const near = distance >= 0 ? baseline.p95 - baseline.p50 : baseline.p50 - baseline.p05;
  const far = distance >= 0 ? baseline.p99 - baseline.p50 : baseline.p50 - baseline.p01;
  const spread = Math.max(
    near / normal.p95,
    far / normal.p99,
    floorShare * Math.abs(baseline.p50),
    floor,
  );
  return distance / spread;
}

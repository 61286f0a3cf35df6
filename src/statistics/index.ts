/**
 * Statistics of series of numbers: what is usual (sketches, moments, baselines) and where it is
 * going (histories, trends). Pure and small: plain arithmetic on typed arrays, bounded memory per
 * series, the time is always handed in. Also how they are told to others: as an exponential
 * histogram, and as text for a scraper.
 */
export {
  Baseline,
  type BaselineSummary,
  type BaselineWindow,
} from "./baseline.ts";
export { type Burst, BurstWatch } from "./burst.ts";
export { type DeviationOptions, deviation } from "./deviation.ts";
export {
  bucketsQuantile,
  type ExponentialBuckets,
  toExponentialBuckets,
} from "./exponential-buckets.ts";
export {
  contentTypes,
  type Family,
  formatFor,
  type LabelledHistogram,
  type Labels,
  type Sample,
  writeExposition,
} from "./exposition.ts";
export { type Growth, GrowthJudge } from "./growth.ts";
export { type Hang, HangJudge, type HangOptions, type Latencies } from "./hang.ts";
export { History, type HistoryOptions } from "./history.ts";
export { HotHistogram } from "./hot-histogram.ts";
export { LogSketch, type LogSketchOptions } from "./log-sketch.ts";
export { Onsets, type Relation, relationOf } from "./onsets.ts";
export { ResultShape, type Suspicion } from "./result-shape.ts";
export { type TrendOptions, timeToLimitMs } from "./trend.ts";

/**
 * Statistics of series of numbers: what is usual (sketches, moments, baselines) and where it is
 * going (histories, trends). Pure and small: plain arithmetic on typed arrays, bounded memory per
 * series, the time is always handed in.
 */
export {
  Baseline,
  type BaselineSummary,
  type BaselineWindow,
} from "./baseline.ts";
export { type DeviationOptions, deviation } from "./deviation.ts";
export { History, type HistoryOptions } from "./history.ts";
export { HotHistogram } from "./hot-histogram.ts";
export { LogSketch, type LogSketchOptions } from "./log-sketch.ts";
export { type TrendOptions, timeToLimitMs } from "./trend.ts";

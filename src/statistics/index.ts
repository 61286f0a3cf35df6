/**
 * Statistics of series of numbers: what is usual (sketches, moments, baselines) and where it is
 * going (histories, trends). Pure and small: plain arithmetic on typed arrays, bounded memory per
 * series, the time is always handed in.
 */
export { History, type HistoryOptions } from "./history.ts";
export { Ring } from "./ring.ts";
export { type TrendOptions, timeToLimitMs } from "./trend.ts";

/**
 * Analyze: is something wrong, and what is the cause? Detectors judge the observations of one
 * resource; incidents gather failures by dependency and time. A new detector is one file in
 * `detectors/` and its line in `attach.ts`.
 */
export {
  type Analysis,
  type AnalyzeState,
  adopt,
  analyze,
  createAnalyzeState,
  restoreAnalysis,
} from "./analyze.ts";
export type { Outcome } from "./incidents-state.ts";
export { type Evidence, healthOf, type Trend, trendsOf } from "./judge.ts";
export { reasonNow, reasonOfFault } from "./last-word.ts";

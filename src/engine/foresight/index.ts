/**
 * What will go wrong, and what should be set differently: predictions and recommendations from what
 * was measured, and changes that are watched and undone when they do not help. Pure: looks, time
 * and settings are handed in.
 */
export {
  type FailingOperation,
  FailingOperations,
  wordsForFailing,
} from "./failing-operations.ts";
export { Optimizer, type OptimizerHouse, type OptimizerOptions, type Place } from "./optimizer.ts";
export {
  IssueForecast,
  type IssueKind,
  type Looked,
  type OperationLimits,
  type Prediction,
  type ProcessUse,
} from "./predict-issues.ts";
export type { Change, Goal, Recommendation } from "./recommend.ts";
export { type SlowOperation, SlowOperations } from "./slow-operations.ts";
export type { Trial, TrialRules } from "./trial.ts";

/**
 * Recovery beside the calls: strategies by type of failure, verified on fresh evidence, undone when
 * they did not help, written down all the same.
 */
export { FailoverStrategy, RetryStrategy } from "./built-in-strategies.ts";
export type {
  ActionRow,
  ActionStatus,
  FailedOperation,
  FailureEvent,
  FailureRow,
  RecoveryAttempt,
  Severity,
} from "./failure.ts";
export { fileRecoveryStore } from "./file-recovery-store.ts";
export {
  type Means,
  MeansStrategy,
  type MeansWord,
  meansOf,
  meansWords,
  type RecoveryMeans,
} from "./means.ts";
export { RecoveryEngine } from "./recovery-engine.ts";
export type { Recovery, RecoveryEngineOptions, RecoveryOutcome } from "./recovery-options.ts";
export { memoryRecoveryStore, type RecoveryRecords, type RecoveryStore } from "./recovery-store.ts";
export type { RecoveryContext, RecoveryResult, RecoveryStrategy } from "./recovery-strategy.ts";
export { sqliteRecoveryStore } from "./sqlite-recovery-store.ts";

/**
 * The in-process engine: what a service loads to protect itself. It wraps, measures, protects and
 * tells; it loads no package, and leaves fleets, incidents and healing from outside to the daemon.
 */

export {
  type BreakerStateStore,
  Circuit,
  CircuitBreakerRegistry,
  type CircuitOptions,
  type CircuitState,
  fileStateStore,
  folderBoard,
  memoryStateStore,
  Quorum,
  type QuorumOptions,
  type RegistryOptions,
  redisBoard,
  redisStateStore,
  type SavedBreaker,
  sqliteStateStore,
  type Vote,
  type VoteBoard,
} from "./breaker-states/index.ts";
export { createEngine } from "./create-engine.ts";
export {
  type EngineOptions,
  type Explanation,
  InfrastructureReliabilityEngine,
} from "./engine.ts";
export type { ErrorPath, ErrorRelation, ErrorReport, ErrorsReport } from "./errors/index.ts";
export type {
  EngineEventHub,
  EngineEvents,
  ErrorPattern,
  EventName,
  MonitorFinding,
  NamedError,
  Notice,
  RecoverySuccess,
  RequestIds,
  ServiceError,
  SilentError,
} from "./events.ts";
export type { Optimization, OptimizeOptions } from "./facade/foresight.ts";
export { type FailoverChoice, type FailoverFunction, failover } from "./failover.ts";
export type { Prediction, Recommendation, Trial } from "./foresight/index.ts";
export type { AdoptOptions, HandedMonitors, MonitorReport } from "./monitors/index.ts";
export type { CallMeter, Decisions, EngineView, OpenCall, OperationReport } from "./operation.ts";
export {
  type BulkheadChoice,
  bulkhead,
  type CircuitBreakerChoice,
  circuitBreaker,
  type Duration,
  fallback,
  type HedgeChoice,
  hedge,
  pipeline,
  type RateLimitChoice,
  type RetryChoice,
  rateLimit,
  retry,
  type TimeoutChoice,
  timeout,
} from "./policies.ts";
export {
  type ActionRow,
  type FailedOperation,
  FailoverStrategy,
  type FailureEvent,
  type FailureRow,
  fileRecoveryStore,
  type Means,
  memoryRecoveryStore,
  type Recovery,
  type RecoveryContext,
  RecoveryEngine,
  type RecoveryEngineOptions,
  type RecoveryMeans,
  type RecoveryOutcome,
  type RecoveryResult,
  type RecoveryStore,
  type RecoveryStrategy,
  RetryStrategy,
  sqliteRecoveryStore,
} from "./recovery/index.ts";
export type {
  EngineSettings,
  Explained,
  OperationSettings,
  SettingProblem,
} from "./settings/index.ts";
export type { WatchProcessOptions } from "./silent/index.ts";
export { tellDaemon } from "./tell-daemon.ts";
export type { RegisterOptions, WrapOptions } from "./wrap-options.ts";

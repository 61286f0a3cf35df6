/**
 * Policies for calls that may fail: when to call, whether to call again, whom to call instead.
 * Pure: time, timers and chance are handed in as `Tools`.
 */
export {
  type Backoff,
  type BackoffOptions,
  exponential,
  type Jitter,
} from "./backoff.ts";
export { Breaker, type PhaseListener, refused } from "./breaker/breaker.ts";
export { type BreakerOptions, breakerDefaults, breakerOff } from "./breaker/breaker-options.ts";
export {
  Bulkhead,
  type BulkheadOptions,
  type BulkheadReport,
  type Leave,
} from "./bulkhead/bulkhead.ts";
export {
  type Classify,
  type ErrorCategory,
  errorCategories,
  type Judgement,
} from "./category.ts";
export { CircuitBreaker, type CircuitBreakerOptions } from "./circuit-breaker/circuit-breaker.ts";
export { createClassify, judgeCall } from "./classify/classify.ts";
export {
  messageIn,
  nameOf,
  read,
  readList,
  readNumber,
  readText,
} from "./classify/read.ts";
export { sayCategory } from "./classify/said-category.ts";
export type {
  BreakerPhase,
  Decided,
  Decision,
  DecisionKind,
  RetryRefusal,
  Witness,
} from "./decision.ts";
export {
  AllFailedError,
  BulkheadError,
  CallTimeoutError,
  CircuitBreakerError,
  isPolicyError,
  PolicyError,
  type PolicyErrorCode,
  RateLimitError,
} from "./errors.ts";
export {
  Failover,
  type FailoverOptions,
  type ProviderAttempt,
  type WorkOf,
} from "./failover/failover.ts";
export {
  type Alternative,
  type AlternativeReport,
  type Member,
  type Preference,
  Ring,
  type RingOptions,
} from "./failover/ring.ts";
export { Fallback, type FallbackOptions, type FindAnswer } from "./fallback/fallback.ts";
export { harmless } from "./harmless.ts";
export { Hedge, type HedgeOptions } from "./hedge/hedge.ts";
export { ManualTools, outcome } from "./manual-tools.ts";
export { Pipeline } from "./pipeline.ts";
export type { Attempt, CallOptions, Policy, Work } from "./policy.ts";
export { CellRate } from "./rate-limit/cell-rate.ts";
export { RateLimit, type RateLimitOptions } from "./rate-limit/rate-limit.ts";
export { decideRetry, type RetryVerdict } from "./retry/decide-retry.ts";
export { Retry, type RetryOptions } from "./retry/retry.ts";
export {
  RetryBudget,
  type RetryBudgetOptions,
  type RetryBudgetReport,
} from "./retry/retry-budget.ts";
export { sleep } from "./sleep.ts";
export { Timeout, type TimeoutOptions } from "./timeout/timeout.ts";
export type { Late } from "./timeout/within.ts";
export type { Tools } from "./tools.ts";
export { Witnesses } from "./witnesses.ts";

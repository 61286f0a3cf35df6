/**
 * Policies for calls that may fail: when to call, whether to call again, whom to call instead.
 * Pure: time, timers and chance are handed in as `Tools`.
 */
export { type Backoff, exponential } from "./backoff.ts";
export { Breaker, type PhaseListener, refused } from "./breaker/breaker.ts";
export { type BreakerOptions, breakerDefaults } from "./breaker/breaker-options.ts";
export {
  type Classify,
  type ErrorCategory,
  errorCategories,
  type Judgement,
} from "./category.ts";
export { createClassify, judgeCall } from "./classify/classify.ts";
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
export { ManualTools } from "./manual-tools.ts";
export type { Attempt, CallOptions, Policy, Work } from "./policy.ts";
export { decideRetry, type RetryVerdict } from "./retry/decide-retry.ts";
export { RetryBudget } from "./retry/retry-budget.ts";
export type { Tools } from "./tools.ts";

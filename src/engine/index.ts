/**
 * The in-process engine: what a service loads to protect itself. It wraps, measures, protects and
 * tells; it loads no package, and leaves fleets, incidents and healing from outside to the daemon.
 */
export {
  createEngine,
  type EngineOptions,
  InfrastructureReliabilityEngine,
  type WrapOptions,
} from "./engine.ts";
export { type FailoverChoice, type FailoverFunction, failover } from "./failover.ts";
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

/**
 * Is this service well? The checks that a service has of its own, the built-in ones, and the
 * endpoint that tells the answer to others. What to do about it is left to those who ask.
 */
export {
  type CheckResult,
  type HealthAnswer,
  type HealthCheck,
  type HealthReport,
  type HealthStatus,
  readAnswer,
  worstOf,
} from "./check.ts";
export { type CpuCheckOptions, cpuCheck, cpuCheckBy, type ShareLimits } from "./cpu-check.ts";
export { type DiskCheckOptions, diskCheck } from "./disk-check.ts";
export { type EventLoopCheckOptions, eventLoopCheck } from "./event-loop-check.ts";
export {
  type HealthDocument,
  type HealthDocumentOptions,
  healthMediaType,
  toHealthDocument,
} from "./health-document.ts";
export { type HealthSource, healthHandler, healthRoute } from "./health-handler.ts";
export { healthMetrics } from "./health-metrics.ts";
export { databaseCheck, type LatencyCheckOptions, redisCheck } from "./latency-check.ts";
export { type MemoryCheckOptions, memoryCheck, memoryCheckBy } from "./memory-check.ts";
export { HealthCheckRegistry, type HealthCheckRegistryOptions } from "./registry.ts";
export { healthQuery } from "./shown-report.ts";

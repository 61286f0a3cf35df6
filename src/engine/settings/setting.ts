/**
 * Everything that can be set of an engine, under one name each, with its type. A value may be said
 * of the whole engine, of a service, or of one method; the narrower place wins, and of several
 * sources that speak of the same place the stronger one (S1 to S3 in `engine-settings.ts`).
 */
import type { engineParts, Mode } from "../../kernel/index.ts";

export type Part = (typeof engineParts)[number];

/** Which calls may be made again. */
export type RetryPermission =
  /** The operation was declared idempotent: any that failed for a passing reason. */
  | "declared_idempotent"
  /** Nobody has said anything: only those that provably never began. */
  | "never_started"
  /** The service retries by itself. */
  | "never";

export const switchNames = [
  "engine",
  "selfHealing",
  "instrumentation",
  "healthMonitoring",
  "breakers",
  "autoRecovery",
  "retry",
  "failover",
  "silentErrors",
  "predictions",
] as const;

export type SwitchName = (typeof switchNames)[number];

/** Of the whole engine only. */
export interface EngineValues extends Record<`switches.${SwitchName}`, boolean> {
  /** False: `wrap` returns what it was handed. */
  readonly "integration.wrapExistingServices": boolean;
  /** False: monitors that were handed in are listed, and neither heard nor asked. */
  readonly "integration.enhanceExistingMonitors": boolean;
  /** False: the engine does not show itself to the daemon that has started it. */
  readonly "integration.unifiedDashboard": boolean;
  readonly "thresholds.errorRate": number;
  /** The p95 of an operation. */
  readonly "thresholds.responseTimeMs": number;
  /** Shares. Health checks go by their own limits until somebody sets these. */
  readonly "thresholds.memoryUsage": number;
  readonly "thresholds.cpuUsage": number;
  readonly "telemetry.batchSize": number;
  readonly "telemetry.flushIntervalMs": number;
  readonly "telemetry.redisStreamKey": string;
  readonly "telemetry.redisUrl": string | undefined;
  readonly "health.intervalMs": number;
  readonly "health.timeoutMs": number;
  readonly "alerts.email": boolean;
  readonly "alerts.sms": boolean;
  readonly "alerts.webhookUrl": string | undefined;
}

/** Of the engine, a service, or a method. */
export interface CallValues {
  readonly mode: Mode;
  readonly limitedTo: readonly Part[];
  /** 0: none. */
  readonly timeoutMs: number;
  readonly "retry.permission": RetryPermission;
  /** Calls at most, the first one included. */
  readonly "retry.attempts": number;
  readonly "retry.delayMs": number;
  readonly "retry.growth": number;
  readonly "retry.delayMaxMs": number;
  /** Share of retries among all calls. */
  readonly "retry.budget": number;
  readonly "breaker.enabled": boolean;
  readonly "breaker.failureThreshold": number;
  readonly "breaker.successThreshold": number;
  readonly "breaker.resetTimeoutMs": number;
  readonly "breaker.resetGrowth": number;
  readonly "breaker.resetTimeoutMaxMs": number;
  readonly "breaker.failureRate": number | undefined;
  readonly "breaker.slowCallRate": number | undefined;
  readonly "breaker.slowCallMs": number;
  readonly "breaker.windowMs": number;
  readonly "breaker.minimumCalls": number;
  /** Calls under way at once; undefined: no limit. */
  readonly "bulkhead.limit": number | undefined;
  readonly "bulkhead.queue": number;
  /** Calls per second; undefined: no limit. Set over the control channel. */
  readonly "rate.perSecond": number | undefined;
  readonly strategies: readonly string[];
  /** A URL, a path on the service's address, or `custom`. */
  readonly healthCheck: string | undefined;
  /** Where the service listens: `http://127.0.0.1:4102`. */
  readonly address: string | undefined;
}

export type SettingValues = EngineValues & CallValues;
export type SettingName = keyof SettingValues;

/** One value that somebody has set. */
export interface Entry<K extends SettingName = SettingName> {
  readonly service?: string | undefined;
  readonly method?: string | undefined;
  readonly leaf: K;
  readonly value: SettingValues[K];
  /** In the words of its source: `services.chat.retry.attempts`, `CIRCUIT_BREAKER_TIMEOUT_MS`. */
  readonly key: string;
  /** `config/reliability.yml:3:14`, `environment variable RETRY_STRATEGY_ENABLED`. */
  readonly from: string;
}

/** All entries of one source. */
export interface Layer {
  readonly name: "code" | "files" | "environment" | "runtime";
  readonly entries: readonly Entry[];
}

/**
 * The tables of the seed, row by row, with its columns in camelCase. Times are wall milliseconds.
 * `id` is given by the store.
 */
import type { JsonRecord } from "../kernel/index.ts";
import type { FailureCategory, Severity } from "./failure.ts";
import type { Unit } from "./observation.ts";

export interface FailureRow {
  readonly id: number;
  readonly eventId: string;
  readonly timestamp: number;
  readonly failureCategory: FailureCategory;
  readonly failureType: string;
  readonly severity: Severity;
  readonly affectedService: string;
  readonly errorMessage: string | null;
  readonly errorStack: string | null;
  readonly context: JsonRecord | null;
  readonly detectionMethod: string;
  readonly userId: string | null;
  readonly requestId: string | null;
  readonly resolved: boolean;
  readonly resolvedAt: number | null;
  readonly createdAt: number;
}

export interface ActionRow {
  readonly id: number;
  readonly actionId: string;
  /** Null for what a person asked for without a failure. */
  readonly failureEventId: number | null;
  readonly timestamp: number;
  readonly actionType: string;
  readonly actionStrategy: string;
  readonly status: "initiated" | "in_progress" | "succeeded" | "failed" | "rolled_back";
  readonly automated: boolean;
  readonly triggeredBy: string | null;
  readonly parameters: JsonRecord | null;
  readonly result: JsonRecord | null;
  readonly durationMs: number | null;
  readonly completedAt: number | null;
  readonly createdAt: number;
}

export interface MetricRow {
  readonly timestamp: number;
  readonly metricType: string;
  readonly metricName: string;
  readonly value: number;
  readonly unit: string;
  readonly tags: Readonly<Record<string, string>> | null;
  readonly source: string;
}

export interface BaselineRow {
  readonly metricType: string;
  readonly metricName: string;
  readonly source: string;
  readonly timeWindow: "1h" | "24h" | "7d";
  readonly mean: number;
  readonly median: number;
  readonly stdDev: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly min: number;
  readonly max: number;
  readonly sampleCount: number;
  readonly calculatedAt: number;
  readonly validUntil: number;
  /** How much of its window was seen; null where nobody wrote it down. */
  readonly coversMs: number | null;
}

/** What the baselines of one series are made of, for the next daemon. */
export interface SketchRow {
  readonly id: number;
  readonly source: string;
  readonly metricName: string;
  readonly unit: Unit;
  readonly sketch: string;
  readonly calculatedAt: number;
  /** Whose series are no longer there are kept as long as other measurements, and then go. */
  readonly validUntil: number;
}

export interface BreakerRow {
  readonly circuitName: string;
  readonly state: "closed" | "open" | "half_open";
  readonly failureCount: number;
  readonly successCount: number;
  readonly lastFailureAt: number | null;
  readonly lastSuccessAt: number | null;
  readonly openedAt: number | null;
  readonly nextRetryAt: number | null;
  readonly configuration: JsonRecord | null;
  readonly updatedAt: number;
}

/** Rows of the tables, with the seed's columns in camelCase. Times are wall milliseconds. */
import { z } from "zod";

const json = z.record(z.string(), z.unknown());
const time = z.number();

export const severity = z.enum(["low", "medium", "high", "critical"]);

const categories = [
  "availability",
  "performance",
  "connectivity",
  "capacity",
  "security",
  "data_integrity",
  "configuration",
] as const;

export const failureRow = z.object({
  id: z.number(),
  eventId: z.string(),
  timestamp: time,
  failureCategory: z.enum(categories),
  failureType: z.string(),
  severity,
  affectedService: z.string(),
  errorMessage: z.string().nullable(),
  errorStack: z.string().nullable(),
  context: json.nullable(),
  detectionMethod: z.string(),
  userId: z.string().nullable(),
  requestId: z.string().nullable(),
  resolved: z.boolean(),
  resolvedAt: time.nullable(),
  createdAt: time,
});

export const actionRow = z.object({
  id: z.number(),
  actionId: z.string(),
  failureEventId: z.number().nullable(),
  timestamp: time,
  actionType: z.string(),
  actionStrategy: z.string(),
  status: z.enum(["initiated", "in_progress", "succeeded", "failed", "rolled_back"]),
  automated: z.boolean(),
  triggeredBy: z.string().nullable(),
  parameters: json.nullable(),
  result: json.nullable(),
  durationMs: z.number().nullable(),
  completedAt: time.nullable(),
  createdAt: time,
});

export const metricRow = z.object({
  timestamp: time,
  metricType: z.string(),
  metricName: z.string(),
  value: z.number(),
  unit: z.string(),
  tags: z.record(z.string(), z.string()).nullable(),
  source: z.string(),
});

export const baselineRow = z.object({
  metricType: z.string(),
  metricName: z.string(),
  source: z.string(),
  timeWindow: z.enum(["1h", "24h", "7d"]),
  mean: z.number(),
  median: z.number(),
  stdDev: z.number(),
  p50: z.number(),
  p95: z.number(),
  p99: z.number(),
  min: z.number(),
  max: z.number(),
  sampleCount: z.number(),
  calculatedAt: time,
  validUntil: time,
  coversMs: z.number().nullable(),
});

export const breakerRow = z.object({
  circuitName: z.string(),
  state: z.enum(["closed", "open", "half_open"]),
  failureCount: z.number(),
  successCount: z.number(),
  lastFailureAt: time.nullable(),
  lastSuccessAt: time.nullable(),
  openedAt: time.nullable(),
  nextRetryAt: time.nullable(),
  configuration: json.nullable(),
  updatedAt: time,
});

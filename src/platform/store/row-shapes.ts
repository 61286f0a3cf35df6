/** Rows of the database to rows of the model and back. */
import type { Insertable, Selectable } from "kysely";
import type { JsonRecord } from "../../kernel/index.ts";
import type {
  ActionRow,
  BaselineRow,
  BreakerRow,
  Entry,
  FailureRow,
  Incident,
  MetricRow,
  SealedEntry,
  SketchRow,
} from "../../model/index.ts";
import type {
  ActionTable,
  BaselineTable,
  BreakerTable,
  FailureTable,
  IncidentTable,
  JournalTable,
  MetricTable,
  SketchTable,
} from "./schema.ts";

export function toSealed(row: Selectable<JournalTable>): SealedEntry {
  const { position, id, at, entry, seal } = row;
  return { position, id, at, entry: JSON.parse(entry) as Entry, seal };
}

export function fromSealed(sealed: SealedEntry): Insertable<JournalTable> {
  const { position, id, at, entry, seal } = sealed;
  return { position, id, at, kind: entry.kind, entry: JSON.stringify(entry), seal };
}

export function toFailure(row: Selectable<FailureTable>): FailureRow {
  return {
    id: row.id,
    eventId: row.event_id,
    timestamp: row.timestamp,
    failureCategory: row.failure_category as FailureRow["failureCategory"],
    failureType: row.failure_type,
    severity: row.severity as FailureRow["severity"],
    affectedService: row.affected_service,
    errorMessage: row.error_message,
    errorStack: row.error_stack,
    context: toJson(row.context),
    detectionMethod: row.detection_method,
    userId: row.user_id,
    requestId: row.request_id,
    resolved: row.resolved !== 0,
    resolvedAt: row.resolved_at,
    createdAt: row.created_at,
  };
}

export function toAction(row: Selectable<ActionTable>): ActionRow {
  return {
    id: row.id,
    actionId: row.action_id,
    failureEventId: row.failure_event_id,
    timestamp: row.timestamp,
    actionType: row.action_type,
    actionStrategy: row.action_strategy,
    status: row.status as ActionRow["status"],
    automated: row.automated !== 0,
    triggeredBy: row.triggered_by,
    parameters: toJson(row.parameters),
    result: toJson(row.result),
    durationMs: row.duration_ms,
    completedAt: row.completed_at,
    createdAt: row.created_at,
  };
}

export function fromIncident(incident: Incident, at: number): Insertable<IncidentTable> {
  const { id, openedAt, cause, title, severity, state, relapses } = incident;
  return {
    id,
    opened_at: Math.round(openedAt),
    cause,
    title,
    severity,
    state: state.kind,
    live: state.kind === "resolved" ? 0 : 1,
    resolved_at: state.kind === "resolved" ? Math.round(state.at) : null,
    relapses,
    incident: JSON.stringify(incident),
    updated_at: Math.round(at),
  };
}

export function toMetric(row: Selectable<MetricTable>): MetricRow {
  return {
    timestamp: row.timestamp,
    metricType: row.metric_type,
    metricName: row.metric_name,
    value: row.value,
    unit: row.unit,
    tags: toJson(row.tags) as Readonly<Record<string, string>> | null,
    source: row.source,
  };
}

export function fromMetric(row: MetricRow): Insertable<MetricTable> {
  return {
    timestamp: row.timestamp,
    metric_type: row.metricType,
    metric_name: row.metricName,
    value: row.value,
    unit: row.unit,
    tags: fromJson(row.tags),
    source: row.source,
  };
}

export function toBaseline(row: Selectable<BaselineTable>): BaselineRow {
  const { mean, median, p50, p95, p99, min, max, source } = row;
  const numbers = { mean, median, stdDev: row.std_dev, p50, p95, p99, min, max };
  return {
    metricType: row.metric_type,
    metricName: row.metric_name,
    source,
    timeWindow: row.time_window as BaselineRow["timeWindow"],
    ...numbers,
    sampleCount: row.sample_count,
    calculatedAt: row.calculated_at,
    validUntil: row.valid_until,
    coversMs: row.covers_ms,
  };
}

export function fromBaseline(row: BaselineRow): Insertable<BaselineTable> {
  const { mean, median, p50, p95, p99, min, max, source } = row;
  const numbers = { mean, median, std_dev: row.stdDev, p50, p95, p99, min, max };
  return {
    metric_type: row.metricType,
    metric_name: row.metricName,
    source,
    time_window: row.timeWindow,
    ...numbers,
    sample_count: row.sampleCount,
    calculated_at: row.calculatedAt,
    valid_until: row.validUntil,
    covers_ms: row.coversMs,
  };
}

export function toSketch(row: Selectable<SketchTable>): SketchRow {
  return {
    id: row.id,
    source: row.source,
    metricName: row.metric_name,
    unit: row.unit as SketchRow["unit"],
    sketch: row.sketch,
    calculatedAt: row.calculated_at,
    validUntil: row.valid_until,
  };
}

export function fromSketch(row: Omit<SketchRow, "id">): Insertable<SketchTable> {
  return {
    source: row.source,
    metric_name: row.metricName,
    unit: row.unit,
    sketch: row.sketch,
    calculated_at: row.calculatedAt,
    valid_until: row.validUntil,
  };
}

export function toBreaker(row: Selectable<BreakerTable>): BreakerRow {
  return {
    circuitName: row.circuit_name,
    state: row.state as BreakerRow["state"],
    failureCount: row.failure_count,
    successCount: row.success_count,
    lastFailureAt: row.last_failure_at,
    lastSuccessAt: row.last_success_at,
    openedAt: row.opened_at,
    nextRetryAt: row.next_retry_at,
    configuration: toJson(row.configuration),
    updatedAt: row.updated_at,
  };
}

export function fromBreaker(row: BreakerRow): Omit<Insertable<BreakerTable>, "id" | "created_at"> {
  return {
    circuit_name: row.circuitName,
    state: row.state,
    failure_count: row.failureCount,
    success_count: row.successCount,
    last_failure_at: row.lastFailureAt,
    last_success_at: row.lastSuccessAt,
    opened_at: row.openedAt,
    next_retry_at: row.nextRetryAt,
    configuration: fromJson(row.configuration),
    updated_at: row.updatedAt,
  };
}

export function toJson(text: string | null): JsonRecord | null {
  return text === null ? null : (JSON.parse(text) as JsonRecord);
}

export function fromJson(value: JsonRecord | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

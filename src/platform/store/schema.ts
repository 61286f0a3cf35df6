/**
 * The tables as the queries see them: the seed's five with their exact names and columns, and
 * ours. Booleans are 0 or 1, times are wall milliseconds, JSON is text, in every database.
 */
import type { Generated } from "kysely";

export interface Tables {
  readonly system_health_metrics: MetricTable;
  readonly failure_events: FailureTable;
  readonly recovery_actions: ActionTable;
  readonly circuit_breaker_states: BreakerTable;
  readonly system_health_baselines: BaselineTable;
  readonly baseline_sketches: SketchTable;
  readonly journal: JournalTable;
  readonly incidents: IncidentTable;
  readonly checkpoints: CheckpointTable;
  readonly schema_version: VersionTable;
}

export interface MetricTable {
  readonly id: Generated<number>;
  readonly timestamp: number;
  readonly metric_type: string;
  readonly metric_name: string;
  readonly value: number;
  readonly unit: string;
  readonly tags: string | null;
  readonly source: string;
  readonly created_at: Generated<number>;
}

export interface FailureTable {
  readonly id: Generated<number>;
  readonly event_id: string;
  readonly timestamp: number;
  readonly failure_category: string;
  readonly failure_type: string;
  readonly severity: string;
  readonly affected_service: string;
  readonly error_message: string | null;
  readonly error_stack: string | null;
  readonly context: string | null;
  readonly detection_method: string;
  readonly user_id: string | null;
  readonly request_id: string | null;
  readonly resolved: Generated<number>;
  readonly resolved_at: number | null;
  readonly created_at: Generated<number>;
}

export interface ActionTable {
  readonly id: Generated<number>;
  readonly action_id: string;
  readonly failure_event_id: number | null;
  readonly timestamp: number;
  readonly action_type: string;
  readonly action_strategy: string;
  readonly status: string;
  readonly automated: number;
  readonly triggered_by: string | null;
  readonly parameters: string | null;
  readonly result: string | null;
  readonly duration_ms: number | null;
  readonly completed_at: number | null;
  readonly created_at: Generated<number>;
}

export interface BreakerTable {
  readonly id: Generated<number>;
  readonly circuit_name: string;
  readonly state: string;
  readonly failure_count: number;
  readonly success_count: number;
  readonly last_failure_at: number | null;
  readonly last_success_at: number | null;
  readonly opened_at: number | null;
  readonly next_retry_at: number | null;
  readonly configuration: string | null;
  readonly updated_at: number;
  readonly created_at: Generated<number>;
}

export interface BaselineTable {
  readonly id: Generated<number>;
  readonly metric_type: string;
  readonly metric_name: string;
  readonly source: string;
  readonly time_window: string;
  readonly mean: number;
  readonly median: number;
  readonly std_dev: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly min: number;
  readonly max: number;
  readonly sample_count: number;
  readonly calculated_at: number;
  readonly valid_until: number;
  /** Ours; null in rows of the seed, and of formats before. */
  readonly covers_ms: number | null;
  readonly created_at: Generated<number>;
}

export interface SketchTable {
  readonly id: Generated<number>;
  readonly source: string;
  readonly metric_name: string;
  readonly unit: string;
  readonly sketch: string;
  readonly calculated_at: number;
  readonly valid_until: number;
}

export interface JournalTable {
  readonly position: number;
  readonly id: string;
  readonly at: number;
  readonly kind: string;
  /** JSON. */
  readonly entry: string;
  readonly seal: string;
}

export interface IncidentTable {
  readonly id: string;
  readonly opened_at: number;
  readonly cause: string;
  readonly title: string;
  readonly severity: string;
  readonly state: string;
  readonly live: number;
  readonly resolved_at: number | null;
  readonly relapses: number;
  /** The whole incident as JSON. */
  readonly incident: string;
  readonly updated_at: number;
}

export interface CheckpointTable {
  readonly position: number;
  readonly state: string;
}

export interface VersionTable {
  readonly version: number;
  readonly name: string;
}

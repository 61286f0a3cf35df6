import type { SealedEntry } from "./entry.ts";
import type { Incident } from "./incident.ts";
import type {
  ActionRow,
  BaselineRow,
  BreakerRow,
  FailureRow,
  MetricRow,
  SketchRow,
} from "./rows.ts";

/**
 * The journal: append-only, ordered, chained. `append` resolves when the entries survive a kill
 * of this process; `sync` when they survive a power cut. Appending is retried by nobody: an
 * adapter that rejects has taken nothing, or (said in `kept`) taken it elsewhere. Calls are carried
 * out in the order in which they were made. Entries that are there already are passed over; a hole,
 * or another entry in the same place, rejects with CONFLICT.
 */
export interface Journal {
  append(entries: readonly SealedEntry[]): Promise<Kept>;
  sync(): Promise<void>;
  /** Entries from `position` on, in order, at most `limit`. */
  read(position: number, limit: number): Promise<readonly SealedEntry[]>;
  last(): Promise<SealedEntry | undefined>;
}

/** Where appended entries are: what is not in the store allows reversible actions only. */
export type Kept = "store" | "emergency" | "memory";

/**
 * The store: the journal and the tables that are derived from it, always in one transaction.
 * Rejections are failures of the store (disk full, locked, away); nothing of that call was kept.
 * Pages are keyset-paged by `before` (exclusive), newest first.
 */
export interface Store extends Journal {
  failures(query: FailureQuery): Promise<readonly FailureRow[]>;
  actions(query: ActionQuery): Promise<readonly ActionRow[]>;
  incidents(query: IncidentQuery): Promise<readonly Incident[]>;
  writeMetrics(rows: readonly MetricRow[]): Promise<void>;
  metrics(query: MetricQuery): Promise<readonly MetricRow[]>;
  /** Replaces the baselines of the same metric, source and window. */
  writeBaselines(rows: readonly BaselineRow[]): Promise<void>;
  baselines(source?: string): Promise<readonly BaselineRow[]>;
  /** Replaces the sketches of the same metric and source. */
  writeSketches(rows: readonly Omit<SketchRow, "id">[]): Promise<void>;
  sketches(query: SketchQuery): Promise<readonly SketchRow[]>;
  writeBreakers(rows: readonly BreakerRow[]): Promise<void>;
  breakers(): Promise<readonly BreakerRow[]>;
  /** The state that entries up to `position` have led to; the newest one wins. */
  saveCheckpoint(position: number, state: string): Promise<void>;
  loadCheckpoint(): Promise<{ readonly position: number; readonly state: string } | undefined>;
  /**
   * Deletes what is older; resolves with the rows deleted. Entries are kept from the checkpoint on.
   */
  prune(retention: Retention): Promise<number>;
  /** When the oldest of what `prune` may take is of. */
  oldest(): Promise<Oldest>;
  close(): Promise<void>;
}

export interface FailureQuery {
  readonly limit: number;
  readonly before?: number;
  readonly resolved?: boolean;
  readonly service?: string;
  readonly eventId?: string;
}

export interface ActionQuery {
  readonly limit: number;
  readonly before?: number;
  readonly failureEventId?: number;
  readonly actionId?: string;
}

export interface IncidentQuery {
  readonly limit: number;
  /** Incidents whose id sorts before this one. */
  readonly before?: string;
  readonly live?: boolean;
  readonly id?: string;
}

export interface SketchQuery {
  readonly limit: number;
  readonly before?: number;
}

export interface MetricQuery {
  readonly source?: string;
  readonly metricName?: string;
  readonly fromAt: number;
  readonly toAt: number;
  readonly limit: number;
}

/** Wall milliseconds; undefined where there is nothing. */
export interface Oldest {
  readonly metric?: number | undefined;
  /** Of those that are resolved. */
  readonly failure?: number | undefined;
  readonly entry?: number | undefined;
}

/** Wall milliseconds: rows with an older timestamp go. */
export interface Retention {
  /** Of baselines: that were valid no longer than until then. */
  readonly metricsBefore: number;
  readonly failuresBefore: number;
  readonly entriesBefore: number;
}

/**
 * The reference of the Store port: everything in memory, nothing durable, the same answers as a
 * database. For the simulation, and for a daemon that may not write.
 *
 * M1. A rejected call has changed nothing.
 * M2. Bounded: beyond the limits the oldest rows go.
 */
import { type JsonRecord, SoulMirrorError } from "../kernel/index.ts";
import {
  type ActionRow,
  type BaselineRow,
  type BreakerRow,
  type FailureRow,
  type Incident,
  isLive,
  type Kept,
  type MetricRow,
  type Oldest,
  type Retention,
  type SealedEntry,
  type SketchQuery,
  type SketchRow,
  type Store,
} from "../model/index.ts";
import { project, type RowChange, withVerdict } from "./projections.ts";

export interface MemoryStoreOptions {
  readonly entriesMax?: number;
  /** Of failures, of actions and of incidents, each. */
  readonly rowsMax?: number;
  readonly metricsMax?: number;
}

type Checkpoint = { readonly position: number; readonly state: string };

export function createMemoryStore(options: MemoryStoreOptions = {}): Store {
  return new MemoryStore(options);
}

class MemoryStore implements Store {
  readonly #limits: Required<MemoryStoreOptions>;
  #journal: SealedEntry[] = [];
  readonly #failures = new Map<string, FailureRow>();
  readonly #actions = new Map<string, ActionRow>();
  readonly #incidents = new Map<string, Incident>();
  readonly #baselines = new Map<string, BaselineRow>();
  readonly #sketches = new Map<string, SketchRow>();
  readonly #breakers = new Map<string, BreakerRow>();
  #metrics: MetricRow[] = [];
  #checkpoint: Checkpoint | undefined;
  #failuresMade = 0;
  #actionsMade = 0;
  #sketchesMade = 0;

  constructor({
    entriesMax = 100_000,
    rowsMax = 10_000,
    metricsMax = 100_000,
  }: MemoryStoreOptions) {
    this.#limits = { entriesMax, rowsMax, metricsMax };
  }

  async append(entries: readonly SealedEntry[]): Promise<Kept> {
    const fresh = freshEntries(entries, this.#journal.at(-1), (position) => this.#at(position));
    for (const sealed of fresh) {
      const copy = structuredCopy(sealed);
      this.#journal.push(copy);
      for (const change of project(copy)) this.#apply(change);
    }
    if (this.#journal.length > this.#limits.entriesMax * 1.1) {
      this.#journal = this.#journal.slice(-this.#limits.entriesMax);
    }
    return "store";
  }

  async sync(): Promise<void> {}

  async read(position: number, limit: number): Promise<readonly SealedEntry[]> {
    const first = this.#journal[0]?.position ?? 1;
    const start = Math.max(0, position - first);
    return this.#journal.slice(start, start + limit);
  }

  async last(): Promise<SealedEntry | undefined> {
    return this.#journal.at(-1);
  }

  async failures(query: Parameters<Store["failures"]>[0]): Promise<readonly FailureRow[]> {
    const { before, resolved, service, eventId } = query;
    const found = [...this.#failures.values()].filter(
      (row) =>
        (before === undefined || row.id < before) &&
        (resolved === undefined || row.resolved === resolved) &&
        (service === undefined || row.affectedService === service) &&
        (eventId === undefined || row.eventId === eventId),
    );
    return found.sort((a, b) => b.id - a.id).slice(0, query.limit);
  }

  async actions(query: Parameters<Store["actions"]>[0]): Promise<readonly ActionRow[]> {
    const { before, failureEventId, actionId } = query;
    const found = [...this.#actions.values()].filter(
      (row) =>
        (before === undefined || row.id < before) &&
        (failureEventId === undefined || row.failureEventId === failureEventId) &&
        (actionId === undefined || row.actionId === actionId),
    );
    return found.sort((a, b) => b.id - a.id).slice(0, query.limit);
  }

  async incidents(query: Parameters<Store["incidents"]>[0]): Promise<readonly Incident[]> {
    const { before, live, id } = query;
    const found = [...this.#incidents.values()].filter(
      (incident) =>
        (before === undefined || incident.id < before) &&
        (live === undefined || isLive(incident) === live) &&
        (id === undefined || incident.id === id),
    );
    return found.sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, query.limit);
  }

  async writeMetrics(rows: readonly MetricRow[]): Promise<void> {
    for (const row of rows) this.#metrics.push(structuredCopy(row));
    const { metricsMax } = this.#limits;
    if (this.#metrics.length > metricsMax * 1.1) this.#metrics = this.#metrics.slice(-metricsMax);
  }

  async metrics(query: Parameters<Store["metrics"]>[0]): Promise<readonly MetricRow[]> {
    const { source, metricName, fromAt, toAt } = query;
    const found = this.#metrics.filter(
      (row) =>
        row.timestamp >= fromAt &&
        row.timestamp <= toAt &&
        (source === undefined || row.source === source) &&
        (metricName === undefined || row.metricName === metricName),
    );
    return found.sort((a, b) => a.timestamp - b.timestamp).slice(0, query.limit);
  }

  async writeBaselines(rows: readonly BaselineRow[]): Promise<void> {
    for (const row of rows) this.#baselines.set(baselineKey(row), structuredCopy(row));
  }

  async baselines(source?: string): Promise<readonly BaselineRow[]> {
    const all = [...this.#baselines.values()].sort(byText(baselineKey));
    return source === undefined ? all : all.filter((row) => row.source === source);
  }

  async writeSketches(rows: readonly Omit<SketchRow, "id">[]): Promise<void> {
    for (const row of rows) {
      this.#sketchesMade += 1;
      const id = this.#sketchesMade;
      this.#sketches.set(`${row.source}\n${row.metricName}`, { ...row, id });
    }
  }

  async sketches({ before, limit }: SketchQuery): Promise<readonly SketchRow[]> {
    const found = [...this.#sketches.values()].filter(
      ({ id }) => before === undefined || id < before,
    );
    return found.sort((a, b) => b.id - a.id).slice(0, limit);
  }

  async writeBreakers(rows: readonly BreakerRow[]): Promise<void> {
    for (const row of rows) this.#breakers.set(row.circuitName, structuredCopy(row));
  }

  async breakers(): Promise<readonly BreakerRow[]> {
    return [...this.#breakers.values()].sort(byText((row) => row.circuitName));
  }

  async saveCheckpoint(position: number, state: string): Promise<void> {
    this.#checkpoint = { position, state };
  }

  async loadCheckpoint(): Promise<Checkpoint | undefined> {
    return this.#checkpoint;
  }

  async prune(retention: Retention): Promise<number> {
    const { metricsBefore, failuresBefore, entriesBefore } = retention;
    const before = this.#metrics.length + this.#journal.length;
    this.#metrics = this.#metrics.filter((row) => row.timestamp >= metricsBefore);
    const young = this.#journal.findIndex((sealed) => sealed.at >= entriesBefore);
    const youngAt = this.#journal[young]?.position ?? Number.POSITIVE_INFINITY;
    const cut = Math.min(this.#checkpoint?.position ?? 0, youngAt);
    const tail = this.#journal.at(-1);
    this.#journal = this.#journal.filter((each) => each.position >= cut || each === tail);
    const rows =
      this.#pruneRows(failuresBefore) +
      pruneInvalid(this.#baselines, metricsBefore) +
      pruneInvalid(this.#sketches, metricsBefore);
    return before - this.#metrics.length - this.#journal.length + rows;
  }

  async oldest(): Promise<Oldest> {
    const resolved = [...this.#failures.values()].filter((row) => row.resolved);
    return {
      metric: leastOf(this.#metrics.map((row) => row.timestamp)),
      failure: leastOf(resolved.map((row) => row.timestamp)),
      entry: this.#journal[0]?.at,
    };
  }

  async close(): Promise<void> {}

  #at(position: number): SealedEntry | undefined {
    const first = this.#journal[0]?.position ?? 1;
    return this.#journal[position - first];
  }

  /** Open failures stay whatever their age, and actions as long as their failure. */
  #pruneRows(failuresBefore: number): number {
    let deleted = 0;
    const gone = new Set<number>();
    for (const row of this.#failures.values()) {
      if (!row.resolved || row.timestamp >= failuresBefore) continue;
      gone.add(row.id);
      this.#failures.delete(row.eventId);
      deleted += 1;
    }
    for (const row of this.#actions.values()) {
      const { failureEventId: failure, completedAt } = row;
      const isOver = failure === null ? isBefore(completedAt, failuresBefore) : gone.has(failure);
      if (isOver && this.#actions.delete(row.actionId)) deleted += 1;
    }
    for (const { id, state } of this.#incidents.values()) {
      if (state.kind !== "resolved" || state.at >= failuresBefore) continue;
      if (this.#incidents.delete(id)) deleted += 1;
    }
    return deleted;
  }

  #apply(change: RowChange): void {
    switch (change.kind) {
      case "put_failure":
        this.#putFailure(change.row);
        return;
      case "resolve_failure": {
        const row = this.#failures.get(change.eventId);
        if (row === undefined) return;
        const resolvedAt = Math.round(change.at);
        this.#failures.set(row.eventId, { ...row, resolved: true, resolvedAt });
        return;
      }
      case "put_action":
        this.#putAction(change);
        return;
      case "judge_action": {
        const row = this.#actions.get(change.actionId);
        if (row === undefined) return;
        const result: JsonRecord = { ...row.result, verdict: change.verdict };
        this.#actions.set(row.actionId, { ...row, result });
        return;
      }
      default:
        this.#incidents.set(change.incident.id, change.incident);
        this.#bound(this.#incidents);
    }
  }

  #putFailure(row: Extract<RowChange, { kind: "put_failure" }>["row"]): void {
    const before = this.#failures.get(row.eventId);
    if (before === undefined) this.#failuresMade += 1;
    const { id, createdAt, resolved, resolvedAt } = before ?? {
      id: this.#failuresMade,
      createdAt: row.createdAt,
      resolved: false,
      resolvedAt: null,
    };
    this.#failures.set(row.eventId, { ...row, id, createdAt, resolved, resolvedAt });
    this.#bound(this.#failures);
  }

  #putAction({ row, eventId }: Extract<RowChange, { kind: "put_action" }>): void {
    const before = this.#actions.get(row.actionId);
    if (before === undefined) this.#actionsMade += 1;
    const failure = eventId === null ? undefined : this.#failures.get(eventId);
    this.#actions.set(row.actionId, {
      ...row,
      id: before?.id ?? this.#actionsMade,
      createdAt: before?.createdAt ?? row.createdAt,
      failureEventId: failure?.id ?? null,
      result: withVerdict(row.result, before?.result ?? null),
    });
    this.#bound(this.#actions);
  }

  #bound(rows: Map<string, unknown>): void {
    const oldest = rows.keys().next().value;
    if (rows.size > this.#limits.rowsMax && oldest !== undefined) rows.delete(oldest);
  }
}

/**
 * Which of `entries` the journal does not hold yet. Throws CONFLICT when they cannot follow it: a
 * hole, or another entry in the same place.
 */
export function freshEntries(
  entries: readonly SealedEntry[],
  last: SealedEntry | undefined,
  stored: (position: number) => Pick<SealedEntry, "seal"> | undefined,
): readonly SealedEntry[] {
  let end = last?.position ?? 0;
  const fresh: SealedEntry[] = [];
  for (const sealed of entries) {
    const { position } = sealed;
    if (position > end + 1) {
      throw new SoulMirrorError(
        "CONFLICT",
        `the journal ends at ${end}, ${position} cannot follow`,
      );
    }
    if (position === end + 1) {
      fresh.push(sealed);
      end = position;
      continue;
    }
    const there = fresh.find((each) => each.position === position) ?? stored(position);
    // What was pruned was once taken.
    if (there !== undefined && there.seal !== sealed.seal) {
      throw new SoulMirrorError("CONFLICT", `the journal holds another entry at ${position}`);
    }
  }
  return fresh;
}

function pruneInvalid(rows: Map<string, { validUntil: number }>, before: number): number {
  const sizeBefore = rows.size;
  for (const [key, { validUntil }] of rows) if (validUntil < before) rows.delete(key);
  return sizeBefore - rows.size;
}

function baselineKey(row: BaselineRow): string {
  return [row.source, row.metricType, row.metricName, row.timeWindow].join("\n");
}

function byText<T>(textOf: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => {
    const [left, right] = [textOf(a), textOf(b)];
    return left < right ? -1 : Number(left > right);
  };
}

function leastOf(times: readonly number[]): number | undefined {
  return times.length === 0 ? undefined : Math.min(...times);
}

function isBefore(at: number | null, limit: number): boolean {
  return at !== null && at < limit;
}

/** As it would come back from a database: by value, without undefined members. */
function structuredCopy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/**
 * The Store port over SQL: one set of queries for every database.
 *
 * L1. Entries and what follows from them in the tables are one transaction.
 * L2. A call that rejects has changed nothing; what it rejects with is STORE_UNAVAILABLE, or
 *     CONFLICT for entries that do not fit the journal.
 * L3. Every query of what grows with time has a limit. Baselines and breakers are as many as there
 *     are series and circuits.
 * L4. Calls are carried out one after another, in the order in which they were made.
 */
import type { Kysely } from "kysely";
import { messageOf, SoulMirrorError } from "../../kernel/index.ts";
import { freshEntries, project } from "../../knowledge/index.ts";
import type {
  ActionQuery,
  ActionRow,
  BaselineRow,
  BreakerRow,
  FailureQuery,
  FailureRow,
  Incident,
  IncidentQuery,
  Kept,
  MetricQuery,
  MetricRow,
  Oldest,
  Retention,
  SealedEntry,
  SketchQuery,
  SketchRow,
  Store,
} from "../../model/index.ts";
import { applyChange } from "./apply-change.ts";
import { oldest, prune } from "./prune.ts";
import {
  fromBaseline,
  fromBreaker,
  fromMetric,
  fromSealed,
  fromSketch,
  toAction,
  toBaseline,
  toBreaker,
  toFailure,
  toMetric,
  toSealed,
  toSketch,
} from "./row-shapes.ts";
import type { Tables } from "./schema.ts";

/** What the store needs of its database besides queries. */
export interface Durability {
  /** Called after each commit that a power cut could still take. */
  written(): void;
  /** Before anything is taken: rejects while what was written before could not be synced. */
  ready(): Promise<void>;
  sync(): Promise<void>;
  /** Lets others have the database. */
  pause(): Promise<void>;
  close(): Promise<void>;
}

/** Rows in one statement: enough to be quick, few enough for every database's limits. */
const rowsPerInsert = 50;
const rowsMax = 10_000;

export class SqlStore implements Store {
  readonly #db: Kysely<Tables>;
  readonly #durability: Durability;
  #lane: Promise<unknown> = Promise.resolve();

  constructor(db: Kysely<Tables>, durability: Durability) {
    this.#db = db;
    this.#durability = durability;
  }

  async append(entries: readonly SealedEntry[]): Promise<Kept> {
    if (entries.length === 0) return "store";
    await this.#write(async (db) => {
      const last = await lastEntry(db);
      const stored = await storedSeals(db, entries, last);
      const fresh = freshEntries(entries, last, (position) => stored.get(position));
      for (const some of chunks(fresh)) {
        await db.insertInto("journal").values(some.map(fromSealed)).execute();
      }
      for (const sealed of fresh) {
        for (const change of project(sealed)) await applyChange(db, change);
      }
    });
    return "store";
  }

  /** After the writes before it, but a slow disk does not hold up those behind it. */
  async sync(): Promise<void> {
    await this.#lane;
    await attempt(() => this.#durability.sync());
  }

  read(position: number, limit: number): Promise<readonly SealedEntry[]> {
    return this.#inTurn(async () => {
      const rows = await this.#db
        .selectFrom("journal")
        .selectAll()
        .where("position", ">=", position)
        .orderBy("position")
        .limit(bounded(limit))
        .execute();
      return rows.map(toSealed);
    });
  }

  last(): Promise<SealedEntry | undefined> {
    return this.#inTurn(() => lastEntry(this.#db));
  }

  failures(query: FailureQuery): Promise<readonly FailureRow[]> {
    return this.#inTurn(async () => {
      const { before, resolved, service, eventId } = query;
      let find = this.#db.selectFrom("failure_events").selectAll();
      if (before !== undefined) find = find.where("id", "<", before);
      if (resolved !== undefined) find = find.where("resolved", "=", resolved ? 1 : 0);
      if (service !== undefined) find = find.where("affected_service", "=", service);
      if (eventId !== undefined) find = find.where("event_id", "=", eventId);
      const rows = await find.orderBy("id", "desc").limit(bounded(query.limit)).execute();
      return rows.map(toFailure);
    });
  }

  actions(query: ActionQuery): Promise<readonly ActionRow[]> {
    return this.#inTurn(async () => {
      const { before, failureEventId, actionId } = query;
      let find = this.#db.selectFrom("recovery_actions").selectAll();
      if (before !== undefined) find = find.where("id", "<", before);
      if (failureEventId !== undefined) find = find.where("failure_event_id", "=", failureEventId);
      if (actionId !== undefined) find = find.where("action_id", "=", actionId);
      const rows = await find.orderBy("id", "desc").limit(bounded(query.limit)).execute();
      return rows.map(toAction);
    });
  }

  incidents(query: IncidentQuery): Promise<readonly Incident[]> {
    return this.#inTurn(async () => {
      const { before, live, id } = query;
      let find = this.#db.selectFrom("incidents").select("incident");
      if (before !== undefined) find = find.where("id", "<", before);
      if (live !== undefined) find = find.where("live", "=", live ? 1 : 0);
      if (id !== undefined) find = find.where("id", "=", id);
      const rows = await find.orderBy("id", "desc").limit(bounded(query.limit)).execute();
      return rows.map((row) => JSON.parse(row.incident) as Incident);
    });
  }

  writeMetrics(rows: readonly MetricRow[]): Promise<void> {
    return this.#write(async (db) => {
      for (const some of chunks(rows)) {
        await db.insertInto("system_health_metrics").values(some.map(fromMetric)).execute();
      }
    });
  }

  metrics(query: MetricQuery): Promise<readonly MetricRow[]> {
    return this.#inTurn(async () => {
      const { source, metricName, fromAt, toAt } = query;
      let find = this.#db
        .selectFrom("system_health_metrics")
        .selectAll()
        .where("timestamp", ">=", fromAt)
        .where("timestamp", "<=", toAt);
      if (source !== undefined) find = find.where("source", "=", source);
      if (metricName !== undefined) find = find.where("metric_name", "=", metricName);
      const rows = await find
        .orderBy("timestamp")
        .orderBy("id")
        .limit(bounded(query.limit))
        .execute();
      return rows.map(toMetric);
    });
  }

  writeBaselines(rows: readonly BaselineRow[]): Promise<void> {
    return this.#write(async (db) => {
      for (const row of rows) {
        await db
          .deleteFrom("system_health_baselines")
          .where("metric_type", "=", row.metricType)
          .where("metric_name", "=", row.metricName)
          .where("source", "=", row.source)
          .where("time_window", "=", row.timeWindow)
          .execute();
        await db.insertInto("system_health_baselines").values(fromBaseline(row)).execute();
      }
    });
  }

  baselines(source?: string): Promise<readonly BaselineRow[]> {
    return this.#inTurn(async () => {
      let find = this.#db.selectFrom("system_health_baselines").selectAll();
      if (source !== undefined) find = find.where("source", "=", source);
      const rows = await find
        .orderBy("source")
        .orderBy("metric_type")
        .orderBy("metric_name")
        .orderBy("time_window")
        .execute();
      return rows.map(toBaseline);
    });
  }

  writeSketches(rows: readonly Omit<SketchRow, "id">[]): Promise<void> {
    return this.#write(async (db) => {
      for (const row of rows) {
        await db
          .deleteFrom("baseline_sketches")
          .where("source", "=", row.source)
          .where("metric_name", "=", row.metricName)
          .execute();
        await db.insertInto("baseline_sketches").values(fromSketch(row)).execute();
      }
    });
  }

  sketches({ before, limit }: SketchQuery): Promise<readonly SketchRow[]> {
    return this.#inTurn(async () => {
      let find = this.#db.selectFrom("baseline_sketches").selectAll();
      if (before !== undefined) find = find.where("id", "<", before);
      return (await find.orderBy("id", "desc").limit(bounded(limit)).execute()).map(toSketch);
    });
  }

  writeBreakers(rows: readonly BreakerRow[]): Promise<void> {
    return this.#write(async (db) => {
      for (const row of rows) {
        const values = fromBreaker(row);
        const there = await db
          .selectFrom("circuit_breaker_states")
          .select("id")
          .where("circuit_name", "=", row.circuitName)
          .executeTakeFirst();
        if (there === undefined) {
          await db.insertInto("circuit_breaker_states").values(values).execute();
        } else {
          const update = db.updateTable("circuit_breaker_states").set(values);
          await update.where("id", "=", there.id).execute();
        }
      }
    });
  }

  breakers(): Promise<readonly BreakerRow[]> {
    return this.#inTurn(async () => {
      const find = this.#db.selectFrom("circuit_breaker_states").selectAll();
      return (await find.orderBy("circuit_name").execute()).map(toBreaker);
    });
  }

  saveCheckpoint(position: number, state: string): Promise<void> {
    return this.#write(async (db) => {
      await db.deleteFrom("checkpoints").execute();
      await db.insertInto("checkpoints").values({ position, state }).execute();
    });
  }

  loadCheckpoint(): Promise<{ readonly position: number; readonly state: string } | undefined> {
    return this.#inTurn(() => this.#db.selectFrom("checkpoints").selectAll().executeTakeFirst());
  }

  /** Batch by batch: other calls come in between. */
  prune(retention: Retention): Promise<number> {
    return prune(this.#db, retention, async (batch) => {
      const deleted = await this.#inTurn(batch);
      await this.#durability.pause();
      return deleted;
    });
  }

  oldest(): Promise<Oldest> {
    return this.#inTurn(() => oldest(this.#db));
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      try {
        await this.#durability.close();
      } finally {
        await this.#db.destroy();
      }
    });
  }

  #write(change: (db: Kysely<Tables>) => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      await this.#durability.ready();
      await this.#db.transaction().execute(change);
      this.#durability.written();
    });
  }

  /** One call at a time, in the order in which they were made. */
  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#lane.then(() => attempt(run));
    this.#lane = turn.catch(() => undefined);
    return turn;
  }
}

async function lastEntry(db: Kysely<Tables>): Promise<SealedEntry | undefined> {
  const find = db.selectFrom("journal").selectAll().orderBy("position", "desc").limit(1);
  const row = await find.executeTakeFirst();
  return row && toSealed(row);
}

/** The seals of those positions of `entries` that are taken already: normally none. */
async function storedSeals(
  db: Kysely<Tables>,
  entries: readonly SealedEntry[],
  last: SealedEntry | undefined,
): Promise<ReadonlyMap<number, { readonly seal: string }>> {
  const taken = entries
    .map(({ position }) => position)
    .filter((each) => each <= (last?.position ?? 0));
  if (taken.length === 0) return new Map();
  const rows = await db
    .selectFrom("journal")
    .select(["position", "seal"])
    .where("position", ">=", Math.min(...taken))
    .where("position", "<=", Math.max(...taken))
    .execute();
  return new Map(rows.map((row) => [row.position, row]));
}

async function attempt<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof SoulMirrorError) throw error;
    const message = `the store does not answer: ${messageOf(error)}`;
    throw new SoulMirrorError("STORE_UNAVAILABLE", message, { cause: error });
  }
}

function chunks<T>(rows: readonly T[]): readonly (readonly T[])[] {
  const all: T[][] = [];
  for (let start = 0; start < rows.length; start += rowsPerInsert) {
    all.push(rows.slice(start, start + rowsPerInsert));
  }
  return all;
}

function bounded(limit: number): number {
  return Math.max(0, Math.min(rowsMax, Math.floor(limit)));
}

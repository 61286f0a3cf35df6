/** The tables that are derived from the journal: their rows, and when one may be missing. */
import { type Kysely, sql } from "kysely";
import type { Tables } from "./schema.ts";

export type Row = Readonly<Record<string, unknown>>;

export interface ComparedTable {
  readonly name: "failure_events" | "recovery_actions" | "incidents";
  readonly key: string;
  /** The column that says when it began. */
  readonly begun: string;
  /**
   * Can the retention not have taken `row`? It is not closed, or another that was closed no later,
   * and is as old, still stands in `db`.
   */
  isMissed(db: Kysely<Tables>, row: Row): Promise<boolean>;
}

const failures: ComparedTable = {
  name: "failure_events",
  key: "event_id",
  begun: "timestamp",
  async isMissed(db, row) {
    if (row["resolved"] !== 1) return true;
    const find = db
      .selectFrom("failure_events")
      .select("id")
      .where("resolved", "=", 1)
      .where("timestamp", "<=", Number(row["timestamp"]))
      .where("resolved_at", "<=", Number(row["resolved_at"]));
    return (await find.limit(1).executeTakeFirst()) !== undefined;
  },
};

const actions: ComparedTable = {
  name: "recovery_actions",
  key: "action_id",
  begun: "timestamp",
  async isMissed(db, row) {
    const failure = row["failure_event"];
    if (typeof failure === "string") {
      // It goes with its failure, and not before.
      const find = db.selectFrom("failure_events").select("id").where("event_id", "=", failure);
      return (await find.executeTakeFirst()) !== undefined;
    }
    if (row["completed_at"] === null) return true;
    const find = db
      .selectFrom("recovery_actions")
      .select("id")
      .where("failure_event_id", "is", null)
      .where("completed_at", "<=", Number(row["completed_at"]));
    return (await find.limit(1).executeTakeFirst()) !== undefined;
  },
};

const incidents: ComparedTable = {
  name: "incidents",
  key: "id",
  begun: "opened_at",
  async isMissed(db, row) {
    if (row["live"] !== 0) return true;
    const find = db
      .selectFrom("incidents")
      .select("id")
      .where("live", "=", 0)
      .where("resolved_at", "<=", Number(row["resolved_at"]));
    return (await find.limit(1).executeTakeFirst()) !== undefined;
  },
};

export const comparedTables: readonly ComparedTable[] = [failures, actions, incidents];

const pageRows = 500;

/** All rows, by their keys. */
export async function* pagesOf(
  db: Kysely<Tables>,
  table: ComparedTable,
): AsyncGenerator<readonly Row[]> {
  const key = sql.ref(`${table.name}.${table.key}`);
  for (let after = sql`1 = 1`; ; ) {
    const rest = sql`where ${after} order by ${key} limit ${sql.lit(pageRows)}`;
    const rows = await select(db, table, rest);
    if (rows.length > 0) yield rows;
    if (rows.length < pageRows) return;
    after = sql`${key} > ${rows.at(-1)?.[table.key]}`;
  }
}

/** Those of `keys` that are there. */
export async function rowsWith(
  db: Kysely<Tables>,
  table: ComparedTable,
  keys: readonly unknown[],
): Promise<ReadonlyMap<unknown, Row>> {
  const key = sql.ref(`${table.name}.${table.key}`);
  const rows = await select(db, table, sql`where ${key} in (${sql.join(keys)})`);
  return new Map(rows.map((row) => [row[table.key], row]));
}

/** Numbers that the database counts up say nothing: an action names its failure. */
async function select(
  db: Kysely<Tables>,
  table: ComparedTable,
  which: ReturnType<typeof sql>,
): Promise<readonly Row[]> {
  if (table.name === "incidents") {
    return (await sql<Row>`select * from incidents ${which}`.execute(db)).rows;
  }
  if (table.name === "failure_events") {
    const { rows } = await sql<Row>`select * from failure_events ${which}`.execute(db);
    return rows.map(({ id: _id, ...row }) => row);
  }
  const { rows } = await sql<Row>`
    select recovery_actions.*, failure_events.event_id as failure_event
    from recovery_actions
    left join failure_events on failure_events.id = recovery_actions.failure_event_id
    ${which}`.execute(db);
  return rows.map(({ id: _id, failure_event_id: number, failure_event: failure, ...row }) => ({
    ...row,
    // One that leads nowhere is none of ours.
    failure_event: failure ?? number,
  }));
}

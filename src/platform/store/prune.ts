/**
 * Deletes what is older than its retention, some rows at a time, so that no entry waits long.
 *
 * N1. A failure that is open stays whatever its age, and so do the actions of a failure that stays.
 * N2. Baselines are written anew as long as there are values: those that are not have no series
 *     any more.
 * N3. What is older goes first: an audit knows by that what the retention can have taken.
 * N4. Entries from the checkpoint on stay, and the last one always: the chain goes on from it.
 */
import type { Kysely } from "kysely";
import type { Oldest, Retention } from "../../model/index.ts";
import type { Tables } from "./schema.ts";

const batchRows = 500;

/** `turn` runs one batch when the database is free. Resolves with the rows deleted. */
export async function prune(
  db: Kysely<Tables>,
  retention: Retention,
  turn: (batch: () => Promise<number>) => Promise<number>,
): Promise<number> {
  const cut = await turn(() => journalCut(db, retention.entriesBefore));
  const batches = [
    () => metricsBatch(db, retention.metricsBefore),
    () => baselinesBatch(db, retention.metricsBefore),
    () => sketchesBatch(db, retention.metricsBefore),
    () => failuresBatch(db, retention.failuresBefore),
    () => actionsBatch(db, retention.failuresBefore),
    () => incidentsBatch(db, retention.failuresBefore),
    () => entriesBatch(db, cut),
  ];
  let total = 0;
  for (const batch of batches) {
    for (let deleted = await turn(batch); deleted > 0; deleted = await turn(batch)) {
      total += deleted;
    }
  }
  return total;
}

export async function oldest(db: Kysely<Tables>): Promise<Oldest> {
  const metric = await db
    .selectFrom("system_health_metrics")
    .select("timestamp")
    .orderBy("timestamp")
    .limit(1)
    .executeTakeFirst();
  const failure = await db
    .selectFrom("failure_events")
    .select("timestamp")
    .where("resolved", "=", 1)
    .orderBy("timestamp")
    .limit(1)
    .executeTakeFirst();
  const entry = await db
    .selectFrom("journal")
    .select("at")
    .orderBy("position")
    .limit(1)
    .executeTakeFirst();
  return { metric: metric?.timestamp, failure: failure?.timestamp, entry: entry?.at };
}

/** The first position that stays. */
async function journalCut(db: Kysely<Tables>, entriesBefore: number): Promise<number> {
  const saved = await db
    .selectFrom("checkpoints")
    .select("position")
    .orderBy("position", "desc")
    .executeTakeFirst();
  // The wall clock may jump back: the first entry that is young enough counts, not every old one.
  const young = await db
    .selectFrom("journal")
    .select("position")
    .where("at", ">=", entriesBefore)
    .orderBy("position")
    .limit(1)
    .executeTakeFirst();
  const last = await db
    .selectFrom("journal")
    .select("position")
    .orderBy("position", "desc")
    .limit(1)
    .executeTakeFirst();
  const end = last?.position ?? 0;
  return Math.min(saved?.position ?? 0, young?.position ?? end, end);
}

async function metricsBatch(db: Kysely<Tables>, before: number): Promise<number> {
  const rows = await db
    .selectFrom("system_health_metrics")
    .select("id")
    .where("timestamp", "<", before)
    .orderBy("timestamp")
    .limit(batchRows)
    .execute();
  return await removed(rows, (ids) =>
    db.deleteFrom("system_health_metrics").where("id", "in", ids).execute(),
  );
}

/** Keeps N2. */
async function baselinesBatch(db: Kysely<Tables>, before: number): Promise<number> {
  const rows = await db
    .selectFrom("system_health_baselines")
    .select("id")
    .where("valid_until", "<", before)
    .limit(batchRows)
    .execute();
  return await removed(rows, (ids) =>
    db.deleteFrom("system_health_baselines").where("id", "in", ids).execute(),
  );
}

async function sketchesBatch(db: Kysely<Tables>, before: number): Promise<number> {
  const rows = await db
    .selectFrom("baseline_sketches")
    .select("id")
    .where("valid_until", "<", before)
    .limit(batchRows)
    .execute();
  return await removed(rows, (ids) =>
    db.deleteFrom("baseline_sketches").where("id", "in", ids).execute(),
  );
}

/** Together with their actions, which refer to them. */
async function failuresBatch(db: Kysely<Tables>, before: number): Promise<number> {
  const rows = await db
    .selectFrom("failure_events")
    .select("id")
    .where("resolved", "=", 1)
    .where("timestamp", "<", before)
    .orderBy("timestamp")
    .limit(batchRows)
    .execute();
  if (rows.length === 0) return 0;
  const ids = rows.map(({ id }) => id);
  return await db.transaction().execute(async (transaction) => {
    const actions = await transaction
      .deleteFrom("recovery_actions")
      .where("failure_event_id", "in", ids)
      .executeTakeFirst();
    await transaction.deleteFrom("failure_events").where("id", "in", ids).execute();
    return rows.length + Number(actions.numDeletedRows);
  });
}

async function actionsBatch(db: Kysely<Tables>, before: number): Promise<number> {
  const rows = await db
    .selectFrom("recovery_actions")
    .select("id")
    .where("failure_event_id", "is", null)
    .where("completed_at", "<", before)
    .orderBy("completed_at")
    .limit(batchRows)
    .execute();
  return await removed(rows, (ids) =>
    db.deleteFrom("recovery_actions").where("id", "in", ids).execute(),
  );
}

async function incidentsBatch(db: Kysely<Tables>, before: number): Promise<number> {
  const rows = await db
    .selectFrom("incidents")
    .select("id")
    .where("live", "=", 0)
    .where("resolved_at", "<", before)
    .orderBy("resolved_at")
    .limit(batchRows)
    .execute();
  return await removed(rows, (ids) => db.deleteFrom("incidents").where("id", "in", ids).execute());
}

async function entriesBatch(db: Kysely<Tables>, cut: number): Promise<number> {
  const rows = await db
    .selectFrom("journal")
    .select("position")
    .where("position", "<", cut)
    .orderBy("position")
    .limit(batchRows)
    .execute();
  const last = rows.at(-1);
  if (last === undefined) return 0;
  await db.deleteFrom("journal").where("position", "<=", last.position).execute();
  return rows.length;
}

/** Resolves with how many there were; `remove` is not called for none. */
async function removed<Id>(
  rows: readonly { readonly id: Id }[],
  remove: (ids: readonly Id[]) => Promise<unknown>,
): Promise<number> {
  if (rows.length > 0) await remove(rows.map(({ id }) => id));
  return rows.length;
}

/** Carries one change of the projections out, inside the transaction that takes the entry. */
import type { Insertable, Kysely } from "kysely";
import { type RowChange, withVerdict } from "../../knowledge/index.ts";
import { fromIncident, fromJson, toJson } from "./row-shapes.ts";
import type { ActionTable, FailureTable, Tables } from "./schema.ts";

type Change<K extends RowChange["kind"]> = Extract<RowChange, { readonly kind: K }>;

export function applyChange(db: Kysely<Tables>, change: RowChange): Promise<void> {
  switch (change.kind) {
    case "put_failure":
      return putFailure(db, change);
    case "resolve_failure":
      return resolveFailure(db, change);
    case "put_action":
      return putAction(db, change);
    case "judge_action":
      return judgeAction(db, change);
    default:
      return putIncident(db, change);
  }
}

/** Looked up first and not `on conflict`: every database spells that differently. */
async function putFailure(db: Kysely<Tables>, { row }: Change<"put_failure">): Promise<void> {
  const { createdAt } = row;
  const values: Insertable<FailureTable> = {
    event_id: row.eventId,
    timestamp: row.timestamp,
    failure_category: row.failureCategory,
    failure_type: row.failureType,
    severity: row.severity,
    affected_service: row.affectedService,
    error_message: row.errorMessage,
    error_stack: row.errorStack,
    context: fromJson(row.context),
    detection_method: row.detectionMethod,
    user_id: row.userId,
    request_id: row.requestId,
  };
  const id = await failureId(db, row.eventId);
  if (id === undefined) {
    await db
      .insertInto("failure_events")
      .values({ ...values, created_at: createdAt })
      .execute();
  } else {
    await db.updateTable("failure_events").set(values).where("id", "=", id).execute();
  }
}

async function resolveFailure(
  db: Kysely<Tables>,
  { eventId, at }: Change<"resolve_failure">,
): Promise<void> {
  await db
    .updateTable("failure_events")
    .set({ resolved: 1, resolved_at: Math.round(at) })
    .where("event_id", "=", eventId)
    .execute();
}

async function putAction(
  db: Kysely<Tables>,
  { row, eventId }: Change<"put_action">,
): Promise<void> {
  const before = await db
    .selectFrom("recovery_actions")
    .select(["id", "result"])
    .where("action_id", "=", row.actionId)
    .executeTakeFirst();
  const failure = eventId === null ? undefined : await failureId(db, eventId);
  const values: Insertable<ActionTable> = {
    action_id: row.actionId,
    failure_event_id: failure ?? null,
    timestamp: row.timestamp,
    action_type: row.actionType,
    action_strategy: row.actionStrategy,
    status: row.status,
    automated: row.automated ? 1 : 0,
    triggered_by: row.triggeredBy,
    parameters: fromJson(row.parameters),
    result: fromJson(withVerdict(row.result, toJson(before?.result ?? null))),
    duration_ms: row.durationMs,
    completed_at: row.completedAt,
  };
  if (before === undefined) {
    await db
      .insertInto("recovery_actions")
      .values({ ...values, created_at: row.createdAt })
      .execute();
  } else {
    await db.updateTable("recovery_actions").set(values).where("id", "=", before.id).execute();
  }
}

async function judgeAction(
  db: Kysely<Tables>,
  { actionId, verdict }: Change<"judge_action">,
): Promise<void> {
  const row = await db
    .selectFrom("recovery_actions")
    .select(["id", "result"])
    .where("action_id", "=", actionId)
    .executeTakeFirst();
  if (row === undefined) return;
  const result = fromJson({ ...toJson(row.result), verdict });
  await db.updateTable("recovery_actions").set({ result }).where("id", "=", row.id).execute();
}

async function putIncident(
  db: Kysely<Tables>,
  { incident, at }: Change<"put_incident">,
): Promise<void> {
  const values = fromIncident(incident, at);
  const there = await db
    .selectFrom("incidents")
    .select("id")
    .where("id", "=", incident.id)
    .executeTakeFirst();
  if (there === undefined) {
    await db.insertInto("incidents").values(values).execute();
  } else {
    await db.updateTable("incidents").set(values).where("id", "=", incident.id).execute();
  }
}

async function failureId(db: Kysely<Tables>, eventId: string): Promise<number | undefined> {
  const row = await db
    .selectFrom("failure_events")
    .select("id")
    .where("event_id", "=", eventId)
    .executeTakeFirst();
  return row?.id;
}

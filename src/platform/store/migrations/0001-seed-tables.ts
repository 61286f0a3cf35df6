/** The five tables of the seed, column by column, with its indexes. */
import type { CreateTableBuilder, Kysely } from "kysely";
import type { Flavour } from "../flavour.ts";
import type { Tables } from "../schema.ts";
import { type Migration, setAside, takeBack } from "./migration.ts";

const tables = [
  "system_health_metrics",
  "failure_events",
  "recovery_actions",
  "circuit_breaker_states",
  "system_health_baselines",
] as const;

export const seedTables: Migration = {
  version: 1,
  name: "seed-tables",
  async up(db, flavour) {
    if (await takeBack(db, tables)) return;
    await metrics(db, flavour);
    await failures(db, flavour);
    await actions(db, flavour);
    await breakers(db, flavour);
    await baselines(db, flavour);
  },
  down: (db) => setAside(db, tables),
};

async function metrics(db: Kysely<Tables>, flavour: Flavour): Promise<void> {
  const { integer, key, text, real } = flavour;
  const table = start(db, "system_health_metrics", flavour)
    .addColumn("timestamp", integer, (column) => column.notNull())
    .addColumn("metric_type", key, (column) => column.notNull())
    .addColumn("metric_name", key, (column) => column.notNull())
    .addColumn("value", real, (column) => column.notNull())
    .addColumn("unit", text, (column) => column.notNull())
    .addColumn("tags", text)
    .addColumn("source", key, (column) => column.notNull());
  await end(table, flavour).execute();
  await addIndexes(db, "system_health_metrics", {
    health_metrics_timestamp_idx: ["timestamp"],
    health_metrics_type_idx: ["metric_type"],
    health_metrics_source_idx: ["source"],
  });
}

async function failures(db: Kysely<Tables>, flavour: Flavour): Promise<void> {
  const { integer, key, text } = flavour;
  const table = start(db, "failure_events", flavour)
    .addColumn("event_id", key, (column) => column.notNull().unique())
    .addColumn("timestamp", integer, (column) => column.notNull())
    .addColumn("failure_category", key, (column) => column.notNull())
    .addColumn("failure_type", text, (column) => column.notNull())
    .addColumn("severity", key, (column) => column.notNull())
    .addColumn("affected_service", text, (column) => column.notNull())
    .addColumn("error_message", text)
    .addColumn("error_stack", text)
    .addColumn("context", text)
    .addColumn("detection_method", text, (column) => column.notNull())
    .addColumn("user_id", text)
    .addColumn("request_id", key)
    .addColumn("resolved", integer, (column) => column.notNull().defaultTo(0))
    .addColumn("resolved_at", integer);
  await end(table, flavour).execute();
  await addIndexes(db, "failure_events", {
    failure_events_timestamp_idx: ["timestamp"],
    failure_events_category_idx: ["failure_category"],
    failure_events_severity_idx: ["severity"],
    failure_events_resolved_idx: ["resolved"],
    failure_events_request_id_idx: ["request_id"],
  });
}

async function actions(db: Kysely<Tables>, flavour: Flavour): Promise<void> {
  const { integer, key, text } = flavour;
  const table = start(db, "recovery_actions", flavour)
    .addColumn("action_id", key, (column) => column.notNull().unique())
    .addColumn("failure_event_id", integer, (column) => column.references("failure_events.id"))
    .addColumn("timestamp", integer, (column) => column.notNull())
    .addColumn("action_type", text, (column) => column.notNull())
    .addColumn("action_strategy", text, (column) => column.notNull())
    .addColumn("status", key, (column) => column.notNull())
    .addColumn("automated", integer, (column) => column.notNull())
    .addColumn("triggered_by", text)
    .addColumn("parameters", text)
    .addColumn("result", text)
    .addColumn("duration_ms", integer)
    .addColumn("completed_at", integer);
  await end(table, flavour).execute();
  await addIndexes(db, "recovery_actions", {
    recovery_actions_failure_idx: ["failure_event_id"],
    recovery_actions_timestamp_idx: ["timestamp"],
    recovery_actions_status_idx: ["status"],
  });
}

async function breakers(db: Kysely<Tables>, flavour: Flavour): Promise<void> {
  const { integer, key, text } = flavour;
  const table = start(db, "circuit_breaker_states", flavour)
    .addColumn("circuit_name", key, (column) => column.notNull().unique())
    .addColumn("state", key, (column) => column.notNull())
    .addColumn("failure_count", integer, (column) => column.notNull().defaultTo(0))
    .addColumn("success_count", integer, (column) => column.notNull().defaultTo(0))
    .addColumn("last_failure_at", integer)
    .addColumn("last_success_at", integer)
    .addColumn("opened_at", integer)
    .addColumn("next_retry_at", integer)
    .addColumn("configuration", text)
    .addColumn("updated_at", integer, (column) => column.notNull().defaultTo(flavour.nowMs));
  await end(table, flavour).execute();
  await addIndexes(db, "circuit_breaker_states", {
    circuit_breaker_state_idx: ["state"],
    circuit_breaker_next_retry_idx: ["next_retry_at"],
  });
}

async function baselines(db: Kysely<Tables>, flavour: Flavour): Promise<void> {
  const { integer, key, real } = flavour;
  let table: CreateTableBuilder<string, string> = start(db, "system_health_baselines", flavour);
  for (const name of ["metric_type", "metric_name", "source", "time_window"]) {
    table = table.addColumn(name, key, (column) => column.notNull());
  }
  for (const name of ["mean", "median", "std_dev", "p50", "p95", "p99", "min", "max"]) {
    table = table.addColumn(name, real, (column) => column.notNull());
  }
  for (const name of ["sample_count", "calculated_at", "valid_until"]) {
    table = table.addColumn(name, integer, (column) => column.notNull());
  }
  await end(table, flavour).execute();
  await addIndexes(db, "system_health_baselines", {
    baselines_metric_idx: ["metric_type", "metric_name", "source"],
    baselines_valid_until_idx: ["valid_until"],
  });
}

function start(
  db: Kysely<Tables>,
  name: string,
  { counted }: Flavour,
): CreateTableBuilder<string, string> {
  return db.schema.createTable(name).addColumn("id", counted.type, counted.column);
}

function end(
  table: CreateTableBuilder<string, string>,
  { integer, nowMs }: Flavour,
): CreateTableBuilder<string, string> {
  return table.addColumn("created_at", integer, (column) => column.notNull().defaultTo(nowMs));
}

async function addIndexes(
  db: Kysely<Tables>,
  table: string,
  indexes: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  for (const [name, columns] of Object.entries(indexes)) {
    await db.schema
      .createIndex(name)
      .on(table)
      .columns([...columns])
      .execute();
  }
}

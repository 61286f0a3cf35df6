/** The format of the store: the seed's tables, and the way from one version to another. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { verifyChain } from "../../src/knowledge/index.ts";
import { openSqliteStore, openWorkerStore, sqliteFormat } from "../../src/platform/store/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { failureOf, mac, notes, sealAll } from "../conformance/entries.ts";
import { metricAt } from "../conformance/store.ts";
import { opened } from "./store-bench.ts";

test("goes down and up again without losing a row", async () => {
  const path = join(temporaryFolder("store"), "store.db");
  const first = await openSqliteStore(path);
  await first.append(
    sealAll([{ kind: "failure_raised", failure: failureOf("flr_1") }, ...notes(9)]),
  );
  await first.writeMetrics([metricAt(1)]);
  await first.close();
  expect(await sqliteFormat(path)).toEqual({ version: 3, latest: 3 });
  expect(await sqliteFormat(path, 1)).toEqual({ version: 1, latest: 3 });
  expect(await sqliteFormat(path, 0)).toEqual({ version: 0, latest: 3 });
  expect(await sqliteFormat(path, 1)).toEqual({ version: 1, latest: 3 });
  const second = await opened(openSqliteStore(path));
  expect(verifyChain(await second.read(1, 100), mac)).toMatchObject({ proven: 10 });
  expect(await second.failures({ limit: 9 })).toHaveLength(1);
  expect(await second.metrics({ fromAt: 0, toAt: 9, limit: 9 })).toEqual([metricAt(1)]);
});

test("refuses a newer format and says what to do", async () => {
  const path = join(temporaryFolder("store"), "store.db");
  await (await openSqliteStore(path)).close();
  const database = new DatabaseSync(path);
  database.exec("INSERT INTO schema_version (version, name) VALUES (4, 'tomorrow')");
  database.close();
  const fix: unknown = expect.stringContaining("db down --to 3");
  const refused = { code: "STORE_TOO_NEW", fix };
  await expect(openSqliteStore(path)).rejects.toMatchObject(refused);
  await expect(openWorkerStore(path)).rejects.toMatchObject(refused);
});

test("has the seed's tables, columns and indexes", async () => {
  const path = join(temporaryFolder("store"), "store.db");
  await (await openSqliteStore(path)).close();
  const database = new DatabaseSync(path, { readOnly: true });
  afterwards(() => database.close());
  const columnsOf = (table: string): string =>
    database
      .prepare(`SELECT name, type, "notnull" AS required FROM pragma_table_info('${table}')`)
      .all()
      .map(
        ({ name, type, required }) =>
          `${String(name)}:${String(type)[0]}${required === 1 ? "!" : ""}`,
      )
      .join(" ");
  for (const [table, columns] of Object.entries(seedColumns)) {
    expect(`${table} ${columnsOf(table)}`).toBe(`${table} ${columns}`);
  }
  const indexes = database
    .prepare(
      "SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE '%\\_idx' ESCAPE '\\'",
    )
    .all();
  expect(indexes.map(({ name }) => name)).toEqual(expect.arrayContaining(seedIndexes));
  const unique = database
    .prepare("SELECT count(*) AS count FROM sqlite_master WHERE name LIKE 'sqlite_autoindex_%'")
    .get();
  expect(unique?.["count"]).toBeGreaterThanOrEqual(3);
});

/** Name, first letter of the type, `!` for not null. Only `covers_ms` is not the seed's. */
const seedColumns = {
  system_health_metrics:
    "id:I timestamp:I! metric_type:T! metric_name:T! value:R! unit:T! tags:T source:T! created_at:I!",
  failure_events:
    "id:I event_id:T! timestamp:I! failure_category:T! failure_type:T! severity:T! " +
    "affected_service:T! error_message:T error_stack:T context:T detection_method:T! user_id:T " +
    "request_id:T resolved:I! resolved_at:I created_at:I!",
  // `failure_event_id` may be null: see docs/decisions/0003.
  recovery_actions:
    "id:I action_id:T! failure_event_id:I timestamp:I! action_type:T! action_strategy:T! " +
    "status:T! automated:I! triggered_by:T parameters:T result:T duration_ms:I completed_at:I " +
    "created_at:I!",
  circuit_breaker_states:
    "id:I circuit_name:T! state:T! failure_count:I! success_count:I! last_failure_at:I " +
    "last_success_at:I opened_at:I next_retry_at:I configuration:T updated_at:I! created_at:I!",
  system_health_baselines:
    "id:I metric_type:T! metric_name:T! source:T! time_window:T! mean:R! median:R! std_dev:R! " +
    "p50:R! p95:R! p99:R! min:R! max:R! sample_count:I! calculated_at:I! valid_until:I! " +
    "created_at:I! covers_ms:I",
};

const seedIndexes = [
  "health_metrics_timestamp_idx",
  "health_metrics_type_idx",
  "health_metrics_source_idx",
  "failure_events_timestamp_idx",
  "failure_events_category_idx",
  "failure_events_severity_idx",
  "failure_events_resolved_idx",
  "failure_events_request_id_idx",
  "recovery_actions_failure_idx",
  "recovery_actions_timestamp_idx",
  "recovery_actions_status_idx",
  "circuit_breaker_state_idx",
  "circuit_breaker_next_retry_idx",
  "baselines_metric_idx",
  "baselines_valid_until_idx",
];

/**
 * Failures and attempts in the tables `failure_events` and `recovery_actions` of SQLite, the newest
 * `rowsMax` of each, give or take those of the last hundred writes.
 */
import type { DatabaseSync } from "node:sqlite";
import type { Json } from "../../kernel/index.ts";
import {
  checkArgument,
  checkOptions,
  eitherOption,
  havingOption,
  optionsOf,
  textOption,
  wholeOption,
} from "../../kernel/index.ts";
import { SqliteFile } from "../sqlite-file.ts";
import type { ActionRow, ActionStatus, FailureRow, Severity } from "./failure.ts";
import type { RecoveryStore } from "./recovery-store.ts";

const schema = `
create table if not exists failure_events (
  id integer primary key autoincrement, event_id text not null unique, timestamp integer not null,
  failure_category text not null, failure_type text not null, severity text not null,
  affected_service text not null, error_message text, error_stack text, context text,
  detection_method text not null, user_id text, request_id text,
  resolved integer not null default 0, resolved_at integer,
  created_at integer not null default (unixepoch() * 1000)
);
create index if not exists failure_events_timestamp_idx on failure_events (timestamp);
create index if not exists failure_events_category_idx on failure_events (failure_category);
create index if not exists failure_events_severity_idx on failure_events (severity);
create index if not exists failure_events_resolved_idx on failure_events (resolved);
create index if not exists failure_events_request_id_idx on failure_events (request_id);
create table if not exists recovery_actions (
  id integer primary key autoincrement, action_id text not null unique,
  failure_event_id integer references failure_events (id), timestamp integer not null,
  action_type text not null, action_strategy text not null, status text not null,
  automated integer not null, triggered_by text, parameters text, result text,
  duration_ms integer, completed_at integer,
  created_at integer not null default (unixepoch() * 1000)
);
create index if not exists recovery_actions_failure_idx on recovery_actions (failure_event_id);
create index if not exists recovery_actions_timestamp_idx on recovery_actions (timestamp);
create index if not exists recovery_actions_status_idx on recovery_actions (status);
`;

const putFailure = `
insert into failure_events
  (event_id, timestamp, failure_category, failure_type, severity, affected_service, error_message,
   error_stack, context, detection_method, user_id, request_id, resolved, resolved_at)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (event_id) do update set resolved = excluded.resolved, resolved_at = excluded.resolved_at
`;

const putAction = `
insert into recovery_actions
  (action_id, failure_event_id, timestamp, action_type, action_strategy, status, automated,
   triggered_by, parameters, result, duration_ms, completed_at)
values (?, (select id from failure_events where event_id = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (action_id) do update set status = excluded.status, result = excluded.result,
  duration_ms = excluded.duration_ms, completed_at = excluded.completed_at
`;

const readActions = `
select recovery_actions.*, failure_events.event_id from recovery_actions
join failure_events on failure_events.id = recovery_actions.failure_event_id
order by recovery_actions.id
`;

/** By place and not by id: ids have gaps where a row was put twice. */
const oldest = (table: string): string =>
  `(select id from ${table} order by id desc limit 1 offset ?)`;
const trims: readonly string[] = [
  `delete from recovery_actions where id <= ${oldest("recovery_actions")}`,
  `delete from recovery_actions where failure_event_id <= ${oldest("failure_events")}`,
  `delete from failure_events where id <= ${oldest("failure_events")}`,
];
const rowsMaxUsual = 10_000;
/** A trim looks at every row that is kept. */
const writesPerTrim = 100;

const shape = optionsOf({ rowsMax: wholeOption({ min: 1, max: 1_000_000 }) });

const placeOption = eitherOption(
  textOption({ max: 4096 }),
  havingOption<DatabaseSync>(
    ["exec", "prepare"],
    "a path or a database",
    "write the path of a file",
  ),
);

/**
 * @param place of the database file, or a database that is open already.
 * @param options `rowsMax` failures and as many attempts are kept, the newest; default 10,000.
 */
export function sqliteRecoveryStore(
  place: string | DatabaseSync,
  options: { readonly rowsMax?: number } = {},
): RecoveryStore {
  checkArgument(["sqliteRecoveryStore", "place"], place, placeOption);
  const { rowsMax = rowsMaxUsual } = checkOptions("sqliteRecoveryStore", options, shape);
  const file = new SqliteFile(place, schema);
  let writes = 0;

  /** Also at the first write: what was kept by an earlier process counts. */
  function trim(): void {
    if (writes % writesPerTrim === 0) {
      for (const each of trims) file.database().prepare(each).run(rowsMax);
    }
    writes += 1;
  }

  return {
    name: file.name,
    // oxlint-disable-next-line require-await -- what SQLite throws must become a rejection.
    async putFailure(row) {
      file
        .database()
        .prepare(putFailure)
        .run(
          row.eventId,
          row.timestamp,
          row.failureCategory,
          row.failureType,
          row.severity,
          row.affectedService,
          row.errorMessage,
          row.errorStack,
          JSON.stringify(row.context),
          row.detectionMethod,
          row.userId,
          row.requestId,
          Number(row.resolved),
          row.resolvedAt,
        );
      trim();
    },
    // oxlint-disable-next-line require-await -- the same.
    async putAction(row) {
      file
        .database()
        .prepare(putAction)
        .run(
          row.actionId,
          row.failureEventId,
          row.timestamp,
          row.actionType,
          row.actionStrategy,
          row.status,
          Number(row.automated),
          row.triggeredBy,
          JSON.stringify(row.parameters),
          JSON.stringify(row.result),
          row.durationMs,
          row.completedAt,
        );
      trim();
    },
    // oxlint-disable-next-line require-await -- the same.
    async read() {
      const failures = file.database().prepare("select * from failure_events order by id").all();
      const actions = file.database().prepare(readActions).all();
      return { failures: failures.map(failureOf), actions: actions.map(actionOf) };
    },
    close: () => file.close(),
  };
}

type Row = Readonly<Record<string, unknown>>;

function failureOf(row: Row): FailureRow {
  return {
    eventId: row["event_id"] as string,
    timestamp: row["timestamp"] as number,
    failureCategory: row["failure_category"] as string,
    failureType: row["failure_type"] as string,
    severity: row["severity"] as Severity,
    affectedService: row["affected_service"] as string,
    errorMessage: row["error_message"] as string | null,
    errorStack: row["error_stack"] as string | null,
    context: jsonIn(row["context"]),
    detectionMethod: row["detection_method"] as string,
    userId: row["user_id"] as string | null,
    requestId: row["request_id"] as string | null,
    resolved: row["resolved"] === 1,
    resolvedAt: row["resolved_at"] as number | null,
  };
}

function actionOf(row: Row): ActionRow {
  return {
    actionId: row["action_id"] as string,
    failureEventId: row["event_id"] as string,
    timestamp: row["timestamp"] as number,
    actionType: row["action_type"] as string,
    actionStrategy: row["action_strategy"] as string,
    status: row["status"] as ActionStatus,
    automated: row["automated"] === 1,
    triggeredBy: row["triggered_by"] as string,
    parameters: jsonIn(row["parameters"]),
    result: jsonIn(row["result"]),
    durationMs: row["duration_ms"] as number | null,
    completedAt: row["completed_at"] as number | null,
  };
}

function jsonIn(value: unknown): Json {
  try {
    return JSON.parse((value ?? "null") as string) as Json;
  } catch {
    // Somebody else's row: it is shown without.
    return null;
  }
}

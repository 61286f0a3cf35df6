/**
 * States in the table `circuit_breaker_states` of an SQLite database: the one that the daemon and
 * other programs know. Read and written by node's own SQLite, loaded when it is first asked for.
 */
import type { DatabaseSync } from "node:sqlite";
import { checkArgument, eitherOption, havingOption, textOption } from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import { realTools } from "../real-tools.ts";
import { SqliteFile } from "../sqlite-file.ts";
import type { BreakerStateStore, LoadedStates } from "./breaker-state-store.ts";
import { asOfNow, breakersMax, mergeSaved, readSaved, type SavedBreaker } from "./saved-breaker.ts";

const schema = `
create table if not exists circuit_breaker_states (
  id integer primary key autoincrement,
  circuit_name text not null unique,
  state text not null,
  failure_count integer not null default 0,
  success_count integer not null default 0,
  last_failure_at integer,
  last_success_at integer,
  opened_at integer,
  next_retry_at integer,
  configuration text,
  updated_at integer not null default (unixepoch() * 1000),
  created_at integer not null default (unixepoch() * 1000)
);
create index if not exists circuit_breaker_state_idx on circuit_breaker_states (state);
create index if not exists circuit_breaker_next_retry_idx on circuit_breaker_states (next_retry_at);
`;

const upsert = `
insert into circuit_breaker_states
  (circuit_name, state, failure_count, success_count, last_failure_at, last_success_at,
   opened_at, next_retry_at, configuration, updated_at)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (circuit_name) do update set
  state = excluded.state, failure_count = excluded.failure_count,
  success_count = excluded.success_count, last_failure_at = excluded.last_failure_at,
  last_success_at = excluded.last_success_at, opened_at = excluded.opened_at,
  next_retry_at = excluded.next_retry_at, configuration = excluded.configuration,
  updated_at = excluded.updated_at
`;

/** Beyond the limit the ones that changed longest ago go. */
const trim = `
delete from circuit_breaker_states where id in (
  select id from circuit_breaker_states order by updated_at desc, id desc limit -1 offset ${breakersMax}
)
`;

const newest = `select * from circuit_breaker_states order by updated_at desc limit ${breakersMax}`;

const placeOption = eitherOption(
  textOption({ max: 4096 }),
  havingOption<DatabaseSync>(
    ["exec", "prepare"],
    "a path or a database",
    "write the path of a file",
  ),
);

/** @param place of the database file, or a database that is open already. */
export function sqliteStateStore(
  place: string | DatabaseSync,
  tools: Pick<Tools, "wallMs"> = realTools,
): BreakerStateStore {
  checkArgument(["sqliteStateStore", "place"], place, placeOption);
  const file = new SqliteFile(place, schema);

  function load(): LoadedStates {
    const rows = file.database().prepare(newest).all();
    const nowMs = tools.wallMs();
    const states = rows.flatMap((row) => stateOf(row) ?? []);
    const left = rows.length - states.length;
    return {
      states: states.map((state) => asOfNow(state, nowMs)),
      troubles: left > 0 ? [`${left} rows of circuit_breaker_states are no states`] : [],
    };
  }

  return {
    name: file.name,
    load,
    // oxlint-disable-next-line require-await -- what SQLite throws must become a rejection.
    async save(states) {
      const db = file.database();
      db.exec("begin immediate");
      try {
        const known = new Map(load().states.map((state) => [state.name, state]));
        const statement = db.prepare(upsert);
        for (const state of states) {
          const merged = mergeSaved([state], [known.get(state.name) ?? state]).get(state.name);
          if (merged === state) statement.run(...valuesOf(state));
        }
        db.exec(trim);
        db.exec("commit");
      } catch (error) {
        db.exec("rollback");
        throw error;
      }
    },
    close: () => file.close(),
  };
}

function valuesOf(state: SavedBreaker): (string | number | null)[] {
  return [
    state.name,
    state.phase,
    state.failureCount,
    state.successCount,
    whole(state.lastFailureAt),
    whole(state.lastSuccessAt),
    whole(state.openedAt),
    whole(state.nextRetryAt),
    textFor(state),
    Math.round(state.updatedAt),
  ];
}

/** The columns are known to other programs: what they have none for goes with the configuration. */
function textFor({ configuration, isInduced, phase }: SavedBreaker): string | null {
  const isSaid = isInduced || phase === "isolated";
  if (configuration === undefined && !isSaid) return null;
  return JSON.stringify({ ...configuration, ...(isSaid ? { isInduced } : {}) });
}

function whole(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value);
}

function stateOf(row: Readonly<Record<string, unknown>>): SavedBreaker | undefined {
  const { isInduced, ...configuration } = wordsIn(row["configuration"]);
  return readSaved({
    name: row["circuit_name"],
    phase: row["state"],
    failureCount: row["failure_count"],
    successCount: row["success_count"],
    lastFailureAt: row["last_failure_at"],
    lastSuccessAt: row["last_success_at"],
    openedAt: row["opened_at"],
    nextRetryAt: row["next_retry_at"],
    isInduced,
    configuration: Object.keys(configuration).length === 0 ? undefined : configuration,
    updatedAt: row["updated_at"],
  });
}

function wordsIn(text: unknown): Readonly<Record<string, unknown>> {
  try {
    const words: unknown = JSON.parse((text ?? "null") as string);
    return typeof words === "object" && words !== null ? { ...words } : {};
  } catch {
    // Somebody else's words: the state counts, its configuration is only for people.
    return {};
  }
}

/** `database`: one SQLite file with all that an engine keeps, in the five tables of old. */
import { type BreakerStateStore, sqliteStateStore } from "../breaker-states/index.ts";
import { type RecoveryStore, sqliteRecoveryStore } from "../recovery/index.ts";
import { type MetricSink, SqliteMetricSink } from "../telemetry/index.ts";

interface Places {
  readonly database?: string | undefined;
  readonly breakerStates?: BreakerStateStore | string | undefined;
  readonly recoveries?: RecoveryStore | string | undefined;
}

interface Kept<T> extends Omit<Places, "database"> {
  readonly metrics: MetricSink | undefined;
  /** The other options. */
  readonly code: Omit<T, keyof Places>;
}

/** Whoever names a place of its own for one of them has it there. */
export function keptIn<T extends Places>(options: T): Kept<T> {
  const { database, breakerStates, recoveries, ...code } = options;
  if (database === undefined) return { breakerStates, recoveries, metrics: undefined, code };
  return {
    breakerStates: breakerStates ?? sqliteStateStore(database),
    recoveries: recoveries ?? sqliteRecoveryStore(database),
    metrics: new SqliteMetricSink(database),
    code,
  };
}

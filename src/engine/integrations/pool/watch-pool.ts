/** A pool of `pg` or `mysql2` under watch. */
import {
  callbackOption,
  checkArgument,
  checkOptions,
  durationOption,
  numberOption,
  optionsOf,
  refusedOption,
  textOption,
} from "../../../kernel/index.ts";
import type { Tools } from "../../../resilience/index.ts";
import { realTools } from "../../real-tools.ts";
import { type Metering, meteringOption } from "../operation-meters.ts";
import { mysqlDriver, mysqlPoolIn, watchMysqlPool } from "./mysql-pool.ts";
import { isPgPool, pgDriver, watchPgPool } from "./pg-pool.ts";
import type { PoolCounts, PoolNotice } from "./pool-driver.ts";
import { PoolGuard, type PoolGuardOptions, type PoolState } from "./pool-guard.ts";

export interface WatchPoolOptions {
  /** Begins the operations' names, `<name>.query` and `<name>.connect`: "pg", "mysql", "redis". */
  readonly name?: string;
  /** No answer for at least this long makes it suspicious: 5 s. */
  readonly suspectAfterMs?: number | string;
  /** ... and for at least so many times the p99.9 of its queries: 10. */
  readonly suspectFactor?: number;
  /** How long a fresh connection may take to be answered: 3 s. */
  readonly probeTimeoutMs?: number | string;
  /** Told of what was found and done; one that fails harms nobody. */
  readonly onNotice?: (notice: PoolNotice) => unknown;
  readonly tools?: Tools;
}

const shape = optionsOf({
  name: textOption({ max: 100 }),
  suspectAfterMs: durationOption({ min: 50 }),
  suspectFactor: numberOption({ min: 1, max: 1000 }),
  probeTimeoutMs: durationOption({ min: 50 }),
  onNotice: callbackOption<(notice: PoolNotice) => unknown>(),
  tools: (tools) => tools as Tools,
});

export interface PoolWatch {
  readonly state: PoolState & PoolCounts;
  /** Leaves the pool as it was before. */
  stop(): void;
  [Symbol.dispose](): void;
}

export function checkPoolOptions(
  subject: string,
  options: WatchPoolOptions,
  words: { readonly name: string; readonly word: string },
): Omit<PoolGuardOptions, "onBack"> {
  const read = checkOptions(subject, options, shape);
  return {
    ...words,
    ...(read.name === undefined ? {} : { name: read.name }),
    suspectAfterMs: read.suspectAfterMs ?? 5000,
    suspectFactor: read.suspectFactor ?? 10,
    probeTimeoutMs: read.probeTimeoutMs ?? 3000,
    onNotice: read.onNotice,
    tools: read.tools ?? realTools,
  };
}

/**
 * Measures the queries of a pool, and finds out when it is dead: `watchPool(engine, pool)`.
 *
 * `pool` is a `pg.Pool`, or a pool of `mysql2` in either form; anything else throws
 * `OPTIONS_INVALID`. Operations are `<name>.query` and `<name>.connect`, one each per pool and not
 * per statement. When no connection answers for longer than it ever takes, the server is asked over
 * a connection of its own; those connections that it no longer has (after a failover, behind a dead
 * network path) are ended, so that their callers get an error and the pool makes new ones.
 * Connections that the server still works for are never touched, and behind a pooler such as
 * PgBouncer, where nobody can tell, none is.
 *
 * The API of the pool stays what it was. Only this is different: an idle connection of `pg` that
 * breaks no longer ends a process that does not listen for it; it is told as `connection_lost`.
 */
export function watchPool(
  engine: Metering,
  pool: object,
  options: WatchPoolOptions = {},
): PoolWatch {
  checkArgument(["watchPool", "engine"], engine, meteringOption);
  const poolFix = "hand in a Pool of pg, or what createPool of mysql2 or mysql2/promise returns";
  const refused = refusedOption<never>("a kind of pool that is known", poolFix);
  if (typeof pool !== "object" || pool === null)
    checkArgument(["watchPool", "pool"], pool, refused);
  const mysql = mysqlPoolIn(pool);
  const optionsFor = (name: string): PoolGuardOptions => ({
    ...checkPoolOptions("watchPool", options, { name, word: "query" }),
    onBack: () => {
      for (const each of new Set([pool, mysql ?? pool])) engine.serverIsBack?.(each);
    },
  });
  const watching = isPgPool(pool)
    ? guardPg(engine, pool, optionsFor("pg"))
    : mysql && guardMysql(engine, mysql, optionsFor("mysql"));
  return watching ?? checkArgument(["watchPool", "pool"], pool, refused);
}

function guardPg(
  engine: Metering,
  pool: Parameters<typeof pgDriver>[0],
  options: PoolGuardOptions,
): PoolWatch {
  const driver = pgDriver(pool);
  const guard = new PoolGuard(driver, engine, options);
  return poolWatch(guard, driver, watchPgPool(pool, guard));
}

function guardMysql(
  engine: Metering,
  pool: Parameters<typeof mysqlDriver>[0],
  options: PoolGuardOptions,
): PoolWatch {
  const driver = mysqlDriver(pool);
  const guard = new PoolGuard(driver, engine, options);
  return poolWatch(guard, driver, watchMysqlPool(pool, guard, driver));
}

export function poolWatch(
  guard: PoolGuard<object>,
  driver: { counts(): PoolCounts },
  unwatch: () => void,
): PoolWatch {
  const stop = (): void => {
    guard.stop();
    unwatch();
  };
  return {
    get state() {
      return { ...guard.state, ...driver.counts() };
    },
    stop,
    [Symbol.dispose]: stop,
  };
}

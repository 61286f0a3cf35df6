/**
 * Pools of `mysql2`, in both forms: the one with callbacks is inside of the one with promises. The
 * methods stay the pool's own, with a stopwatch around them.
 */
import { type EventEmitter, errorMonitor } from "node:events";
import type { OpenCall } from "../../operation.ts";
import type { Finding, PoolDriver } from "./pool-driver.ts";
import type { PoolGuard } from "./pool-guard.ts";

type Callback = (error: unknown, ...rest: readonly unknown[]) => void;
type Method = (...given: unknown[]) => unknown;

/** The parts of a connection that are used. */
interface Connection extends EventEmitter {
  query: Method;
  execute: Method;
  readonly threadId: number | null;
  readonly stream: { destroy(error?: Error): void; unref?: () => void };
  release(): void;
  destroy(): void;
}

interface List {
  readonly length: number;
}

/** The parts of a pool that are used; those with an underscore may be missing one day. */
export interface MysqlPool extends EventEmitter {
  readonly config: { readonly connectionLimit: number; readonly connectionConfig: object };
  getConnection: (callback: Callback) => unknown;
  readonly ["_allConnections"]?: List;
  readonly ["_freeConnections"]?: List;
  readonly ["_connectionQueue"]?: List;
}

/** The pool itself, or the one inside of a pool with promises. */
export function mysqlPoolIn(pool: object): MysqlPool | undefined {
  const inner = (pool as { pool?: unknown }).pool;
  for (const each of [pool, inner]) {
    const parts = each as Partial<Record<keyof MysqlPool, unknown>> | undefined;
    const config = parts?.config as { connectionLimit?: unknown } | undefined;
    if (typeof config?.connectionLimit === "number" && typeof parts?.getConnection === "function") {
      return each as MysqlPool;
    }
  }
  return undefined;
}

const question = "SELECT CONNECTION_ID() AS own, ID AS id FROM information_schema.PROCESSLIST";

interface Row {
  readonly own: unknown;
  readonly id: unknown;
}

export function mysqlDriver(pool: MysqlPool): PoolDriver<object> & {
  /** A connection that the pool has made: its class makes further ones. */
  known: Connection | undefined;
} {
  // As it is before it is watched: our own use of the pool is nobody's call.
  const { getConnection } = pool;
  const useOnce = (): Promise<void> =>
    new Promise((resolve, reject) => {
      getConnection.call(pool, (error, connection) => {
        if (error instanceof Error) return reject(error);
        (connection as Connection).release();
        resolve();
      });
    });
  const driver = {
    known: undefined as Connection | undefined,
    counts: () => ({
      limit: pool.config.connectionLimit || Number.POSITIVE_INFINITY,
      total: lengthOf(pool, "_allConnections"),
      idle: lengthOf(pool, "_freeConnections"),
      waiting: lengthOf(pool, "_connectionQueue"),
    }),
    probe: async (deadline: AbortSignal) => {
      if (driver.known !== undefined) return probe(pool, driver.known, deadline);
      // There never was a connection, so none of them can be dead.
      await useOnce();
      return { isAlive: () => undefined };
    },
    // Destroyed with an error, open commands are told of it; without one they would wait for ever.
    discard: (connection: object, reason: Error) =>
      (connection as Connection).stream.destroy(reason),
    refresh: useOnce,
  };
  return driver;
}

/** Nothing else tells them; a version without them is not known to be exhausted. */
function lengthOf(
  pool: MysqlPool,
  name: "_allConnections" | "_freeConnections" | "_connectionQueue",
): number {
  return pool[name]?.length ?? 0;
}

async function probe(
  pool: MysqlPool,
  known: Connection,
  deadline: AbortSignal,
): Promise<Finding<object>> {
  const { connectionConfig } = pool.config;
  const config = Object.create(
    Object.getPrototypeOf(connectionConfig) as object,
    Object.getOwnPropertyDescriptors(connectionConfig),
  ) as object;
  // Above the connection of a pool is the one that stands alone.
  const Plain = Object.getPrototypeOf(known.constructor) as new (options: object) => Connection;
  const connection = new Plain({ config });
  connection.on("error", () => undefined);
  connection.stream.unref?.();
  deadline.addEventListener("abort", () => connection.stream.destroy());
  try {
    const rows = await new Promise<readonly Row[]>((done, fail) => {
      connection.query(question, (error: unknown, found: unknown) => {
        if (error instanceof Error) fail(error);
        else done(found as readonly Row[]);
      });
    });
    // Numbers, or texts where the pool wants large numbers so.
    const ids = new Set(rows.map((row) => Number(row.id)));
    // Behind a proxy the ids are the proxy's own: then they prove nothing.
    const isDirect = Number(rows[0]?.own) === connection.threadId;
    return {
      isAlive: (each) => {
        const { threadId } = each as Connection;
        return isDirect && threadId !== null ? ids.has(threadId) : undefined;
      },
    };
  } finally {
    connection.destroy();
  }
}

/** Returns the function that leaves the pool as it was. */
export function watchMysqlPool(
  pool: MysqlPool,
  guard: PoolGuard<object>,
  driver: { known: Connection | undefined },
): () => void {
  const watched = new Map<Connection, () => void>();
  const before = Object.getOwnPropertyDescriptor(pool, "getConnection");
  const { getConnection } = pool;
  pool.getConnection = function getConnectionWatched(this: MysqlPool, callback: Callback): unknown {
    const call = guard.connecting();
    return getConnection.call(this, (error, ...rest) => {
      if (error !== undefined && error !== null) call.fail(error);
      else {
        call.succeed();
        take(rest[0] as Connection);
      }
      callback(error, ...rest);
    });
  };
  const take = (connection: Connection): void => {
    driver.known = connection;
    // Handed from one caller to the next, it does not come by the pool.
    if (guard.isTaken(connection)) guard.returned(connection);
    if (!watched.has(connection)) watched.set(connection, watchConnection(connection, guard, gone));
    guard.taken(connection);
  };
  const gone = (connection: Connection): void => {
    watched.get(connection)?.();
    watched.delete(connection);
    guard.gone(connection);
  };
  const onRelease = (connection: Connection): void => guard.returned(connection);
  pool.on("release", onRelease);
  return () => {
    if (before === undefined) Reflect.deleteProperty(pool, "getConnection");
    else Object.defineProperty(pool, "getConnection", before);
    pool.off("release", onRelease);
    for (const unwatch of watched.values()) unwatch();
    watched.clear();
  };
}

function watchConnection(
  connection: Connection,
  guard: PoolGuard<object>,
  gone: (connection: Connection) => void,
): () => void {
  const restore = (["query", "execute"] as const).map((name) => {
    const before = Object.getOwnPropertyDescriptor(connection, name);
    const method = connection[name];
    connection[name] = function methodWatched(this: Connection, ...given: unknown[]): unknown {
      return measured(guard.begin(connection), given, (own) => method.apply(this, own));
    };
    return () => {
      if (before === undefined) Reflect.deleteProperty(connection, name);
      else Object.defineProperty(connection, name, before);
    };
  });
  const onError = (error: unknown): void => {
    guard.lost(connection, error);
    gone(connection);
  };
  const onEnd = (): void => gone(connection);
  connection.on(errorMonitor, onError);
  connection.on("end", onEnd);
  return () => {
    for (const each of restore) each();
    connection.off(errorMonitor, onError);
    connection.off("end", onEnd);
  };
}

/** A command with a callback (the pool's own ones carry theirs inside), or one with events. */
function measured(
  call: OpenCall,
  given: readonly unknown[],
  run: (given: unknown[]) => unknown,
): unknown {
  const told = (callback: Callback): Callback =>
    function onResult(this: unknown, error, ...rest) {
      if (error === undefined || error === null) call.succeed(rest[0]);
      else call.fail(error);
      callback.call(this, error, ...rest);
    };
  try {
    const place = given.findLastIndex((each) => typeof each === "function");
    if (place > 0) return run(given.with(place, told(given[place] as Callback)));
    const command = given[0] as { onResult?: Callback } | null;
    if (typeof command === "object" && typeof command?.onResult === "function") {
      command.onResult = told(command.onResult);
      return run([...given]);
    }
    const started = run([...given]) as EventEmitter;
    started.on(errorMonitor, (error) => call.fail(error));
    started.once("end", () => call.succeed());
    return started;
  } catch (error) {
    call.fail(error);
    throw error;
  }
}

/**
 * Pools of `pg`. Their methods are the pool's own with a stopwatch around them: arguments, results,
 * `this`, callbacks and promises stay as they were.
 *
 * What changes, and is meant to: a pool without a listener for `error` ends the whole process when
 * one of its idle connections breaks. A watched pool lives on: it has taken that connection out by
 * itself, and the loss is told.
 */
import type { OpenCall } from "../../operation.ts";
import type { Finding, PoolDriver } from "./pool-driver.ts";
import type { PoolGuard } from "./pool-guard.ts";

type Callback = (error: unknown, ...rest: readonly unknown[]) => void;

/** The parts of `pg.Client` that are used. */
interface Client {
  query: (...given: unknown[]) => unknown;
  readonly processID?: number | null;
  readonly connection?: { readonly stream?: { destroy(): void } };
  connect(): Promise<unknown>;
  end(): Promise<unknown>;
  unref?: () => void;
  release?: () => void;
  on(event: "error", listener: (error: unknown) => void): unknown;
  off(event: "error", listener: (error: unknown) => void): unknown;
}

/** The parts of `pg.Pool` that are used. */
export interface PgPool {
  readonly options: Readonly<Record<string, unknown>>;
  readonly Client: new (options: Readonly<Record<string, unknown>>) => Client;
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  connect: (callback?: Callback) => unknown;
  on(event: string, listener: (...given: never[]) => void): unknown;
  off(event: string, listener: (...given: never[]) => void): unknown;
}

export function isPgPool(pool: object): pool is PgPool {
  const parts = pool as Partial<Record<keyof PgPool, unknown>>;
  return (
    typeof parts.totalCount === "number" &&
    typeof parts.connect === "function" &&
    typeof parts.Client === "function"
  );
}

const question =
  "SELECT pg_backend_pid() AS own, array_agg(pid) AS pids FROM pg_catalog.pg_stat_activity";

export function pgDriver(pool: PgPool): PoolDriver<object> {
  // As it is before it is watched: our own use of the pool is nobody's call.
  const { connect } = pool;
  return {
    counts: () => ({
      limit: Number(pool.options["max"] ?? 10),
      total: pool.totalCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
    }),
    probe: (deadline) => probe(pool, deadline),
    discard: (connection) => {
      const client = connection as Client;
      // It may be in the hands of somebody who does not listen for errors.
      client.on("error", () => undefined);
      client.connection?.stream?.destroy();
    },
    refresh: async () => ((await connect.call(pool)) as Client).release?.(),
  };
}

async function probe(pool: PgPool, deadline: AbortSignal): Promise<Finding<object>> {
  // The pool hides the password from whoever lists its options.
  const { password } = pool.options;
  const client = new pool.Client({ ...pool.options, password });
  client.on("error", () => undefined);
  deadline.addEventListener("abort", () => client.connection?.stream?.destroy());
  try {
    const connected = client.connect();
    client.unref?.();
    await connected;
    const { rows } = (await client.query(question)) as {
      readonly rows: readonly { readonly own: number; readonly pids: readonly number[] }[];
    };
    const [row] = rows;
    const pids = new Set(row?.pids);
    // Behind a pooler the ids are the pooler's own: then they prove nothing.
    const isDirect = row !== undefined && row.own === client.processID;
    return {
      isAlive: (connection) => {
        const { processID } = connection as Client;
        if (!isDirect || typeof processID !== "number") return undefined;
        return pids.has(processID);
      },
    };
  } finally {
    client.end().catch(() => undefined);
  }
}

/** Returns the function that leaves the pool as it was. */
export function watchPgPool(pool: PgPool, guard: PoolGuard<object>): () => void {
  const watched = new Map<Client, () => void>();
  const connectBefore = Object.getOwnPropertyDescriptor(pool, "connect");
  const { connect } = pool;
  pool.connect = function connectWatched(this: PgPool, callback?: Callback): unknown {
    return measured(guard.connecting(), callback, (own) => connect.call(this, own));
  };
  const onAcquire = (client: Client): void => {
    if (!watched.has(client)) watched.set(client, watchClient(client, guard));
    guard.taken(client);
  };
  const onRelease = (_error: unknown, client: Client): void => guard.returned(client);
  const onRemove = (client: Client): void => {
    watched.get(client)?.();
    watched.delete(client);
    guard.gone(client);
  };
  const onError = (error: unknown, client: Client): void => guard.lost(client, error);
  const listeners = { acquire: onAcquire, release: onRelease, remove: onRemove, error: onError };
  for (const [event, listener] of Object.entries(listeners)) pool.on(event, listener);
  return () => {
    if (connectBefore === undefined) Reflect.deleteProperty(pool, "connect");
    else Object.defineProperty(pool, "connect", connectBefore);
    for (const [event, listener] of Object.entries(listeners)) pool.off(event, listener);
    for (const unwatch of watched.values()) unwatch();
    watched.clear();
  };
}

function watchClient(client: Client, guard: PoolGuard<object>): () => void {
  const before = Object.getOwnPropertyDescriptor(client, "query");
  const { query } = client;
  client.query = function queryWatched(this: Client, ...given: unknown[]): unknown {
    if (!isPlainQuery(given[0])) return query.apply(this, given);
    const place = given.findLastIndex((each) => typeof each === "function");
    const callback = place > 0 ? (given[place] as Callback) : undefined;
    return measured(guard.begin(client), callback, (own) =>
      query.apply(this, own === undefined ? given : given.with(place, own)),
    );
  };
  // In the hands of a caller a client has no listener of the pool: its break would end the process.
  const onError = (error: unknown): void => {
    if (guard.isTaken(client)) guard.lost(client, error);
  };
  client.on("error", onError);
  return () => {
    if (before === undefined) Reflect.deleteProperty(client, "query");
    else Object.defineProperty(client, "query", before);
    client.off("error", onError);
  };
}

/** Cursors and streams of rows answer many times; they are not measured. */
function isPlainQuery(config: unknown): boolean {
  if (typeof config === "string") return true;
  const parts = config as { submit?: unknown; callback?: unknown } | null | undefined;
  return parts?.submit === undefined && parts?.callback === undefined;
}

/** With a callback or with a promise, as the caller wanted it. */
function measured(
  call: OpenCall,
  callback: Callback | undefined,
  run: (callback?: Callback) => unknown,
): unknown {
  try {
    if (callback !== undefined) {
      return run((error, ...rest) => {
        settle(call, error, rest[0]);
        callback(error, ...rest);
      });
    }
    const answer = run();
    if (!(answer instanceof Promise)) return answer;
    // Handed on and not looked at from the side: that would hide a rejection that nobody handles.
    return answer.then(
      (result: unknown) => {
        call.succeed(result);
        return result;
      },
      (error: unknown) => {
        call.fail(error);
        throw error;
      },
    );
  } catch (error) {
    call.fail(error);
    throw error;
  }
}

function settle(call: OpenCall, error: unknown, result: unknown): void {
  if (error === undefined || error === null) call.succeed(result);
  else call.fail(error);
}

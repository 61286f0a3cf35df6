import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { databaseCheck, HealthCheckRegistry } from "../../src/engine/health/index.ts";
import { watchPool } from "../../src/engine/integrations/pool/watch-pool.ts";
import { afterwards } from "../afterwards.ts";
import { found } from "../until.ts";
import { RecordingEngine } from "./recording-engine.ts";
import { startDumbProxy } from "./servers/dumb-proxy.ts";
import { loginTo, startPostgres } from "./servers/postgres.ts";
import type { DatabaseServer } from "./servers/server-process.ts";
import { nextUnhandled, type WatchedPool, watchedPool } from "./watched-pool.ts";

let server: DatabaseServer;

beforeAll(async () => {
  server = await startPostgres({ connectionsMax: 8 });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

function poolOf(options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ ...loginTo(server), max: 3, ...options });
  afterwards(() => pool.end());
  return pool;
}

function watched(pool: pg.Pool): WatchedPool {
  const made = watchedPool(watchPool, pool);
  afterwards(() => made.watch.stop());
  return made;
}

describe("the API of the pool", () => {
  test("is what it was: promises, callbacks, clients, transactions, errors", async () => {
    const pool = poolOf();
    const { engine } = watched(pool);
    expect((await pool.query("SELECT $1::int AS n", [7])).rows).toEqual([{ n: 7 }]);
    const rows = await new Promise((resolve, reject) => {
      pool.query("SELECT 8 AS n", (error: Error | undefined, result) =>
        error ? reject(error) : resolve(result.rows),
      );
    });
    expect(rows).toEqual([{ n: 8 }]);
    const client = await pool.connect();
    await client.query("BEGIN");
    expect((await client.query({ text: "SELECT 9 AS n", rowMode: "array" })).rows).toEqual([[9]]);
    await client.query("COMMIT");
    client.release();
    expect(() => client.release()).toThrow("already been released");
    const broken = pool.query("SELECT nonsense");
    await expect(broken).rejects.toMatchObject({ code: "42703", severity: "ERROR" });
    await expect(pool.query("SELECT pg_sleep($1)", ["x"])).rejects.toMatchObject({
      code: "22P02",
    });
    const names = Object.groupBy(engine.calls, (call) => call.operation);
    expect(Object.keys(names)).toEqual(["pg.connect", "pg.query"]);
    expect(names["pg.query"]?.map((call) => call.outcome)).toEqual(
      "succeeded succeeded succeeded succeeded succeeded failed failed".split(" "),
    );
    expect(names["pg.query"]?.at(-2)?.error).toMatchObject({ code: "42703" });
    expect(names["pg.connect"]?.map((call) => call.outcome)).toEqual(
      names["pg.connect"]?.map(() => "succeeded"),
    );
  });

  test("a client that was taken by a callback, and a rejection that nobody handles stays one", async () => {
    const pool = poolOf();
    watched(pool);
    await new Promise<void>((resolve, reject) => {
      pool.connect((error, client, release) => {
        if (error !== undefined || client === undefined) return reject(error ?? new Error("none"));
        client.query("SELECT 1", (failed) => {
          release();
          if (failed === null || failed === undefined) resolve();
          else reject(failed);
        });
      });
    });
    const unhandled = await nextUnhandled(() => void pool.query("SELECT nobody_listens"));
    expect(unhandled).toMatchObject({ code: "42703" });
  });

  test("after stop the pool is as it was, listeners and all, and goes on", async () => {
    const pool = poolOf();
    const before = pool.listenerCount("acquire");
    const { engine, watch } = watched(pool);
    const client = await pool.connect();
    expect(Object.hasOwn(client, "query")).toBe(true);
    watch.stop();
    expect(Object.hasOwn(client, "query")).toBe(false);
    expect(Object.hasOwn(pool, "connect")).toBe(false);
    expect(pool.listenerCount("acquire")).toBe(before);
    expect(pool.listenerCount("error")).toBe(0);
    expect((await client.query("SELECT 1 AS n")).rows).toEqual([{ n: 1 }]);
    client.release();
    expect(engine.of("pg.query")).toEqual([]);
  });

  test("anything else is refused, and options that cannot be", () => {
    expect(() => watchPool(new RecordingEngine(), {})).toThrow(
      "expected a kind of pool that is known",
    );
    expect(() => watchPool(new RecordingEngine(), poolOf(), { suspectAfterMs: "x" })).toThrow(
      "suspectAfterMs",
    );
  });
});

describe("faults", () => {
  test("kill -9 of the server: the process lives on, the loss is told, and the pool is back with it", async () => {
    const pool = poolOf();
    const { notices, told, engine } = watched(pool);
    await Promise.all([pool.query("SELECT 1"), pool.query("SELECT pg_sleep(0.1)")]);
    const open = pool.query("SELECT pg_sleep(30)");
    open.catch(() => undefined);
    await pause(50);
    await server.kill();
    await expect(open).rejects.toThrow(/terminated|ECONNRESET/);
    await told("connection_lost");
    await told("server_away");
    await expect(pool.query("SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await server.start();
    const back = await told("server_back");
    expect(back.details?.["awayMs"]).toBeGreaterThan(0);
    expect((await pool.query("SELECT 1 AS n")).rows).toEqual([{ n: 1 }]);
    expect(notices.filter((each) => each.event === "server_away")).toHaveLength(1);
    expect(engine.of("pg.connect").at(-1)?.outcome).toBe("succeeded");
  });

  test("a frozen server: told as away, and nothing is ended, because it comes back", async () => {
    const pool = poolOf();
    const { told, watch } = watched(pool);
    await pool.query("SELECT 1");
    server.freeze();
    const hanging = pool.query("SELECT 42 AS n");
    try {
      await told("server_away");
    } finally {
      server.thaw();
    }
    await told("server_back");
    expect((await hanging).rows).toEqual([{ n: 42 }]);
    expect(watch.state).toMatchObject({ recreated: 0, openQueries: 0 });
  });

  test("connections that the server no longer has are ended, idle ones too, and made anew", async () => {
    await using proxy = await startDumbProxy(server.port);
    const pool = poolOf({ port: proxy.port });
    const { told, watch } = watched(pool);
    const warm = await Promise.all([pool.connect(), pool.connect()]);
    for (const client of warm) client.release();
    proxy.goDumb();
    const hanging = pool.query("SELECT 1");
    hanging.catch(() => undefined);
    await expect(hanging).rejects.toThrow("terminated");
    const notice = await told("recreated");
    expect(notice.details).toEqual({ count: 2 });
    expect((await pool.query("SELECT 5 AS n")).rows).toEqual([{ n: 5 }]);
    expect(watch.state.recreated).toBe(2);
  });

  test("a client that a caller holds without a query, on a dead connection: it gets an error, nobody dies", async () => {
    await using proxy = await startDumbProxy(server.port);
    const pool = poolOf({ port: proxy.port });
    const { told } = watched(pool);
    const held = await pool.connect();
    const other = await pool.connect();
    proxy.goDumb();
    other.query("SELECT 1").catch(() => undefined);
    await told("recreated");
    await expect(held.query("SELECT 1")).rejects.toThrow("not queryable");
    held.release();
    other.release();
  });

  test("kill -9 while a caller holds a client without a query or a listener: the process lives on", async () => {
    const pool = poolOf();
    const { told } = watched(pool);
    const held = await pool.connect();
    await server.kill();
    expect((await told("connection_lost")).message).toContain("in the hands of a caller");
    await server.start();
    await expect(held.query("SELECT 1")).rejects.toThrow("not queryable");
    held.release();
    await told("server_back");
    expect((await pool.query("SELECT 1 AS n")).rows).toEqual([{ n: 1 }]);
  });

  test("a slow query is told and never ended", async () => {
    const pool = poolOf();
    const { told, watch } = watched(pool);
    const slow = pool.query("SELECT pg_sleep(1.5), 7 AS n");
    await told("slow");
    expect((await slow).rows[0]).toMatchObject({ n: 7 });
    // It is well again at the next look.
    await expect
      .poll(() => watch.state, { timeout: 10_000 })
      .toMatchObject({ recreated: 0, phase: "well" });
  });

  test("one slow query among quick ones is not even suspicious", async () => {
    const pool = poolOf();
    const { notices } = watched(pool);
    const slow = pool.query("SELECT pg_sleep(1)");
    for (let round = 0; round < 40; round += 1) {
      await pool.query("SELECT 1");
      await pause(20);
    }
    await slow;
    expect(notices).toEqual([]);
  });

  test("connections that nobody gives back: told with how many have no query", async () => {
    const pool = poolOf({ max: 2 });
    const { told } = watched(pool);
    const held = [await pool.connect(), await pool.connect()];
    const waiting = pool.query("SELECT 3 AS n");
    const notice = await told("exhausted");
    expect(notice.details).toMatchObject({ limit: 2, waiting: 1, unused: 2 });
    for (const client of held) client.release();
    expect((await waiting).rows).toEqual([{ n: 3 }]);
  });

  test("a server that takes no more connections is told as full, not as away", async () => {
    const others = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const client = new pg.Client(loginTo(server));
        await client.connect();
        return client;
      }),
    );
    const pool = poolOf();
    const { told, notices } = watched(pool);
    await expect(pool.query("SELECT 1")).rejects.toMatchObject({ code: "53300" });
    await told("server_full");
    await Promise.all(others.map((client) => client.end()));
    // The server notices a little later that they are gone.
    const ask = () => pool.query("SELECT 1");
    await found(() => ask().catch(() => undefined), { seen: () => notices });
    expect(notices.some((notice) => notice.event === "server_away")).toBe(false);
  });
});

test("the health check of a database: well, slow, and away, on the real pool", async () => {
  const pool = poolOf({ connectionTimeoutMillis: 300 });
  watched(pool);
  const health = new HealthCheckRegistry({ timeoutMs: 2000 });
  health.register("database", databaseCheck(pool, { degradedMs: 1500 }));
  expect((await health.executeAll()).overall).toBe("healthy");
  await server.kill();
  expect((await health.executeAll()).checks[0]).toMatchObject({ status: "unhealthy" });
  await server.start();
  expect((await health.executeAll()).overall).toBe("healthy");
});

import { setTimeout as pause } from "node:timers/promises";
import { createPool, type Pool, type PoolOptions } from "mysql2";
import { createPool as createPromisePool } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { databaseCheck, HealthCheckRegistry } from "../../src/engine/health/index.ts";
import { watchPool } from "../../src/engine/integrations/pool/watch-pool.ts";
import { afterwards } from "../afterwards.ts";
import { found } from "../until.ts";
import { startDumbProxy } from "./servers/dumb-proxy.ts";
import { loginTo, startMariadb } from "./servers/mariadb.ts";
import type { DatabaseServer } from "./servers/server-process.ts";
import { type WatchedPool, watchedPool } from "./watched-pool.ts";

let server: DatabaseServer;

beforeAll(async () => {
  server = await startMariadb({ connectionsMax: 10 });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

function poolOf(options: PoolOptions = {}): Pool {
  const pool = createPool({ ...loginTo(server), connectionLimit: 3, ...options });
  afterwards(() => new Promise<void>((resolve) => pool.end(() => resolve())));
  return pool;
}

function watched(pool: object): WatchedPool {
  const made = watchedPool(watchPool, pool);
  afterwards(() => made.watch.stop());
  return made;
}

describe("the API of the pool", () => {
  test("with callbacks and events is what it was", async () => {
    const pool = poolOf();
    const { engine } = watched(pool);
    const rows = await new Promise((resolve, reject) => {
      pool.query("SELECT ? AS n", [7], (error, found) => (error ? reject(error) : resolve(found)));
    });
    expect(rows).toEqual([{ n: 7 }]);
    const prepared = await new Promise((resolve, reject) => {
      pool.execute("SELECT ? AS n", [8], (error, found) =>
        error ? reject(error) : resolve(found),
      );
    });
    expect(prepared).toEqual([{ n: 8 }]);
    const seen: unknown[] = [];
    await new Promise<void>((resolve) => {
      pool
        .query("SELECT 9 AS n")
        .on("result", (row) => seen.push(row))
        .on("end", resolve);
    });
    expect(seen).toEqual([{ n: 9 }]);
    const error = await new Promise((resolve) => {
      pool.query("SELECT nonsense", (failed) => resolve(failed));
    });
    expect(error).toMatchObject({ code: "ER_BAD_FIELD_ERROR", errno: 1054 });
    expect(engine.of("mysql.query").map((call) => call.outcome)).toEqual(
      "succeeded succeeded succeeded failed".split(" "),
    );
    expect(engine.of("mysql.query").at(-1)?.error).toBe(error);
    expect(engine.of("mysql.connect")).toHaveLength(4);
  });

  test("with promises is what it was: queries, connections, transactions", async () => {
    const pool = createPromisePool({ ...loginTo(server), connectionLimit: 2 });
    afterwards(() => pool.end());
    const { engine } = watched(pool);
    expect((await pool.query("SELECT 1 AS n"))[0]).toEqual([{ n: 1 }]);
    expect((await pool.execute("SELECT ? AS n", [2]))[0]).toEqual([{ n: 2 }]);
    const connection = await pool.getConnection();
    await connection.beginTransaction();
    expect((await connection.query("SELECT 3 AS n"))[0]).toEqual([{ n: 3 }]);
    await connection.commit();
    connection.release();
    await expect(pool.query("SELECT nonsense")).rejects.toMatchObject({
      code: "ER_BAD_FIELD_ERROR",
    });
    const outcomes = engine.of("mysql.query").map((call) => call.outcome);
    expect(outcomes.filter((each) => each === "succeeded").length).toBeGreaterThanOrEqual(3);
    expect(outcomes.at(-1)).toBe("failed");
  });

  test("after stop the pool is as it was, and goes on", async () => {
    const pool = poolOf();
    const before = pool.listenerCount("release");
    const { engine, watch } = watched(pool);
    const connection = await pool.promise().getConnection();
    const { connection: core } = connection as unknown as { connection: object };
    expect(Object.hasOwn(core, "query")).toBe(true);
    watch.stop();
    expect(Object.hasOwn(core, "query")).toBe(false);
    expect(Object.hasOwn(pool, "getConnection")).toBe(false);
    expect(pool.listenerCount("release")).toBe(before);
    expect((await connection.query("SELECT 1 AS n"))[0]).toEqual([{ n: 1 }]);
    connection.release();
    expect(engine.of("mysql.query")).toEqual([]);
  });
});

describe("faults", () => {
  test("kill -9 of the server: told as away and as back, and the pool is back with it", async () => {
    const pool = poolOf();
    const queries = pool.promise();
    const { told, notices } = watched(pool);
    await queries.query("SELECT 1");
    const open = queries.query("SELECT SLEEP(30)");
    open.catch(() => undefined);
    await pause(50);
    await server.kill();
    await expect(open).rejects.toMatchObject({ code: "PROTOCOL_CONNECTION_LOST" });
    await expect(queries.query("SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await told("server_away");
    await server.start();
    await told("server_back");
    expect((await queries.query("SELECT 1 AS n"))[0]).toEqual([{ n: 1 }]);
    expect(notices.filter((each) => each.event === "server_away")).toHaveLength(1);
  });

  test("a frozen server: told as away, and nothing is ended, because it comes back", async () => {
    const pool = poolOf();
    const queries = pool.promise();
    const { told, watch } = watched(pool);
    await queries.query("SELECT 1");
    server.freeze();
    const hanging = queries.query("SELECT 42 AS n");
    try {
      await told("server_away");
    } finally {
      server.thaw();
    }
    await told("server_back");
    expect((await hanging)[0]).toEqual([{ n: 42 }]);
    expect(watch.state).toMatchObject({ recreated: 0, openQueries: 0 });
  });

  test("connections that the server no longer has are ended, idle ones too, and made anew", async () => {
    await using proxy = await startDumbProxy(server.port);
    const pool = poolOf({ port: proxy.port });
    const queries = pool.promise();
    const { told, watch } = watched(pool);
    const warm = await Promise.all([queries.getConnection(), queries.getConnection()]);
    for (const connection of warm) connection.release();
    proxy.goDumb();
    await expect(queries.query("SELECT 1")).rejects.toMatchObject({ code: "ECONNRESET" });
    expect((await told("recreated")).details).toEqual({ count: 2 });
    expect((await queries.query("SELECT 5 AS n"))[0]).toEqual([{ n: 5 }]);
    expect(watch.state.recreated).toBe(2);
  });

  test("a slow query is told and never ended", async () => {
    const pool = poolOf();
    const { told, watch } = watched(pool);
    const slow = pool.promise().query("SELECT SLEEP(1.5) AS n");
    await told("slow");
    expect((await slow)[0]).toEqual([{ n: 0 }]);
    // It is well again at the next look.
    await expect
      .poll(() => watch.state, { timeout: 10_000 })
      .toMatchObject({ recreated: 0, phase: "well" });
  });

  test("connections that nobody gives back: told with how many have no query", async () => {
    const pool = poolOf({ connectionLimit: 2 });
    const queries = pool.promise();
    const { told } = watched(pool);
    const held = [await queries.getConnection(), await queries.getConnection()];
    const waiting = queries.query("SELECT 3 AS n");
    expect((await told("exhausted")).details).toMatchObject({ limit: 2, waiting: 1, unused: 2 });
    for (const connection of held) connection.release();
    expect((await waiting)[0]).toEqual([{ n: 3 }]);
  });

  test("a server that takes no more connections is told as full, not as away", async () => {
    const others = createPromisePool({ ...loginTo(server), connectionLimit: 20 });
    const held = [];
    for (;;) {
      const connection = await others.getConnection().catch(() => undefined);
      if (connection === undefined) break;
      held.push(connection);
    }
    const pool = poolOf();
    const { told, notices } = watched(pool);
    await expect(pool.promise().query("SELECT 1")).rejects.toMatchObject({
      code: "ER_CON_COUNT_ERROR",
    });
    await told("server_full");
    for (const connection of held) connection.destroy();
    await others.end();
    const ask = () => pool.promise().query("SELECT 1");
    await found(() => ask().catch(() => undefined), { seen: () => notices });
    expect(notices.some((notice) => notice.event === "server_away")).toBe(false);
  });
});

test("the health check of a database, on both forms of the real pool", async () => {
  const pool = poolOf();
  const health = new HealthCheckRegistry({ timeoutMs: 2000 });
  health.register("callbacks", databaseCheck(pool, { degradedMs: 1500 }));
  health.register("promises", databaseCheck(pool.promise(), { degradedMs: 1500 }));
  expect((await health.executeAll()).overall).toBe("healthy");
  await server.kill();
  const away = await health.executeAll();
  expect(away.checks.map((check) => check.status)).toEqual(["unhealthy", "unhealthy"]);
  await server.start();
  expect((await health.executeAll()).overall).toBe("healthy");
});

/** Services that die and come back: the engine heals what its clients do not (V1 to V4). */

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { Redis } from "ioredis";
import pg from "pg";
import { beforeAll, describe, expect, test } from "vitest";
import {
  createEngine,
  type EngineOptions,
  type InfrastructureReliabilityEngine,
  type Notice,
  type RecoverySuccess,
  sqliteRecoveryStore,
} from "../../src/engine/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";
import { startRedis } from "./redis-server.ts";
import { loginTo, startPostgres } from "./servers/postgres.ts";
import type { DatabaseServer } from "./servers/server-process.ts";

interface Bench {
  readonly engine: InfrastructureReliabilityEngine;
  readonly successes: RecoverySuccess[];
  readonly notices: Notice[];
}

function benchOf(options: EngineOptions = {}): Bench {
  const engine = createEngine({ autoRetry: false, ...options });
  afterwards(() => engine.close());
  const successes: RecoverySuccess[] = [];
  const notices: Notice[] = [];
  engine.on("recovery_success", (told) => void successes.push(told));
  engine.on("recovery", (told) => void notices.push(told));
  return { engine, successes, notices };
}

/** A client that never connects again by itself. */
function brittleClient(port: number): Redis {
  const client = new Redis(port, "127.0.0.1", {
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  client.on("error", () => undefined);
  afterwards(() => client.disconnect());
  return client;
}

describe("a client of ioredis that has given up", () => {
  test("is connected again when its server is back, and the record says so", async () => {
    const server = await startRedis();
    afterwards(() => server[Symbol.asyncDispose]());
    const folder = temporaryFolder("recoveries");
    const database = join(folder, "recoveries.db");
    const { engine, successes, notices } = benchOf({ recoveries: sqliteRecoveryStore(database) });
    const cache = engine.registerService("cache", brittleClient(server.port));
    expect(await cache.set("a", "1")).toBe("OK");

    await server.stop();
    for (let call = 0; call < 30; call += 1) await cache.get("a").catch(() => undefined);
    await server.start();
    await until(() => successes.length > 0);
    expect(successes).toMatchObject([{ operation: "cache.get", by: "strategy" }]);
    expect(notices.map(({ subject, details }) => [subject, details?.["kind"]])).toEqual([
      ["cache", "resolved"],
    ]);
    await until(() =>
      cache.get("a").then(
        () => true,
        () => false,
      ),
    );
    expect(await cache.set("a", "2")).toBe("OK");

    await engine.close();
    using kept = new DatabaseSync(database);
    const failures = kept.prepare("select * from failure_events").all();
    // V2: thirty calls failed.
    expect(failures).toMatchObject([{ affected_service: "cache", severity: "high", resolved: 1 }]);
    expect(kept.prepare("select * from recovery_actions").all()).toMatchObject([
      { action_strategy: "reconnect", status: "succeeded", automated: 1 },
    ]);
  });

  test.each([
    ["shadow", {}],
    ["monitor", {}],
    ["limited", { limitedTo: ["retry"] }],
    ["full", { switches: { autoRecovery: false } }],
    ["full", { switches: { selfHealing: false } }],
  ] as const)("is left alone in mode %s with %o, and told (H5)", async (mode, options) => {
    const server = await startRedis();
    afterwards(() => server[Symbol.asyncDispose]());
    const client = brittleClient(server.port);
    const { engine, successes, notices } = benchOf({ mode, ...options });
    const cache = engine.registerService("cache", client);
    await cache.ping();
    await server.stop();
    await cache.get("a").catch(() => undefined);
    await server.start();
    await until(() => notices.length > 0);
    expect(notices[0]?.details).toMatchObject({ kind: "held_back", enforced: false });
    expect(notices[0]?.message).toBe("reconnect would have been tried for cache");
    expect(client.status).toBe("end");
    expect(successes).toEqual([]);
  });

  test("that nobody has registered is left alone, unless its settings name the means (V4)", async () => {
    const server = await startRedis();
    afterwards(() => server[Symbol.asyncDispose]());
    const [left, named] = [brittleClient(server.port), brittleClient(server.port)];
    const { engine, successes } = benchOf();
    const plain = engine.wrap("plain", left);
    const healed = engine.wrap("healed", named, { recoveryStrategy: "reconnect" });
    await Promise.all([plain.ping(), healed.ping()]);
    await server.stop();
    for (const each of [plain, healed]) await each.get("a").catch(() => undefined);
    await server.start();
    await until(() => successes.length > 0);
    expect([left.status, named.status]).toEqual(["end", "ready"]);
  });
});

/** As services are written: one client, and a way to make it anew. */
class Orders {
  readonly #login: pg.ClientConfig;
  #client: pg.Client | undefined;

  constructor(login: pg.ClientConfig) {
    this.#login = login;
  }

  async reconnect(): Promise<void> {
    await this.#client?.end().catch(() => undefined);
    const client = new pg.Client({ ...this.#login, connectionTimeoutMillis: 1000 });
    client.on("error", () => undefined);
    await client.connect();
    this.#client = client;
  }

  async count(): Promise<number> {
    const { rows } = await (this.#client as pg.Client).query("SELECT 7 AS count");
    return (rows as readonly { readonly count: number }[])[0]?.count ?? 0;
  }

  async close(): Promise<void> {
    await this.#client?.end().catch(() => undefined);
  }
}

describe("with PostgreSQL", () => {
  let server: DatabaseServer;
  beforeAll(async () => {
    server = await startPostgres();
    return () => server[Symbol.asyncDispose]();
  });

  test("a service that can reconnect is healed, and proven by its own check", async () => {
    const raw = new Orders(loginTo(server));
    afterwards(() => raw.close());
    await raw.reconnect();
    const { engine, successes, notices } = benchOf();
    const check = async () => ((await raw.count()) === 7 ? "healthy" : "unhealthy") as "healthy";
    const orders = engine.registerService("orders", raw, { check });
    expect(await orders.count()).toBe(7);
    await server.kill();
    for (let call = 0; call < 8; call += 1) await orders.count().catch(() => undefined);
    expect(engine.operation("orders.count")?.breaker).toBe("open");
    // The first attempt comes too early: it is not called a recovery.
    await until(() => notices.length > 0);
    expect(notices[0]).toMatchObject({ subject: "orders", details: { kind: "unresolved" } });
    expect(successes).toEqual([]);
    await server.start();
    // No call is admitted by the open circuit: the engine asks again by itself.
    await until(() => successes.length > 0);
    // Its circuit lets probes through at once, and not after a minute.
    expect([await orders.count(), await orders.count()]).toEqual([7, 7]);
    expect(engine.operation("orders.count")?.breaker).toBe("closed");
    const { failures, actions } = await engine.recovery.records();
    const ends = failures.map(({ resolved }) => resolved);
    expect([ends[0], ends.at(-1)]).toEqual([false, true]);
    expect([actions[0]?.status, actions.at(-1)?.status]).toEqual(["failed", "succeeded"]);
  }, 60_000);

  test("a pool that is well is left alone, whatever a single call says (V3)", async () => {
    const pool = new pg.Pool({ ...loginTo(server), max: 1 });
    pool.on("error", () => undefined);
    afterwards(() => pool.end());
    const { engine, notices } = benchOf();
    let acts = 0;
    const recovery = { reconnect: () => void (acts += 1) };
    const db = engine.registerService("db", pool, { recovery });
    await db.query("SELECT 1");
    for (let call = 0; call < 9; call += 1) {
      await db.query("SELECT pg_terminate_backend(pg_backend_pid())").catch(() => undefined);
    }
    expect(engine.operation("db.query")?.breaker).toBe("open");
    await pause(300);
    expect(acts).toBe(0);
    expect(notices).toEqual([]);
    expect((await engine.recovery.records()).failures).toEqual([]);
  });
});

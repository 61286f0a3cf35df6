/** Real drivers behind `engine.wrap`, with real servers: each is what it was, in every mode. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Cluster, Redis } from "ioredis";
import { createPool, type Pool as MysqlPool, type RowDataPacket } from "mysql2/promise";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  createEngine,
  type InfrastructureReliabilityEngine,
  type WrapOptions,
} from "../../src/engine/index.ts";
import { CircuitBreakerError } from "../../src/resilience/index.ts";
import { afterwards } from "../afterwards.ts";
import { until } from "../until.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";
import { loginTo as mariadbLogin, startMariadb } from "./servers/mariadb.ts";
import { loginTo, startPostgres } from "./servers/postgres.ts";
import { type RedisCluster, startRedisCluster } from "./servers/redis-cluster.ts";
import type { DatabaseServer } from "./servers/server-process.ts";

let postgres: DatabaseServer;
let mariadb: DatabaseServer;
let redis: RedisServer;
let cluster: RedisCluster;
let web: Server;

beforeAll(async () => {
  postgres = await startPostgres();
  mariadb = await startMariadb();
  redis = await startRedis();
  cluster = await startRedisCluster();
  web = createServer((_, response) => response.end("hello")).listen(0, "127.0.0.1");
  await once(web, "listening");
}, 60_000);
afterAll(async () => {
  web.close();
  for (const server of [postgres, mariadb, redis, cluster]) await server[Symbol.asyncDispose]();
});

describe.each(["raw", "off", "shadow", "monitor", "full"] as const)("%s", (mode) => {
  let engine: InfrastructureReliabilityEngine;

  beforeEach(() => {
    engine = createEngine({ mode: mode === "raw" ? "off" : mode });
    afterwards(() => engine.close());
  });

  function wrapped<T extends object>(name: string, target: T): T {
    return mode === "raw" ? target : engine.wrap(name, target);
  }

  test("pg: a pool, its clients, transactions, callbacks, events, its end", async () => {
    const pool = wrapped("pg", new pg.Pool({ ...loginTo(postgres), max: 2 }));
    const seen: string[] = [];
    for (const event of ["connect", "acquire", "release"] as const) {
      pool.on(event, () => seen.push(event));
    }
    expect((await pool.query("SELECT $1::int AS n", [7])).rows).toEqual([{ n: 7 }]);
    const called = await new Promise((resolve) => {
      pool.query("SELECT 8 AS n", (_error: Error, result: pg.QueryResult) => resolve(result.rows));
    });
    expect(called).toEqual([{ n: 8 }]);
    const client = wrapped("client", await pool.connect());
    expect(pool.totalCount - pool.idleCount).toBe(1);
    await client.query("BEGIN");
    await client.query("CREATE TEMPORARY TABLE few (n int) ON COMMIT DROP");
    await client.query({ text: "INSERT INTO few VALUES ($1), ($2)", values: [1, 2] });
    const array = await client.query({ text: "SELECT n FROM few", rowMode: "array" });
    expect(array.rows).toEqual([[1], [2]]);
    await client.query("ROLLBACK");
    client.release();
    expect(() => client.release()).toThrow("already been released");
    expect(pool.idleCount).toBe(pool.totalCount);
    const submitted = new pg.Query("SELECT 9 AS n");
    const alone = wrapped("alone", new pg.Client(loginTo(postgres)));
    await alone.connect();
    const rows: unknown[] = [];
    alone.query(submitted);
    submitted.on("row", (row) => rows.push(row));
    await once(submitted, "end");
    expect(rows).toEqual([{ n: 9 }]);
    await alone.end();
    const error: unknown = await pool.query("SELECT nonsense").catch((it: unknown) => it);
    expect(error).toBeInstanceOf(pg.DatabaseError);
    expect(error).toMatchObject({ code: "42703" });
    await pool.end();
    await expect(pool.query("SELECT 1")).rejects.toThrow("after calling end");
    expect(new Set(seen)).toEqual(new Set(["connect", "acquire", "release"]));
    expect(pool.ended).toBe(true);
  });

  test("mysql2: promises, prepared statements, transactions, streams, its end", async () => {
    const pool: MysqlPool = wrapped(
      "mysql",
      createPool({ ...mariadbLogin(mariadb), connectionLimit: 2 }),
    );
    type Rows = RowDataPacket[];
    expect((await pool.query<Rows>("SELECT 1 AS n"))[0]).toEqual([{ n: 1 }]);
    expect((await pool.execute<Rows>("SELECT ? AS n", [2]))[0]).toEqual([{ n: 2 }]);
    const connection = wrapped("connection", await pool.getConnection());
    await connection.query("CREATE TEMPORARY TABLE few (n int)");
    await connection.beginTransaction();
    await connection.query("INSERT INTO few VALUES (1), (2), (3)");
    await connection.rollback();
    expect((await connection.query<Rows>("SELECT count(*) AS n FROM few"))[0]).toEqual([{ n: 0 }]);
    await connection.query("INSERT INTO few VALUES (1), (2), (3)");
    const seen: unknown[] = [];
    const inner = connection.connection as unknown as {
      query(text: string): { stream(): AsyncIterable<unknown> };
    };
    for await (const row of inner.query("SELECT n FROM few").stream()) seen.push(row);
    expect(seen).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    connection.release();
    await expect(pool.query("SELECT nonsense")).rejects.toMatchObject({ errno: 1054 });
    await pool.end();
    await expect(pool.query("SELECT 1")).rejects.toThrow("Pool is closed");
  });

  test("ioredis: commands, pipelines, transactions, scripts, scans, subscriptions", async () => {
    const client = wrapped("redis", new Redis(redis.port));
    await client.flushall();
    expect(await client.set("a", 1)).toBe("OK");
    expect(await client.get("none")).toBeNull();
    const together = await client.pipeline().incr("a").hset("h", "f", "v").lpush("a", 1).exec();
    expect(together?.slice(0, 2)).toEqual([
      [null, 2],
      [null, 1],
    ]);
    expect(together?.[2]?.[0]).toMatchObject({ name: "ReplyError" });
    expect(await client.multi().incr("a").get("a").exec()).toEqual([
      [null, 3],
      [null, "3"],
    ]);
    await client.multi({ pipeline: false });
    expect(await client.incr("a")).toBe("QUEUED");
    expect(await client.exec()).toEqual([[null, 4]]);
    expect(await client.getBuffer("a")).toEqual(Buffer.from("4"));
    client.defineCommand("twice", {
      numberOfKeys: 1,
      lua: "return redis.call('GET', KEYS[1]) * 2",
    });
    expect(await (client as unknown as { twice(key: string): Promise<number> }).twice("a")).toBe(8);
    const called = await new Promise((resolve) => void client.get("a", (_, it) => resolve(it)));
    expect(called).toBe("4");
    await client.mset(Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`k${n}`, n])));
    const keys = new Set<string>();
    for await (const found of client.scanStream({ match: "k*", count: 50 })) {
      for (const key of found as string[]) keys.add(key);
    }
    expect(keys.size).toBe(300);
    await expect(client.incr("h")).rejects.toThrow("WRONGTYPE");
    const listener = wrapped("listener", client.duplicate());
    expect(await listener.subscribe("news")).toBe(1);
    const heard = once(listener, "message");
    expect(await client.publish("news", "hello")).toBe(1);
    expect(await heard).toEqual(["news", "hello"]);
    expect(await listener.unsubscribe()).toBe(0);
    expect(await listener.quit()).toBe("OK");
    const ended = once(client, "end");
    client.disconnect();
    await ended;
    await expect(client.get("a")).rejects.toThrow("Connection is closed");
  });

  test("ioredis: a cluster of three", async () => {
    const client = wrapped("cluster", new Cluster([...cluster.nodes]));
    const names = Array.from({ length: 30 }, (_, n) => `name-${n}`);
    await Promise.all(names.map((name) => client.set(name, name)));
    expect(await Promise.all(names.map((name) => client.get(name)))).toEqual(names);
    expect(await client.pipeline().get("name-1").incr("{name-1}-n").exec()).toHaveLength(2);
    expect(await client.multi().set("{a}1", 1).get("{a}1").exec()).toEqual([
      [null, "OK"],
      [null, "1"],
    ]);
    const sizes = await Promise.all(client.nodes("master").map((node) => node.dbsize()));
    expect(sizes.filter((size) => size > 0)).toHaveLength(3);
    await expect(client.mget("name-1", "name-2", "name-3")).rejects.toThrow("CROSSSLOT");
    await Promise.all(client.nodes("master").map((node) => node.flushall()));
    expect(await client.quit()).toBe("OK");
  });

  test("fetch: bodies once, streams, clones, aborts", async () => {
    const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
    const ask = wrapped("fetch", fetch);
    const answer = await ask(url);
    expect(answer).toBeInstanceOf(Response);
    expect(await answer.clone().text()).toBe("hello");
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer.body ?? []) chunks.push(chunk as Uint8Array);
    expect(Buffer.concat(chunks).toString()).toBe("hello");
    await expect(answer.text()).rejects.toThrow(TypeError);
    const reason = new Error("enough");
    const aborted = ask(url, { signal: AbortSignal.abort(reason) });
    expect(await aborted.catch((error: unknown) => error)).toBe(reason);
  });
});

interface Dependency {
  readonly name: string;
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
  /** What is wrapped, and how it is asked. */
  readonly make: (wrap: <T extends object>(target: T) => T) => () => Promise<unknown>;
}

const dependencies: readonly Dependency[] = [
  {
    name: "pg",
    kill: () => postgres.kill(),
    start: () => postgres.start(),
    make: (wrap) => {
      const raw = new pg.Pool(loginTo(postgres));
      const pool = wrap(raw);
      pool.on("error", () => undefined);
      afterwards(() => raw.end());
      return async () => (await pool.query<{ n: number }>("SELECT 1 AS n")).rows[0]?.n;
    },
  },
  {
    name: "mysql",
    kill: () => mariadb.kill(),
    start: () => mariadb.start(),
    make: (wrap) => {
      const raw = createPool(mariadbLogin(mariadb));
      const pool = wrap(raw);
      afterwards(() => raw.end());
      return async () => {
        const [[row]] = await pool.query<RowDataPacket[]>("SELECT 1 AS n");
        return row?.["n"] as unknown;
      };
    },
  },
  {
    name: "redis",
    kill: () => redis.stop(),
    start: () => redis.start(),
    make: (wrap) => {
      const raw = new Redis(redis.port, { retryStrategy: () => 50 });
      const client = wrap(raw);
      client.on("error", () => undefined);
      afterwards(() => raw.disconnect());
      return () => client.exists("nothing").then((count) => count + 1);
    },
  },
];

describe.each(dependencies)("kill -9 of $name, in full mode", ({ name, kill, start, make }) => {
  test("calls fail in time, the circuit opens, and all heals by itself", async () => {
    const engine = createEngine({ mode: "full" });
    afterwards(() => engine.close());
    const options: WrapOptions = {
      timeout: "400ms",
      autoRetry: false,
      breaker: { resetTimeout: "300ms" },
    };
    const ask = make((target) => engine.wrap("it", target, options));
    expect(await ask()).toBe(1);
    await kill();
    const errors: unknown[] = [];
    const isOpen = async (): Promise<boolean> => {
      errors.push(await ask().catch((error: unknown) => error));
      return errors.at(-1) instanceof CircuitBreakerError;
    };
    await until(isOpen, { seen: () => errors.map(String) });
    expect(errors.length).toBeLessThan(10);
    // Where the driver would wait for its server, the deadline has ended the waiting.
    const told = errors.map((error) => (error as { readonly code?: string }).code);
    if (name === "redis") expect(told).toContain("CALL_TIMEOUT");
    await start();
    const operation = () => [...engine.operations()].find(({ calls }) => calls > 1);
    let healed: unknown;
    const isHealed = async (): Promise<boolean> => {
      healed = await ask().catch((error: unknown) => error);
      return healed === 1 && operation()?.breaker === "closed";
    };
    await until(isHealed, { everyMs: 50, seen: () => [String(healed), operation()] });
    // What was given up while the server was away has ended, too.
    await expect.poll(() => operation()?.inFlight, { timeout: 10_000 }).toBe(0);
  });
});

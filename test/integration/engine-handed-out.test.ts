/** What wrapped clients hand out, as the table of docs/engine/wrap.md says it. */
import { Redis } from "ioredis";
import pg from "pg";
import { expect, test } from "vitest";
import { createEngine } from "../../src/engine/index.ts";
import { watchRedis } from "../../src/engine/integrations/pool/redis-client.ts";
import { watchPool } from "../../src/engine/integrations/pool/watch-pool.ts";
import { afterwards } from "../afterwards.ts";
import { startRedis } from "./redis-server.ts";
import { loginTo, startPostgres } from "./servers/postgres.ts";

function shop() {
  const engine = createEngine({ service: "shop", mode: "full" });
  afterwards(() => engine.close());
  return engine;
}

test("a client out of a wrapped pool is the pool's own; the watch counts it, and wrapped it is covered", async () => {
  const server = await startPostgres();
  const pool = new pg.Pool({ ...loginTo(server), max: 2 });
  afterwards(
    () => server[Symbol.asyncDispose](),
    () => pool.end(),
  );
  const engine = shop();
  afterwards(() => watching.stop());
  const watching = watchPool(engine, pool);
  const client = await engine.wrap("db", pool).connect();
  await client.query("SELECT 1");
  expect(engine.operation("db.connect")?.succeeded).toBe(1);
  expect(engine.operation("db.query")).toBeUndefined();
  expect(engine.operation("pg.query")?.succeeded).toBe(1);

  const own = engine.wrap("db", client);
  await own.query("BEGIN");
  await expect(own.query("SELECT nonsense")).rejects.toMatchObject({ code: "42703" });
  await own.query("ROLLBACK");
  own.release();
  expect(engine.operation("db.query")).toMatchObject({ calls: 3, succeeded: 2, failed: 1 });
  expect(engine.operation("pg.query")?.calls).toBe(4);
});

test.each(["pipeline", "multi"] as const)(
  "%s() of a wrapped client: the watch counts its commands, and wrapped its exec() is covered",
  async (kind) => {
    const server = await startRedis();
    const client = new Redis(server.port, server.host);
    afterwards(
      () => server[Symbol.asyncDispose](),
      () => client.disconnect(),
    );
    const engine = shop();
    const watching = watchRedis(engine, client);
    afterwards(() => watching.stop());
    const redis = engine.wrap("redis", client);
    const answers = [
      [null, "OK"],
      [null, "1"],
    ];
    expect(await redis[kind]().set("a", 1).get("a").exec()).toEqual(answers);
    expect(engine.operation(`redis.${kind}`)?.succeeded).toBe(1);
    expect(engine.operation("redis.exec")).toBeUndefined();
    const commands = kind === "multi" ? 4 : 2;
    expect(engine.operation("redis.command")?.succeeded).toBe(commands);

    const batch = engine.wrap("redis.batch", redis[kind]());
    expect(await batch.set("a", 1).get("a").exec()).toEqual(answers);
    expect(engine.operation("redis.batch.exec")).toMatchObject({ calls: 1, succeeded: 1 });
    // What single commands have failed with is in the answer, and no failure of the whole.
    const mixed = engine.wrap("redis.batch", redis[kind]());
    const [first] = (await mixed.hget("a", "f").exec()) ?? [];
    expect(first?.[0]).toMatchObject({ name: "ReplyError" });
    expect(engine.operation("redis.batch.exec")).toMatchObject({ calls: 2, succeeded: 2 });
  },
);

test("a batch whose connection breaks is sent once, though others are retried", async () => {
  const server = await startRedis();
  const retryStrategy = () => null;
  const client = new Redis(server.port, server.host, { retryStrategy, maxRetriesPerRequest: 0 });
  client.on("error", () => undefined);
  afterwards(
    () => server[Symbol.asyncDispose](),
    () => client.disconnect(),
  );
  await client.ping();
  const engine = shop();
  const told: string[] = [];
  engine.on("retry", ({ name }) => told.push(name));
  const batch = engine.wrap("redis.batch", client.multi());
  await server.stop();
  await expect(batch.incr("a").exec()).rejects.toThrow("Connection is closed");
  expect(engine.operation("redis.batch.exec")).toMatchObject({ calls: 1, failed: 1 });
  expect(told).toEqual([]);
});

import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { HealthCheckRegistry, redisCheck } from "../../src/engine/health/index.ts";
import { watchRedis } from "../../src/engine/integrations/pool/redis-client.ts";
import {
  reconnectOnFailover,
  redisRetryStrategy,
} from "../../src/engine/integrations/pool/redis-retry.ts";
import { afterwards } from "../afterwards.ts";
import { until } from "../until.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";
import { startDumbProxy } from "./servers/dumb-proxy.ts";
import { nextUnhandled, type WatchedPool, watchedPool } from "./watched-pool.ts";

async function serve(words: readonly string[] = []): Promise<RedisServer> {
  const server = await startRedis(words);
  afterwards(() => server[Symbol.asyncDispose]());
  return server;
}

interface Options {
  readonly lazyConnect?: boolean;
  readonly maxRetriesPerRequest?: number;
  readonly reconnectOnError?: (error: Error) => 2 | false;
}

function clientOf(port: number, options: Options = {}): Redis {
  const retryStrategy = redisRetryStrategy({ firstMs: 20, longestMs: 100 });
  const client = new Redis(port, "127.0.0.1", { retryStrategy, ...options });
  client.on("error", () => undefined);
  afterwards(() => client.disconnect());
  return client;
}

function watched(client: Redis): WatchedPool {
  const made = watchedPool(watchRedis, client);
  afterwards(() => made.watch.stop());
  return made;
}

describe("the API of the client", () => {
  test("is what it was: commands, pipelines, transactions, errors", async () => {
    const client = clientOf((await serve()).port);
    const { engine } = watched(client);
    expect(await client.set("a", 1)).toBe("OK");
    expect(await client.incrby("a", 4)).toBe(5);
    expect(await client.pipeline().get("a").hset("h", "f", "v").exec()).toEqual([
      [null, "5"],
      [null, 1],
    ]);
    expect(await client.multi().incr("a").get("a").exec()).toEqual([
      [null, 6],
      [null, "6"],
    ]);
    await expect(client.incr("h")).rejects.toThrow("WRONGTYPE");
    expect(await client.getBuffer("a")).toEqual(Buffer.from("6"));
    const got = await new Promise(
      (resolve) => void client.get("a", (_error, value) => resolve(value)),
    );
    expect(got).toBe("6");
    const failed = engine.of("redis.command").filter((call) => call.outcome === "failed");
    expect(failed).toHaveLength(1);
    expect(failed[0]?.error).toMatchObject({ name: "ReplyError" });
    expect(engine.of("redis.command").some((call) => call.outcome === "in flight")).toBe(false);
    // set, incrby, get, hset, multi, incr, get, exec, incr, getBuffer, get: and no greeting.
    expect(engine.of("redis.command")).toHaveLength(11);
  });

  test("what waits in the server is not measured, and never suspicious", async () => {
    const { port } = await serve();
    const client = clientOf(port);
    const { engine, notices, watch } = watched(client);
    await client.ping();
    const popped = client.blpop("list", 0);
    const read = client.xread("BLOCK", 0, "STREAMS", "s", "$");
    read.catch(() => undefined);
    await pause(700);
    await clientOf(port).rpush("list", "x");
    expect(await popped).toEqual(["list", "x"]);
    expect(engine.of("redis.command")).toHaveLength(1);
    expect(notices).toEqual([]);
    expect(watch.state.recreated).toBe(0);
  });

  test("a command behind one that waits in the server is late, and its connection is not dead", async () => {
    const { port } = await serve();
    const client = clientOf(port);
    const { told, watch } = watched(client);
    await client.ping();
    const popped = client.blpop("list", 0);
    const behind = client.incr("n");
    await told("slow");
    await pause(500);
    expect(watch.state).toMatchObject({ recreated: 0, openQueries: 1 });
    await clientOf(port).rpush("list", "x");
    expect(await popped).toEqual(["list", "x"]);
    expect(await behind).toBe(1);
  });

  test("a rejection that nobody handles stays one", async () => {
    const client = clientOf((await serve()).port);
    watched(client);
    await client.set("text", "x");
    const unhandled = await nextUnhandled(() => void client.incr("text"));
    expect(unhandled).toMatchObject({ name: "ReplyError" });
  });

  test("after stop the client is as it was", async () => {
    const client = clientOf((await serve()).port);
    const before = client.listenerCount("close");
    const { engine, watch } = watched(client);
    expect(Object.hasOwn(client, "sendCommand")).toBe(true);
    watch.stop();
    expect(Object.hasOwn(client, "sendCommand")).toBe(false);
    expect(client.listenerCount("close")).toBe(before);
    expect(await client.ping()).toBe("PONG");
    expect(engine.of("redis.command")).toEqual([]);
  });

  test("what is no client of ioredis is refused", () => {
    const { engine } = watched(clientOf(1, { lazyConnect: true }));
    expect(() => watchRedis(engine, { ping: () => "PONG" })).toThrow(
      "expected a client of ioredis",
    );
  });
});

describe("faults", () => {
  test("kill -9 of the server: told as away and as back, the client is back with it", async () => {
    const server = await serve();
    const client = clientOf(server.port, { maxRetriesPerRequest: 1 });
    const { told, notices } = watched(client);
    await client.set("a", 1);
    await server.stop();
    await told("server_away");
    await expect(client.get("a")).rejects.toThrow("max retries");
    await server.start();
    await told("server_back");
    expect(await client.ping()).toBe("PONG");
    expect(notices.filter((each) => each.event === "server_away")).toHaveLength(1);
  });

  test.each<readonly [string, (client: Redis) => unknown]>([
    ["quit", (client) => client.quit()],
    ["disconnect", (client) => client.disconnect()],
    ["end", (client) => client.end()],
  ])("%s is no loss: nothing is told, and the next loss is", async (_how, end) => {
    const server = await serve();
    const client = clientOf(server.port);
    const { notices, told, watch } = watched(client);
    for (let time = 1; time <= 2; time += 1) {
      await client.ping();
      const ended = once(client, "end");
      await end(client);
      await ended;
      await pause(100);
      expect(notices).toEqual([]);
      await client.connect();
    }
    await client.ping();
    await server.stop();
    await told("connection_lost");
    watch.stop();
    expect(Object.hasOwn(client, "disconnect")).toBe(false);
  });

  test("a frozen server: told as away, and nothing is ended, because it comes back", async () => {
    const server = await serve();
    const client = clientOf(server.port);
    const { told, watch } = watched(client);
    await client.set("a", 1);
    server.freeze();
    const hanging = client.incr("a");
    try {
      await told("server_away");
    } finally {
      server.thaw();
    }
    await told("server_back");
    expect(await hanging).toBe(2);
    expect(watch.state.recreated).toBe(0);
  });

  test("a dead connection is made anew when a fresh one is answered, and what was open is answered", async () => {
    const server = await serve();
    await using proxy = await startDumbProxy(server.port);
    const client = clientOf(proxy.port);
    const { told, watch } = watched(client);
    await client.set("a", "1");
    proxy.goDumb();
    expect(await client.get("a")).toBe("1");
    await told("recreated");
    expect(watch.state.recreated).toBe(1);
  });

  test("a server that takes no more clients looks as if it were away, and is back when it takes them", async () => {
    const server = await serve(["--maxclients", "1"]);
    const first = clientOf(server.port);
    await first.ping();
    const client = clientOf(server.port);
    const { told } = watched(client);
    await told("server_away");
    first.disconnect();
    expect(await client.ping()).toBe("PONG");
    await told("server_back");
  });
});

describe("how it comes back", () => {
  test("delays double to the longest one, spread over their upper half", () => {
    const delayMs = redisRetryStrategy({ firstMs: 100, longestMs: 1000 });
    for (const [attempt, wholeMs] of [100, 200, 400, 800, 1000, 1000].entries()) {
      const delays = Array.from({ length: 200 }, () => delayMs(attempt + 1));
      expect(Math.min(...delays)).toBeGreaterThanOrEqual(wholeMs / 2);
      expect(Math.max(...delays)).toBeLessThanOrEqual(wholeMs);
      expect(new Set(delays).size).toBeGreaterThan(20);
    }
    expect(delayMs(1e9)).toBeLessThanOrEqual(1000);
  });

  test("a server that has become a replica is left, and the command is answered by its master", async () => {
    const [one, two] = [await serve(), await serve()];
    await using proxy = await startDumbProxy(one.port);
    const client = clientOf(proxy.port, { reconnectOnError: reconnectOnFailover });
    await client.set("a", 1);
    // The old master becomes a replica; the address that the client knows now leads to the new one.
    const admin = clientOf(one.port);
    await admin.replicaof("127.0.0.1", two.port);
    proxy.leadTo(two.port);
    expect(await client.set("a", 2)).toBe("OK");
    expect(await clientOf(two.port).get("a")).toBe("2");
  });
});

test("the health check of Redis: well, and away at once", async () => {
  const server = await serve();
  const client = clientOf(server.port);
  const health = new HealthCheckRegistry({ timeoutMs: 2000 });
  health.register("redis", redisCheck(client, { degradedMs: 1500 }));
  await client.ping();
  expect((await health.executeAll()).overall).toBe("healthy");
  await server.stop();
  await until(() => client.status !== "ready");
  const away = await health.executeAll();
  expect(away.checks[0]).toMatchObject({ status: "unhealthy" });
});

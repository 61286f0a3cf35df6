/** The redis-server of the tests is real, comes back on its port, and leaves nothing behind. */
import { existsSync } from "node:fs";
import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { startRedis } from "./redis-server.ts";

describe("the redis-server that tests start", () => {
  test("answers, goes away, comes back empty on the same port, and takes its folder along", async () => {
    const redis = await startRedis();
    const client = new Redis(redis.port, redis.host, { retryStrategy: () => 20 });
    client.on("error", () => undefined);
    const [, folder = ""] = await client.config("GET", "dir");
    expect(existsSync(folder)).toBe(true);
    await client.set("key", "value");
    await redis.stop();
    await redis.start();
    expect(await client.get("key")).toBe(null);
    client.disconnect();
    await redis[Symbol.asyncDispose]();
    expect(existsSync(folder)).toBe(false);
    await expect(fetch(`http://${redis.host}:${redis.port}/`)).rejects.toThrow("fetch failed");
  });
});

/** docs/engine/integrations.md: its examples run, on real servers, and print what they say. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { formatProblem, loadFleet } from "../../src/config/index.ts";
import { examplesOf, promised, runExample } from "./doc-examples.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";
import { startPostgres } from "./servers/postgres.ts";
import type { DatabaseServer } from "./servers/server-process.ts";

const examples = examplesOf("docs/engine/integrations.md");

let postgres: DatabaseServer;
let redis: RedisServer;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

it("has examples", () => {
  expect(examples).toHaveLength(6);
});

it("the fleet file of liveness and readiness loads without a warning", () => {
  const page = readFileSync(new URL("../../docs/engine/integrations.md", import.meta.url), "utf8");
  const text = /^```yaml\n([\s\S]*?)^```/m.exec(page)?.[1] ?? "";
  const files = [{ path: "soulmirror.yaml", text }];
  const loaded = loadFleet({ files, environment: {}, baseDir: "/srv", hash: (each) => each });
  expect(loaded.ok ? loaded.value.warnings : loaded.error.map(formatProblem)).toEqual([]);
});

it.each(examples)("example %#", async (code) => {
  const wanted = promised(code);
  expect(wanted.length).toBeGreaterThan(0);
  const printed = await runExample(code, {
    DATABASE_URL: `postgres://postgres@127.0.0.1:${postgres.port}/postgres`,
    REDIS_URL: redis.url,
  });
  expect(printed).toEqual(wanted);
});

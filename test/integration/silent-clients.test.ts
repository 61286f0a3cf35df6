/**
 * The looks for silent errors on clean traffic of real clients: empty, huge, slow and odd answers
 * that are right, among usual ones. None may be told.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Redis } from "ioredis";
import knexOf from "knex";
import { createPool } from "mysql2/promise";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { SilentError } from "../../src/engine/events.ts";
import { createEngine, type InfrastructureReliabilityEngine } from "../../src/engine/index.ts";
import { createRandom } from "../../src/kernel/index.ts";
import { afterwards } from "../afterwards.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";
import { loginTo as mariadbLogin, startMariadb } from "./servers/mariadb.ts";
import { loginTo, startPostgres } from "./servers/postgres.ts";
import { prismaOf, tables } from "./servers/prisma-client.ts";
import type { DatabaseServer } from "./servers/server-process.ts";

let postgres: DatabaseServer;
let mariadb: DatabaseServer;
let redis: RedisServer;
let engine: InfrastructureReliabilityEngine;
let told: SilentError[];

beforeAll(async () => {
  postgres = await startPostgres();
  mariadb = await startMariadb();
  redis = await startRedis();
}, 60_000);
afterAll(async () => {
  for (const server of [postgres, mariadb, redis]) await server[Symbol.asyncDispose]();
});
beforeEach(() => {
  told = [];
  engine = createEngine({ mode: "full", sampling: "every" });
  afterwards(() => engine.close());
  engine.on("silent_error", (found) => told.push(found));
});

type Ask = () => PromiseLike<unknown>;

/** 1,500 calls: nine of ten are the first one, which is usual; the others come by chance. */
async function askAll(usual: Ask, ...rare: readonly Ask[]): Promise<void> {
  const random = createRandom(7);
  for (let call = 0; call < 1500; call += 1) {
    const isRare = random.next() < 0.1;
    const place = Math.floor(random.next() * rare.length);
    await (isRare ? rare[place] : usual)?.();
  }
  const seen = [...engine.operations()].map(({ succeeded }) => succeeded);
  expect(Math.max(...seen)).toBeGreaterThan(1000);
}

/** What tables answer: a row, none, ten thousand, nothing known, NaN, slowly, prose. */
const answers = (slowly: string): readonly string[] => [
  "SELECT 7 AS id, 'Ada' AS name, 1.5 AS score",
  "SELECT 7 AS id, 'Ada' AS name, 1.5 AS score WHERE 1 = 0",
  "SELECT 7 AS id, NULL AS name, NULL AS score",
  slowly,
  "SELECT 8 AS id, '' AS name, 0 AS score",
  "SELECT 8 AS id, 'The chapter on errors, of which none failed' AS name, 0 AS score",
];
const ofPostgres = [
  ...answers("SELECT 7 AS id, 'Ada' AS name, 1.5 AS score FROM pg_sleep(0.2)"),
  "SELECT n AS id, 'Ada' AS name, 1.5 AS score FROM generate_series(1, 10000) AS n",
  "SELECT 7 AS id, 'Ada' AS name, 'NaN'::float8 AS score",
];

test("pg", async () => {
  const raw = new pg.Pool(loginTo(postgres));
  afterwards(() => raw.end());
  const pool = engine.wrap("pg", raw);
  const [usual = "", ...rare] = ofPostgres;
  await askAll(() => pool.query(usual), ...rare.map((text) => () => pool.query(text)));
  expect(told).toEqual([]);
});

test("knex, whose answers are plain arrays", async () => {
  const raw = knexOf({ client: "pg", connection: loginTo(postgres) });
  afterwards(() => raw.destroy());
  const db = engine.wrap("db", raw);
  const asks = ofPostgres.map((text) => () => db.select("*").from(db.raw(`(${text}) AS t`)));
  const [usual = asks[0] as Ask, ...rare] = asks;
  await askAll(usual, ...rare);
  expect(told).toEqual([]);
});

test("prisma", async () => {
  const raw = prismaOf(loginTo(postgres));
  afterwards(() => raw.$disconnect());
  for (const table of tables) await raw.$executeRawUnsafe(table);
  const db = engine.wrap("prisma", raw, { depth: 2 });
  for (let count = 0; count < 30; count += 1) {
    await raw.account.create({ data: { name: `${count}`, balance: count } });
  }
  await askAll(
    () => db.account.findMany({ where: { balance: { gt: 20 } } }),
    () => db.account.findMany({ where: { balance: 99 } }),
    () => db.account.findMany(),
    () => db.account.findMany({ where: { balance: 1 } }),
  );
  await askAll(
    () => db.account.findFirst({ where: { balance: 1 } }),
    () => db.account.findFirst({ where: { balance: 99 } }),
  );
  await askAll(
    () => db.account.count(),
    () => db.account.count({ where: { balance: 99 } }),
  );
  expect(told).toEqual([]);
});

test("mysql2", async () => {
  const raw = createPool(mariadbLogin(mariadb));
  afterwards(() => raw.end());
  const pool = engine.wrap("mysql", raw);
  const texts = [
    ...answers("SELECT 7 AS id, 'Ada' AS name, 1.5 AS score FROM (SELECT SLEEP(0.2)) AS s"),
    "SELECT seq AS id, 'Ada' AS name, 1.5 AS score FROM seq_1_to_10000",
  ];
  const [usual = "", ...rare] = texts;
  await askAll(() => pool.query(usual), ...rare.map((text) => () => pool.query(text)));
  expect(told).toEqual([]);
});

test("ioredis", async () => {
  const raw = new Redis(redis.port);
  afterwards(() => raw.disconnect());
  const client = engine.wrap("redis", raw);
  await raw.mset({ name: "Ada", empty: "", zero: "0", big: "x".repeat(1e6) });
  await raw.rpush("list", "a", "b");
  await raw.rpush("long", ...Array.from({ length: 10_000 }, (_, n) => n));
  await askAll(
    () => client.get("name"),
    ...["none", "empty", "zero", "big"].map((key) => () => client.get(key)),
  );
  await askAll(
    () => client.lrange("list", 0, -1),
    () => client.lrange("none", 0, -1),
    () => client.lrange("long", 0, -1),
  );
  await askAll(
    () => client.hgetall("none"),
    () => client.exists("none"),
    () => client.ttl("name"),
  );
  expect(told).toEqual([]);
});

test("fetch", async () => {
  const server = createServer((request, response) => {
    const bodies: Readonly<Record<string, string>> = { "/empty": "", "/big": "x".repeat(1e6) };
    response.statusCode = request.url === "/204" ? 204 : 200;
    response.end(request.url === "/204" ? undefined : (bodies[request.url ?? ""] ?? "[]"));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  afterwards(() => {
    server.closeAllConnections();
    server.close();
  });
  const ask = engine.wrap("fetch", fetch);
  const { port } = server.address() as AddressInfo;
  const read = async (path: string): Promise<string> =>
    (await ask(`http://127.0.0.1:${port}${path}`)).text();
  // What reads the body is a method of the service that is wrapped.
  const texts = engine.wrap("texts", { read });
  const ways = ["/204", "/empty", "/big"].map((path) => () => texts.read(path));
  await askAll(() => texts.read("/usual"), ...ways);
  expect(told).toEqual([]);
});

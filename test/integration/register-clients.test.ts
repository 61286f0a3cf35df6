/**
 * `soulmirror/register` beside a whole app that is not changed: Express, pg, ioredis and fetch.
 * What it says, how it ends and what it prints is the same without.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RedisServer, startRedis } from "./redis-server.ts";
import { appFile, type Ran, register, runFile } from "./register-bench.ts";
import { startPostgres } from "./servers/postgres.ts";
import type { DatabaseServer } from "./servers/server-process.ts";

let postgres: DatabaseServer;
let redis: RedisServer;
beforeAll(async () => {
  postgres = await startPostgres();
  redis = await startRedis();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

/** It lives for more than a second: the watches come then. */
const app = (ending: string): string => `
async function main() {
  const [{ default: express }, { default: pg }, { Redis }] = await Promise.all([
    import(process.env.EXPRESS), import(process.env.PG), import(process.env.IOREDIS)]);
  const pool = new pg.Pool({ host: "127.0.0.1", port: Number(process.env.PG_PORT), user: "postgres" });
  const redis = new Redis(Number(process.env.REDIS_PORT));
  const app = express();
  app.get("/", async (_request, response) => {
    const { rows } = await pool.query("SELECT 7 AS n");
    response.json({ rows, pong: await redis.ping() });
  });
  app.get("/down", async () => { await pool.query("SELECT nonsense"); });
  app.use((error, _request, response, _next) => response.status(500).send(error.code));
  const server = app.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const url = "http://127.0.0.1:" + server.address().port;
  for (const path of ["/", "/down", "/none"]) {
    const answer = await fetch(url + path);
    console.log(answer.status, (await answer.text()).slice(0, 60));
  }
  await new Promise((resolve) => setTimeout(resolve, 1300));
  console.log((await fetch(url)).status, process.listenerCount("uncaughtException"));
  ${ending}
}
main();
`;

const endings: readonly (readonly [string, string, Partial<Ran>])[] = [
  [
    "it closes what it has, and ends",
    "server.close(); server.closeAllConnections(); await pool.end(); redis.disconnect();",
    { code: 0 },
  ],
  ["it crashes", "setTimeout(() => { throw new Error('crash in app') }, 1);", { code: 1 }],
  ["it rejects", "throw new RangeError('nobody waits');", { code: 1 }],
  ["it is terminated", "console.log('ready');", { signal: "SIGTERM" }],
];

async function runApp(file: string, flags: readonly string[], more = {}): Promise<Ran> {
  const environment = {
    EXPRESS: import.meta.resolve("express"),
    PG: import.meta.resolve("pg"),
    IOREDIS: import.meta.resolve("ioredis"),
    PG_PORT: String(postgres.port),
    REDIS_PORT: String(redis.port),
    ...more,
  };
  return runFile(file, flags, { environment, killAfter: "ready" });
}

test.each(endings)("%s", async (_, ending, expected) => {
  const file = await appFile(app(ending), "app.mjs");
  const alone = await runApp(file, []);
  expect(alone).toMatchObject(expected);
  expect(alone.out).toContain('200 {"rows":[{"n":7}],"pong":"PONG"}\n500 42703\n404');
  expect(await runApp(file, ["--import", register])).toEqual(alone);
  // Twice is once.
  const twice = { NODE_OPTIONS: `--import ${register}` };
  expect(await runApp(file, ["--import", register], twice)).toEqual(alone);
});

test.each(["app.cjs", "app.ts"])("%s", async (name) => {
  const typed = name === "app.ts" ? "const answer: number = 1; console.log(answer);\n" : "";
  const [, ending] = endings[0] ?? ["", ""];
  const file = await appFile(typed + app(ending), name);
  const alone = await runApp(file, []);
  expect(alone).toMatchObject({ code: 0, err: "" });
  expect(await runApp(file, ["--import", register])).toEqual(alone);
});

test("workers of a cluster, threads and children start, answer and end", async () => {
  const code = `import cluster from "node:cluster"; import { Worker, isMainThread } from "node:worker_threads";
    import { fork } from "node:child_process"; import { fileURLToPath } from "node:url"; import { once } from "node:events";
    const me = fileURLToPath(import.meta.url);
    if (!isMainThread) console.log("thread");
    else if (cluster.isWorker) process.send("worker", () => process.exit(3));
    else if (process.argv[2] === "child") process.send("child", () => process.disconnect());
    else {
      const worker = cluster.fork();
      const [[said], [code]] = await Promise.all([once(worker, "message"), once(worker, "exit")]);
      console.log(said, code);
      const child = fork(me, ["child"]);
      const [[word], [ended]] = await Promise.all([once(child, "message"), once(child, "exit")]);
      console.log(word, ended);
      console.log(await once(new Worker(me), "exit"));
    }`;
  const file = await appFile(code, "app.mjs");
  const alone = await runApp(file, []);
  expect(alone).toMatchObject({ code: 0, err: "", out: "worker 3\nchild 0\nthread\n[ 0 ]\n" });
  expect(await runApp(file, ["--import", register])).toEqual(alone);
  expect(await runApp(file, [], { NODE_OPTIONS: `--import ${register}` })).toEqual(alone);
});

/** `REDIS_URL` alone: what the engine counts reaches the stream, whatever the server does. */

import { execFile } from "node:child_process";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { afterEach, expect, test } from "vitest";
import { createEngine, type Notice } from "../../src/engine/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";

const run = promisify(execFile);
const checkout = fileURLToPath(new URL("../../", import.meta.url));

afterEach(() => {
  for (const name of ["REDIS_URL", "METRICS_REDIS_STREAM_KEY", "METRICS_FLUSH_INTERVAL_MS"]) {
    delete process.env[name];
  }
});

async function serve(): Promise<RedisServer> {
  const server = await startRedis();
  afterwards(() => server[Symbol.asyncDispose]());
  return server;
}

interface Entry {
  readonly metricType: string;
  readonly metricName: string;
  readonly value: number;
  readonly unit: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly source: string;
  readonly timestamp: number;
}

async function entriesIn(server: RedisServer, key = "metrics:stream"): Promise<readonly Entry[]> {
  const client = new Redis(server.port, server.host);
  try {
    const entries = await client.xrange(key, "-", "+");
    return entries.map(([, fields]) => {
      expect(fields[0]).toBe("data");
      return JSON.parse(fields[1] as string) as Entry;
    });
  } finally {
    client.disconnect();
  }
}

test("the counts of wrapped calls and the metrics of the service are there, in the form of E10", async () => {
  const server = await serve();
  process.env["REDIS_URL"] = server.url;
  const engine = createEngine({ service: "shop", autoRetry: false });
  let isDown = false;
  const mail = engine.wrap("mail", {
    async send() {
      if (isDown) throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    },
  });
  for (let call = 0; call < 7; call += 1) await mail.send();
  isDown = true;
  for (let call = 0; call < 3; call += 1) await mail.send().catch(() => {});
  engine.tracker.recordSuccess(engine.tracker.startOperation("import", { format: "csv" }));
  engine.record({
    metricType: "system",
    metricName: "depth",
    value: 5,
    unit: "items",
    source: "q",
  });
  await engine.close();
  const entries = await entriesIn(server);
  const valueOf = (name: string) => entries.find(({ metricName }) => metricName === name);
  expect(valueOf("mail.send.success_count")).toMatchObject({
    metricType: "operation",
    value: 7,
    unit: "count",
    tags: { status: "success" },
    source: "mail.send",
  });
  expect(valueOf("mail.send.success_count")?.timestamp).toBeGreaterThan(1e12);
  expect(valueOf("mail.send.failure_count")).toMatchObject({
    value: 3,
    tags: { status: "failure", error_category: "connection_refused" },
  });
  expect(valueOf("mail.send.duration")).toMatchObject({ unit: "ms" });
  expect(valueOf("import.success_count")?.tags).toEqual({ format: "csv", status: "success" });
  expect(valueOf("depth")).toMatchObject({ metricType: "system", value: 5, unit: "items" });
});

test("a server that is killed and comes back has everything in the end, once or more", async () => {
  const server = await serve();
  process.env["REDIS_URL"] = server.url;
  process.env["METRICS_REDIS_STREAM_KEY"] = "ours";
  process.env["METRICS_FLUSH_INTERVAL_MS"] = "50";
  const engine = createEngine({ service: "shop" });
  const losses: Notice[] = [];
  engine.on("telemetry_loss", (told) => void losses.push(told));
  const put = (value: number): void => {
    engine.record({ metricType: "test", metricName: "n", value, unit: "items", source: "t" });
  };
  put(1);
  const entries = () => entriesIn(server, "ours");
  await until(async () => (await entries()).some(({ value }) => value === 1), { seen: entries });
  await server.stop();
  for (let value = 2; value <= 40; value += 1) {
    put(value);
    await pause(5);
  }
  await server.start();
  // Empty, as it is after a restart without a disk.
  const wanted = Array.from({ length: 39 }, (_, index) => index + 2);
  const areThere = async (): Promise<boolean> => {
    const there = new Set((await entries()).map(({ value }) => value));
    return wanted.every((value) => there.has(value));
  };
  await until(areThere, { everyMs: 50, seen: entries });
  await engine.close();
  expect(losses).toEqual([]);
});

test("nobody is connected to before there is something to send, and close ends the connection", async () => {
  const server = await serve();
  const client = new Redis(server.port, server.host);
  afterwards(() => client.disconnect());
  const connected = async () => {
    const list = (await client.client("LIST")) as string;
    return list.split("\n").filter((line) => line.includes("name=soulmirror-metrics")).length;
  };
  process.env["REDIS_URL"] = server.url;
  process.env["METRICS_FLUSH_INTERVAL_MS"] = "10";
  const engine = createEngine();
  await pause(100);
  expect(await connected()).toBe(0);
  engine.record({ metricType: "t", metricName: "n", value: 1, unit: "items", source: "t" });
  await until(async () => (await connected()) > 0);
  await engine.close();
  await until(async () => (await connected()) === 0, { seen: connected });
});

test("a server that never answers keeps neither the process nor its end from going on", async () => {
  const server = await serve();
  server.freeze();
  afterwards(() => server.thaw());
  const program = `
    import { createEngine } from "${checkout}src/engine/index.ts";
    const engine = createEngine();
    engine.record({ metricType: "t", metricName: "n", value: 1, unit: "items", source: "t" });
    if (process.argv[1] === "close") await engine.close();
    console.log("over");
  `;
  for (const word of ["close", "leave"]) {
    const words = ["--input-type=module", "-e", program, word];
    const env = { ...process.env, REDIS_URL: server.url, METRICS_FLUSH_INTERVAL_MS: "10" };
    const { stdout } = await run(process.execPath, words, { env });
    expect(stdout).toBe("over\n");
  }
});

test("without a library, or with an address that is none, the fix is told once", async () => {
  const folder = temporaryFolder("no-library");
  cpSync(join(checkout, "src"), join(folder, "src"), { recursive: true });
  cpSync(join(checkout, "package.json"), join(folder, "package.json"));
  writeFileSync(
    join(folder, "app.ts"),
    `import { createEngine } from "./src/engine/index.ts";
     const engine = createEngine();
     engine.on("configuration", ({ subject, message }) => console.log(subject, message));
     engine.record({ metricType: "t", metricName: "n", value: 1, unit: "items", source: "t" });
     await engine.close();`,
  );
  const told = async (url: string) => {
    const env = { ...process.env, REDIS_URL: url };
    const { stdout } = await run(process.execPath, [join(folder, "app.ts")], { env, cwd: folder });
    return stdout.trim();
  };
  expect(await told("redis://127.0.0.1:1")).toBe(
    "REDIS_URL no metrics go to Redis: ioredis is not installed; run `npm install ioredis`, or unset it",
  );
  expect(await told("127.0.0.1:6379")).toMatch(/^refused environment variable REDIS_URL.*$/);
});

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import {
  countRequests,
  FRONT_DOORS,
  firstGoodAnswers,
  judgeHealing,
  type LedgerLine,
  POISON_CHAT,
  readLedger,
  startLoad,
  type Targets,
  verifyLedger,
} from "../../examples/shop/load.js";
import { temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";

const SERVICES = fileURLToPath(new URL("../../examples/shop/services/", import.meta.url));

type Env = Readonly<Record<string, string>>;

/** One service process. It keeps its port over restarts, as it would behind a supervisor. */
class Service {
  url = "";
  #child: ChildProcess | undefined;
  #port = "0";
  readonly #file: string;
  readonly #env: Env;

  constructor(file: string, env: Env) {
    this.#file = file;
    this.#env = env;
  }

  async start(): Promise<this> {
    const child = spawn(process.execPath, [join(SERVICES, this.#file)], {
      env: { ...this.#env, PORT: this.#port },
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child = child;
    for await (const line of createInterface({ input: child.stdout })) {
      const entry = JSON.parse(line) as { message: string; port: number };
      if (entry.message !== "listening") continue;
      this.#port = String(entry.port);
      break;
    }
    child.stdout.resume();
    expect(this.#port, `${this.#file} listens`).not.toBe("0");
    this.url = `http://127.0.0.1:${this.#port}`;
    return this;
  }

  async end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return null;
    const exited = once(child, "exit") as Promise<[number | null]>;
    child.kill(signal);
    const [code] = await exited;
    return code;
  }
}

/** The whole shop in a temporary folder, on free ports. */
async function startShop(teardown: AsyncDisposableStack) {
  const folder = temporaryFolder("shop");
  const start = async (file: string, env: Env = {}) => {
    const service = new Service(file, env);
    teardown.defer(async () => void (await service.end("SIGKILL")));
    return service.start();
  };
  const quotaFile = join(folder, "quota");
  const switchFile = join(folder, "switch");
  const alpha = await start("provider.js", { NAME: "alpha", QUOTA_FILE: quotaFile });
  const beta = await start("provider.js", { NAME: "beta" });
  const ledger = { LEDGER: join(folder, "ledger.db") };
  const [trust, secondTrust] = await Promise.all([
    start("trust-engine.js", ledger),
    start("trust-engine.js", ledger),
  ]);
  const router = await start("ai-router.js", {
    PRIMARY: alpha.url,
    ALTERNATIVE: beta.url,
    SWITCH_FILE: switchFile,
  });
  const analyzer = await start("chat-analyzer.js", {
    DATA: join(folder, "chats"),
    AI_ROUTER: router.url,
    TRUST_ENGINE: trust.url,
  });
  const converter = await start("mobile-converter.js", {
    DATA: join(folder, "exports"),
    TRUST_ENGINE: trust.url,
    ROW_DELAY_MS: "5",
  });
  const targets: Targets = {
    "chat-analyzer": analyzer.url,
    "trust-engine": trust.url,
    "ai-router": router.url,
    "mobile-converter": converter.url,
  };
  const ledgerFile = join(folder, "requests.jsonl");
  return {
    folder,
    quotaFile,
    switchFile,
    ledgerFile,
    targets,
    alpha,
    trust,
    secondTrust,
    router,
    analyzer,
    converter,
  };
}

async function metric(service: Service, name: string): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  const line = text.split("\n").find((one) => one.startsWith(`${name} `));
  if (line === undefined) throw new Error(`no metric ${name} in:\n${text}`);
  return Number(line.slice(name.length + 1));
}

const health = async (service: Service) => (await fetch(`${service.url}/health`)).status;

const post = (url: string, body: unknown) =>
  fetch(url, { method: "POST", body: JSON.stringify(body) });

const upload = (analyzer: Service, id: string, text: string) =>
  fetch(`${analyzer.url}/uploads`, {
    method: "POST",
    headers: { "x-upload-id": id },
    body: text,
  });

const NOTHING_BAD = { lost: 0, duplicated: 0, wrong: 0, unreadable: 0, samples: [] };

test("under load every request is answered well and every write can be read back", async () => {
  await using teardown = new AsyncDisposableStack();
  const shop = await startShop(teardown);
  const { targets, ledgerFile } = shop;

  const load = startLoad({ targets, ledgerFile, ratePerSecond: 40, seconds: 5, timeoutMs: 10_000 });
  teardown.use(load);
  expect(await load.ended).toBe(0);

  const { lines } = await readLedger(ledgerFile);
  const figures = countRequests(lines);
  // A machine that stands still for seconds makes work late; nothing else may go wrong.
  expect(Object.keys(figures.errors).filter((error) => !error.endsWith(": late"))).toEqual([]);
  expect(figures.requests).toBeGreaterThan(100);
  const answered = Object.keys(firstGoodAnswers(lines, 0));
  expect(answered.toSorted()).toEqual(Object.keys(targets).toSorted());

  const report = await verifyLedger({ targets, ledgerFile, waitMs: 30_000 });
  expect(report).toMatchObject({ ...NOTHING_BAD, inProgress: 0, indeterminate: 0 });
  expect(report.verified).toBeGreaterThan(report.acknowledged);

  for (const service of [shop.alpha, shop.trust, shop.router, shop.analyzer, shop.converter]) {
    expect(await service.end("SIGTERM")).toBe(0);
  }
});

const sent = (at: number, ok: boolean, service: LedgerLine["service"] = "ai-router") =>
  ({ at, ok, service, endedAt: at + 5, idempotent: false, ms: 5 }) as LedgerLine;

test("healed is the first good answer after the last failure, once its window is over", () => {
  const options = { faultAtMs: 100, windowMs: 1_000, settleMs: 500 };
  const before = [sent(50, false), sent(110, true)];
  const broken = [...before, sent(120, false), sent(130, true), sent(140, false)];
  const mended = [...broken, sent(210, true), sent(900, true), sent(150, true)];

  expect(judgeHealing(before, { ...options, nowMs: 5_000 })).toEqual({
    kind: "unharmed",
    firstGoodAtMs: 115,
  });
  expect(judgeHealing(broken, { ...options, nowMs: 5_000 }).kind).toBe("open");
  expect(judgeHealing(mended, { ...options, nowMs: 1_649 }).kind).toBe("open");
  expect(judgeHealing(mended, { ...options, nowMs: 1_650 })).toEqual({
    kind: "healed",
    failures: 2,
    healedAtMs: 155,
    afterMs: 55,
  });
  const elsewhere = { ...options, nowMs: 5_000, services: ["trust-engine"] as const };
  expect(judgeHealing(mended, elsewhere).kind).toBe("open");
  expect(countRequests(mended, { fromMs: 100, toMs: 150 })).toMatchObject({
    requests: 4,
    failed: 2,
  });
});

test("the verification finds what is lost and what is wrong", async () => {
  await using teardown = new AsyncDisposableStack();
  const { targets, ledgerFile, trust, analyzer } = await startShop(teardown);
  const written = {
    run: "x",
    at: 1,
    endedAt: 2,
    ms: 1,
    ok: true,
    idempotent: true,
    method: "POST",
  };
  const delta = { id: "kept", subject: "ana", delta: 2 };
  await post(`${trust.url}/scores`, delta);
  await upload(analyzer, "other", "12:00 bo: hello\n");
  const lines = [
    { key: "kept", write: { kind: "score", subject: "ana", delta: 2 } },
    { key: "gone", write: { kind: "score", subject: "ana", delta: 3 } },
    { key: "other", write: { kind: "upload", sha256: "of something else", messages: 1 } },
  ].map((line, n) => `${JSON.stringify({ n, ...written, ...line })}\n`);
  await writeFile(ledgerFile, lines.join(""));

  const report = await verifyLedger({ targets, ledgerFile, waitMs: 30_000 });

  expect(report).toMatchObject({ acknowledged: 3, verified: 2, lost: 1, wrong: 1, duplicated: 0 });
  await post(`${trust.url}/scores`, { ...delta, id: "phantom" });
  const second = await verifyLedger({ targets, ledgerFile, waitMs: 30_000 });
  expect(second).toMatchObject({ lost: 1, wrong: 1, duplicated: 1 });
});

test("a poisonous upload ends the worker in silence, and one restart heals", async () => {
  await using teardown = new AsyncDisposableStack();
  const { analyzer, folder } = await startShop(teardown);
  const state = async (id: string) => (await fetch(`${analyzer.url}/analyses/${id}`)).status;
  await upload(analyzer, "good-1", "12:00 ana: a great day\n");
  await until(async () => (await state("good-1")) === 200);

  await upload(analyzer, "poison", POISON_CHAT);
  await until(async () => existsSync(join(folder, "chats", "processing", "poison")));
  await upload(analyzer, "good-2", "12:01 bo: a bad day\n");
  const steps = await metric(analyzer, "analysis_steps_total");
  await sleep(500);

  expect(await health(analyzer)).toBe(200);
  expect(await metric(analyzer, "analysis_steps_total")).toBe(steps);
  expect(await metric(analyzer, "analyses_queue_depth")).toBe(2);
  expect(await state("good-2")).toBe(202);

  expect(await analyzer.end("SIGTERM")).toBe(0);
  await analyzer.start();
  await until(async () => (await state("good-2")) === 200);
  expect(await state("poison")).toBe(422);
  expect(await readFile(join(folder, "chats", "poison", "poison.txt"), "utf8")).toBe(POISON_CHAT);
  // A result can be read a little before it is on disk for good and leaves the queue.
  await until(async () => (await metric(analyzer, "analyses_queue_depth")) === 0);
});

test("kill -9 during writes loses no acknowledged write and doubles none", async () => {
  await using teardown = new AsyncDisposableStack();
  const { targets, ledgerFile, trust, secondTrust, analyzer, converter } =
    await startShop(teardown);
  // The generator sees both instances in turn only through a proxy; here the second one just
  // writes.
  const load = startLoad({ targets, ledgerFile, ratePerSecond: 60, seconds: 60, seed: 7 });
  teardown.use(load);
  const acknowledged = async () =>
    (await readLedger(ledgerFile)).lines.filter(({ ok, write }) => ok && write !== undefined)
      .length;
  await until(async () => existsSync(ledgerFile));

  const faultAtMs = Date.now();
  for (const service of [trust, analyzer, converter, trust]) {
    const before = await acknowledged();
    await until(async () => (await acknowledged()) >= before + 15);
    await service.end("SIGKILL");
    const sent = { id: `while-${before}`, subject: "neighbour", delta: 1 };
    expect((await post(`${secondTrust.url}/scores`, sent)).status).toBe(200);
    await sleep(200);
    await service.start();
  }
  await until(async () => {
    const { lines } = await readLedger(ledgerFile);
    const options = { faultAtMs, nowMs: Date.now(), windowMs: 1_000, settleMs: 0 };
    return judgeHealing(lines, options).kind === "healed";
  });
  expect(await load.stop()).toBe(0);

  const { lines } = await readLedger(ledgerFile);
  expect(countRequests(lines, { fromMs: faultAtMs }).failed).toBeGreaterThan(0);
  const report = await verifyLedger({ targets, ledgerFile, waitMs: 30_000 });
  expect(report).toMatchObject({ ...NOTHING_BAD, inProgress: 0 });
  const neighbour = await (await fetch(`${trust.url}/scores/neighbour`)).json();
  expect(neighbour).toMatchObject({ score: 4, applied: 4 });
});

test("an export makes visible progress and goes on where it was after kill -9", async () => {
  await using teardown = new AsyncDisposableStack();
  const { converter } = await startShop(teardown);
  await post(`${converter.url}/exports`, { id: "long", subject: "ana", rows: 300 });
  const rows = () => metric(converter, "export_rows_written_total");
  await until(async () => (await rows()) > 30);
  const seen = await rows();
  await until(async () => (await rows()) > seen);
  expect(await metric(converter, "export_queue_depth")).toBe(1);

  await converter.end("SIGKILL");
  await converter.start();
  await until(async () => (await fetch(`${converter.url}/exports/long`)).status === 200);

  expect(await rows()).toBeLessThan(300);
  const file = await (await fetch(`${converter.url}/exports/long/file`)).text();
  const numbers = file
    .trimEnd()
    .split("\n")
    .map((row) => Number(row.split(";")[0]));
  expect(numbers).toEqual(Array.from({ length: 300 }, (_, number) => number));
});

test("a provider without quota is healed by the switch and not by a restart", async () => {
  await using teardown = new AsyncDisposableStack();
  const { router, alpha, quotaFile, switchFile } = await startShop(teardown);
  const ask = () => post(`${router.url}/route`, { prompt: "A kind answer. Another answer." });
  await writeFile(quotaFile, "exhausted\n");
  for (const service of [alpha, router]) {
    for (let attempt = 0; attempt < 3; attempt += 1) expect((await ask()).status).toBe(502);
    expect(await health(router)).toBe(503);
    expect(await health(alpha)).toBe(200);
    await service.end("SIGTERM");
    await service.start();
  }
  expect((await ask()).status).toBe(502);

  await writeFile(switchFile, "alternative\n");
  const answer = await ask();
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ provider: "beta", summary: "A kind answer." });
  expect(await health(router)).toBe(200);
});

test("a database that cannot be written makes trust-engine report itself unhealthy", async () => {
  await using teardown = new AsyncDisposableStack();
  const { trust, folder } = await startShop(teardown);
  const { DatabaseSync } = await import("node:sqlite");
  const stranger = new DatabaseSync(join(folder, "ledger.db"));
  teardown.defer(async () => stranger.close());
  stranger.exec("BEGIN IMMEDIATE");

  const response = await fetch(`${trust.url}/health`);
  expect(response.status).toBe(503);
  expect(response.headers.get("content-type")).toBe("application/health+json");
  const report = JSON.stringify(await response.json());
  expect(report).toContain("database is locked");

  stranger.exec("ROLLBACK");
  expect(await health(trust)).toBe(200);
});

test("reading back ends in time, and tells when what is gone was written", async () => {
  await using teardown = new AsyncDisposableStack();
  const folder = temporaryFolder("shop");
  const forgetful = createServer((_, answer) => answer.writeHead(404).end("{}"));
  forgetful.listen(0, "127.0.0.1");
  await once(forgetful, "listening");
  teardown.defer(() => void forgetful.close());
  const address = forgetful.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  const ledgerFile = join(folder, "requests.jsonl");
  const lines = Array.from({ length: 4_000 }, (_, at) => {
    const write = { kind: "score", subject: "ana", delta: 1 };
    return JSON.stringify({ at, key: `k${at}`, ok: true, write });
  });
  const verify = async (count: number, engine: string) => {
    await writeFile(ledgerFile, `${lines.slice(0, count).join("\n")}\n`);
    const targets = { ...FRONT_DOORS, "trust-engine": engine };
    return await verifyLedger({ targets, ledgerFile, limitMs: 1_000 });
  };
  expect(await verify(3, url)).toMatchObject({ lost: 3, damagedAt: [0, 1, 2] });
  // Nobody listens: each attempt of each would take its time.
  const report = await verify(4_000, "http://127.0.0.1:1");
  expect(report).toMatchObject({ acknowledged: 4_000, unreadable: 4_000, damagedAt: [] });
});

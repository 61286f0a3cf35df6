/**
 * What drivers, SDKs and the platform really throw, judged: no error of this file is made by hand
 * where its maker can be brought to make it.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText } from "ai";
import { Redis } from "ioredis";
import mysql from "mysql2/promise";
import OpenAI from "openai";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import { createClassify, type Judgement } from "../../src/resilience/index.ts";

const classify = createClassify(() => Date.now());
let closedPort = 0;
let url = "";

const bodies: Readonly<Record<string, (response: ServerResponse) => void>> = {
  "/cut": (response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("half");
    setTimeout(() => response.destroy(), 20);
  },
  "/never": () => undefined,
  "/reset": (response) => response.socket?.resetAndDestroy(),
  "/quota/chat/completions": (response) => refuse(response, 429, "insufficient_quota"),
  "/fast/chat/completions": (response) => refuse(response, 429, "rate_limit_exceeded"),
  "/long/chat/completions": (response) => refuse(response, 400, "context_length_exceeded"),
  "/policy/chat/completions": (response) => refuse(response, 400, "content_policy_violation"),
  "/key/chat/completions": (response) => refuse(response, 401, "invalid_api_key"),
  "/down/chat/completions": (response) => refuse(response, 503, "server_error"),
};

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { "content-type": "application/json", "retry-after": "2" });
  response.end(JSON.stringify({ error: { message: `refused: ${code}`, type: code, code } }));
}

const server = createServer((incoming: IncomingMessage, response) => {
  incoming.resume();
  bodies[incoming.url ?? ""]?.(response);
});

beforeAll(async () => {
  closedPort = await freePort();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

/** What it was thrown for. */
async function judged(work: () => PromiseLike<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    return short(classify(error));
  }
  return "nothing was thrown";
}

function short({ category, isFault, isTransient, neverStarted, retryAfterMs }: Judgement): string {
  const flags = `${isFault ? "f" : "-"}${isTransient ? "t" : "-"}${neverStarted ? "n" : "-"}`;
  return `${category} ${flags}${retryAfterMs === undefined ? "" : ` ${retryAfterMs}`}`;
}

function httpGet(path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}${path}`, (response) => {
      response.on("error", reject);
      response.on("end", resolve);
      response.resume();
    });
    asked.on("error", reject);
    asked.end();
  });
}

it.each<[string, () => PromiseLike<unknown>, string]>([
  ["refused", () => fetch(`http://127.0.0.1:${closedPort}`), "connection_refused ftn"],
  ["no such host", () => fetch("http://nowhere.invalid"), "dns_error ftn"],
  ["reset", () => fetch(`${url}/reset`), "connection_reset ft-"],
  ["cut off", async () => (await fetch(`${url}/cut`)).text(), "connection_reset ft-"],
  ["too late", () => fetch(`${url}/never`, { signal: AbortSignal.timeout(20) }), "timeout ft-"],
  ["aborted", () => fetch(url, { signal: AbortSignal.abort() }), "cancelled ---"],
  ["a wrong address", () => fetch("nonsense"), "client_error ---"],
])("fetch: %s", async (_what, work, expected) => {
  expect(await judged(work)).toBe(expected);
});

it("node:http: an answer that is cut off, a connection that is reset", async () => {
  expect(await judged(() => httpGet("/cut"))).toBe("truncated_stream ft-");
  expect(await judged(() => httpGet("/reset"))).toBe("connection_reset ft-");
});

const ask = { model: "m", messages: [{ role: "user" as const, content: "x" }] };
const refusals: readonly (readonly [string, string])[] = [
  ["quota", "quota_exceeded f-- 2000"],
  ["fast", "rate_limit ft- 2000"],
  ["long", "context_length --- 2000"],
  ["policy", "content_policy --- 2000"],
  ["key", "auth --- 2000"],
  ["down", "server_error ft- 2000"],
];

it.each(refusals)("openai: %s", async (path, expected) => {
  const client = new OpenAI({ apiKey: "x", baseURL: `${url}/${path}`, maxRetries: 0 });
  expect(await judged(() => client.chat.completions.create(ask))).toBe(expected);
});

it("openai: refused, too late, aborted by the caller", async () => {
  const away = new OpenAI({
    apiKey: "x",
    baseURL: `http://127.0.0.1:${closedPort}`,
    maxRetries: 0,
  });
  // It may have tried before: that the last request was refused says nothing of the others.
  expect(await judged(() => away.chat.completions.create(ask))).toBe("connection_refused ft-");
  const client = new OpenAI({ apiKey: "x", baseURL: `${url}/never?`, maxRetries: 0 });
  expect(await judged(() => client.get("/never", { timeout: 20 }))).toBe("timeout ft-");
  const signal = AbortSignal.abort();
  expect(await judged(() => client.chat.completions.create(ask, { signal }))).toBe("cancelled ---");
});

it.each(refusals)("ai: %s", async (path, expected) => {
  const provider = createOpenAI({ apiKey: "x", baseURL: `${url}/${path}` });
  const work = () => generateText({ model: provider.chat("m"), prompt: "x", maxRetries: 0 });
  expect(await judged(work)).toBe(expected);
});

it("ai: refused, which it has tried several times", async () => {
  const provider = createOpenAI({ apiKey: "x", baseURL: `http://127.0.0.1:${closedPort}` });
  const work = () => generateText({ model: provider.chat("m"), prompt: "x", maxRetries: 0 });
  expect(await judged(work)).toBe("connection_refused ft-");
});

it("pg: refused; its pool, while nobody answers", async () => {
  const away = new pg.Pool({ host: "127.0.0.1", port: closedPort });
  expect(await judged(() => away.query("select 1"))).toBe("connection_refused ftn");
  await away.end();
});

it("mysql2: refused; its pool when it may not wait", async () => {
  const away = mysql.createPool({ host: "127.0.0.1", port: closedPort });
  expect(await judged(() => away.query("select 1"))).toBe("connection_refused ftn");
  await away.end();
  const full = mysql.createPool({
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    connectionLimit: 1,
    waitForConnections: false,
  });
  const arrived = once(server, "connection");
  const first = full.getConnection().catch(() => undefined);
  expect(await judged(() => full.getConnection())).toBe("pool_exhausted ftn");
  // What has not arrived yet would not be closed, and would wait for its own time to be over.
  await arrived;
  server.closeAllConnections();
  await first;
  await full.end();
});

it("ioredis: never connected, and given up", async () => {
  const options = { port: closedPort, lazyConnect: true, retryStrategy: () => null };
  const redis = new Redis({ ...options, maxRetriesPerRequest: 0 });
  redis.on("error", () => undefined);
  expect(await judged(() => redis.get("x"))).toMatch(/^connection_re(?:fused|set) ft/);
  const strict = new Redis({ ...options, enableOfflineQueue: false });
  strict.on("error", () => undefined);
  expect(await judged(() => strict.get("x"))).toBe("connection_refused ftn");
  redis.disconnect();
  strict.disconnect();
});

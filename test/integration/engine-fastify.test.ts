import { get } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import fastify from "fastify";
import { expect, onTestFinished, test } from "vitest";
import { HealthCheckRegistry, healthRoute } from "../../src/engine/health/index.ts";
import { fastifyPlugin } from "../../src/engine/integrations/fastify.ts";
import { currentRequestIds } from "../../src/engine/request-ids.ts";
import { createClassify } from "../../src/resilience/index.ts";
import { RecordingEngine } from "./recording-engine.ts";

async function watched(options: Parameters<typeof fastifyPlugin>[1] = {}) {
  const engine = new RecordingEngine();
  const app = fastify({ forceCloseConnections: true });
  await app.register(fastifyPlugin(engine, options));
  onTestFinished(() => app.close());
  const listen = async (): Promise<string> => {
    await app.listen({ port: 0, host: "127.0.0.1" });
    return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  };
  return { engine, app, listen };
}

test("the operation is the method and the pattern, also of what is registered beside the plugin", async () => {
  const { engine, app, listen } = await watched();
  app.get("/users/:id", async () => "one");
  await app.register(
    async (inner) => void inner.post("/things/:thing", async () => ({ made: true })),
    { prefix: "/v1" },
  );
  const url = await listen();
  expect(await (await fetch(`${url}/users/7?q=secret`)).text()).toBe("one");
  await fetch(`${url}/v1/things/9`, { method: "POST" });
  expect((await fetch(`${url}/nowhere/12345`)).status).toBe(404);
  const calls = await engine.ended(3);
  expect(calls.map(({ operation, outcome }) => [operation, outcome])).toEqual([
    ["GET /users/:id", "succeeded"],
    ["POST /v1/things/:thing", "succeeded"],
    ["GET (no route)", "succeeded"],
  ]);
});

test("a request that is injected counts, too", async () => {
  const { engine, app } = await watched();
  app.get("/", async () => "home");
  expect((await app.inject("/")).body).toBe("home");
  const [call] = await engine.ended(1);
  expect(call).toMatchObject({ operation: "GET /", outcome: "succeeded" });
});

test("5xx fails with what was thrown, 4xx is no failure", async () => {
  const { engine, app, listen } = await watched();
  app.get("/fails", async () => {
    throw new Error("no rows");
  });
  app.get("/busy", async (_request, reply) => reply.code(503).send("busy"));
  app.get("/mine", async () => {
    throw Object.assign(new Error("not so"), { statusCode: 422 });
  });
  const url = await listen();
  for (const path of ["/fails", "/busy", "/mine"]) await fetch(url + path);
  const calls = await engine.ended(3);
  expect(calls.map((call) => call.outcome)).toEqual(["failed", "failed", "succeeded"]);
  expect(calls[0]?.error).toMatchObject({ message: "no rows" });
  expect(calls[1]?.error).toMatchObject({ name: "HttpAnswerError", status: 503 });
});

test("5xx is the server's own fault, whatever was thrown", async () => {
  const { engine, app } = await watched();
  app.get("/bug", async () => {
    throw new TypeError("x is not a function");
  });
  await app.inject("/bug");
  const [bug] = await engine.ended(1);
  const judgement = createClassify(() => 0)(bug?.error);
  expect(judgement).toMatchObject({ category: "server_error", isFault: true });
});

test("what fails after its headers were sent is told with the error", async () => {
  const { engine, app, listen } = await watched();
  const source = new Readable({ read: () => undefined });
  app.get("/midway", (_request, reply) => reply.send(source));
  const url = await listen();
  source.push("x");
  const response = await fetch(`${url}/midway`);
  source.destroy(new RangeError("the model is gone"));
  await response.text().catch(() => undefined);
  const [call] = await engine.ended(1);
  const { error } = call as { readonly error: Error };
  expect([error, error.cause]).toContainEqual(new RangeError("the model is gone"));
  expect(createClassify(() => 0)(error)).toMatchObject({ isFault: true });
});

test("a request that its client leaves is cancelled, and was in flight until then", async () => {
  const { engine, app, listen } = await watched();
  const started = Promise.withResolvers<void>();
  app.get("/slow", () => {
    started.resolve();
    return new Promise(() => undefined);
  });
  const url = await listen();
  const slow = get(`${url}/slow`);
  slow.on("error", () => undefined);
  await started.promise;
  expect(engine.calls[0]?.outcome).toBe("in flight");
  slow.destroy();
  const [left] = await engine.ended(1);
  expect(left?.error).toMatchObject({ name: "AbortError" });
});

test("a stream counts until its end, and fails when it breaks off", async () => {
  const { engine, app, listen } = await watched();
  const source = new Readable({ read: () => undefined });
  const broken = new Readable({ read: () => undefined });
  app.get("/stream", (_request, reply) => reply.send(source));
  app.get("/broken", (_request, reply) => reply.send(broken));
  const url = await listen();
  source.push("first");
  const response = await fetch(`${url}/stream`);
  const reader = response.body?.getReader();
  await reader?.read();
  expect(engine.calls[0]?.outcome).toBe("in flight");
  source.push(null);
  const [call] = await engine.ended(1);
  expect(call?.outcome).toBe("succeeded");
  broken.push("first");
  const second = await fetch(`${url}/broken`);
  broken.destroy(new Error("the disk is gone"));
  await second.text().catch(() => undefined);
  const [, fallen] = await engine.ended(2);
  expect(fallen).toMatchObject({ operation: "GET /broken", outcome: "failed" });
});

test("ids are read by the user's function and carried when asked", async () => {
  const { engine, app } = await watched({
    ids: (request) => ({ requestId: (request as unknown as { id: string }).id, userId: "u1" }),
    carryIds: true,
  });
  let seen: unknown;
  app.get("/", async (_request, reply) => {
    await Promise.resolve();
    seen = currentRequestIds();
    return reply.code(500).send("x");
  });
  await app.inject("/");
  const [call] = await engine.ended(1);
  expect(call?.ids).toEqual({ requestId: "req-1", userId: "u1" });
  expect(seen).toEqual(call?.ids);
});

test("the health endpoint in Fastify, by GET and HEAD", async () => {
  const { engine, app } = await watched({
    ignore: (request) => request.routeOptions.url === "/health",
  });
  const health = new HealthCheckRegistry({ freshForMs: 0 });
  app.get("/health", healthRoute(health, { service: "shop" }));
  const well = await app.inject("/health");
  expect(well.statusCode).toBe(200);
  expect(well.headers["content-type"]).toMatch(/^application\/health\+json(?:; charset=utf-8)?$/);
  expect(well.json()).toEqual({ status: "pass", serviceId: "shop", checks: {} });
  health.register("queue", () => "unhealthy");
  expect((await app.inject("/health")).statusCode).toBe(503);
  const head = await app.inject({ method: "HEAD", url: "/health" });
  expect([head.statusCode, head.body]).toEqual([503, ""]);
  expect(engine.calls).toEqual([]);
});

import { once } from "node:events";
import { createServer, get, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline, Readable } from "node:stream";
import express from "express";
import { expect, onTestFinished, test } from "vitest";
import { HealthCheckRegistry, healthHandler } from "../../src/engine/health/index.ts";
import { expressMiddleware } from "../../src/engine/integrations/express.ts";
import { currentRequestIds } from "../../src/engine/request-ids.ts";
import { CircuitBreakerError, createClassify } from "../../src/resilience/index.ts";
import { RecordingEngine } from "./recording-engine.ts";

async function serve(app: express.Express): Promise<string> {
  const server: Server = createServer(app);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function watched(options: Parameters<typeof expressMiddleware>[1] = {}) {
  const engine = new RecordingEngine();
  const app = express();
  const middleware = expressMiddleware(engine, options);
  app.use(middleware);
  return { engine, app, middleware };
}

test("the operation is the method and the pattern of the route, through routers with parameters", async () => {
  const { engine, app } = watched();
  const posts = express.Router();
  posts.get("/:post", (request, response) => void response.send(request.baseUrl));
  posts.get("/", (_request, response) => void response.send("all"));
  const users = express.Router();
  users.use("/:user/posts", posts);
  app.use("/users", users);
  app.get("/", (_request, response) => void response.send("home"));
  app.all("/*splat", (_request, _response, next) => next());
  app.post("/things/:thing", (_request, response) => void response.send("made"));
  const url = await serve(app);
  expect(await (await fetch(`${url}/users/alice/posts/7?q=secret`)).text()).toBe(
    "/users/alice/posts",
  );
  await fetch(`${url}/users/b%20c/posts`);
  await fetch(`${url}/`);
  await fetch(`${url}/things/9`, { method: "POST" });
  await fetch(`${url}/nowhere/12345`, { method: "DELETE" });
  await engine.ended(5);
  expect(engine.names).toEqual([
    "GET /users/:user/posts/:post",
    "GET /users/:user/posts",
    "GET /",
    "POST /things/:thing",
    "DELETE /*splat",
  ]);
});

test("what no route answers has one name, however many addresses there are; a mount is named", async () => {
  const { engine, app } = watched();
  app.use("/static", (_request, response) => void response.send("a file"));
  const url = await serve(app);
  for (const path of ["/a", "/b/c", "/static/x/y.css"]) await fetch(url + path);
  await engine.ended(3);
  expect(engine.names).toEqual(["GET (no route)", "GET (no route)", "GET /static/*"]);
});

test("operations have a limit: beyond it they share one", async () => {
  const { engine, app } = watched({ operationsMax: 2 });
  for (const path of ["/a", "/b", "/c", "/d"]) {
    app.get(path, (_request, response) => void response.send("x"));
  }
  const url = await serve(app);
  for (const path of ["/a", "/b", "/c", "/d", "/a"]) await fetch(url + path);
  await engine.ended(5);
  expect(engine.names).toEqual(["GET /a", "GET /b", "express other", "express other", "GET /a"]);
});

test("5xx fails with the error that a handler has thrown, in a router too, and with the status without it", async () => {
  const { engine, app, middleware } = watched();
  const router = express.Router();
  router.get("/:id", async () => {
    throw new Error("no rows");
  });
  app.use("/inner", router);
  app.get("/gone", (_request, response) => void response.sendStatus(404));
  app.get("/busy", (_request, response) => void response.sendStatus(503));
  app.use(middleware.errors);
  app.use(errorHandler((_error, _request, response) => void response.status(500).send("sorry")));
  const url = await serve(app);
  expect(await (await fetch(`${url}/inner/5`)).text()).toBe("sorry");
  await fetch(`${url}/gone`);
  await fetch(`${url}/busy`);
  const calls = await engine.ended(3);
  expect(calls.map(({ operation, outcome }) => [operation, outcome])).toEqual([
    ["GET /inner/:id", "failed"],
    ["GET /gone", "succeeded"],
    ["GET /busy", "failed"],
  ]);
  expect(calls[0]?.error).toMatchObject({ message: "no rows" });
  expect(calls[2]?.error).toMatchObject({ name: "HttpAnswerError", status: 503 });
});

test("W3: a request that its client leaves is cancelled, an answer that breaks off failed", async () => {
  const { engine, app } = watched();
  const started = Promise.withResolvers<void>();
  app.get("/slow", () => started.resolve());
  app.get("/broken", (_request, response) => {
    response.write("begin");
    const source = new Readable({ read: () => undefined });
    pipeline(source, response, () => undefined);
    setTimeout(() => source.destroy(new Error("the disk is gone")), 20);
  });
  const url = await serve(app);
  const slow = get(`${url}/slow`);
  slow.on("error", () => undefined);
  await started.promise;
  slow.destroy();
  await engine.ended(1);
  await fetch(`${url}/broken`)
    .then((response) => response.text())
    .catch(() => undefined);
  const [left, broken] = await engine.ended(2);
  expect(left).toMatchObject({ operation: "GET /slow", outcome: "failed" });
  expect(left?.error).toMatchObject({ name: "AbortError" });
  expect(broken?.error).toMatchObject({ code: "ERR_STREAM_PREMATURE_CLOSE" });
});

test("W2: 5xx is the server's own fault, whatever was thrown; a limit of ours stays what it is", async () => {
  const { engine, app, middleware } = watched();
  const refused = new CircuitBreakerError("db", 1000);
  for (const [path, error] of [
    ["/bug", new TypeError("x is not a function")],
    ["/text", "validation failed"],
    ["/refused", refused],
  ] as const) {
    app.get(path, (_request, _response, next) => next(error));
  }
  app.use(middleware.errors);
  app.use(errorHandler((_error, _request, response) => void response.status(500).send("sorry")));
  const url = await serve(app);
  const classify = createClassify(() => 0);
  const judged = new TypeError("x is not a function");
  expect(classify(judged)).toMatchObject({ category: "client_error" });
  for (const path of ["/bug", "/text", "/refused"]) await (await fetch(url + path)).text();
  const [bug, text, limit] = await engine.ended(3);
  expect(bug?.error).toMatchObject({ name: "TypeError", message: "x is not a function" });
  expect(classify(bug?.error)).toMatchObject({ category: "server_error", isFault: true });
  expect(classify(judged)).toMatchObject({ category: "client_error" });
  expect(classify(text?.error).isFault).toBe(true);
  expect(limit?.error).toBe(refused);
  expect(classify(limit?.error).category).toBe("rejected");
});

test("W3: what fails after its headers were sent is told with the error, a body that its client breaks off is not", async () => {
  const { engine, app, middleware } = watched();
  app.get("/midway", async (_request, response) => {
    response.write("x");
    await Promise.resolve();
    throw new RangeError("the model is gone");
  });
  const isReading = Promise.withResolvers<void>();
  app.post("/upload", (_request, _response, next) => {
    isReading.resolve();
    next();
  });
  app.post("/upload", express.json(), (_request, response) => void response.send("read"));
  app.use(middleware.errors);
  const url = await serve(app);
  await fetch(`${url}/midway`)
    .then((response) => response.text())
    .catch(() => undefined);
  const headers = { "content-type": "application/json", "content-length": "100" };
  const upload = request(`${url}/upload`, { method: "POST", headers });
  upload.on("error", () => undefined);
  upload.write("{");
  await isReading.promise;
  upload.destroy();
  const [midway, left] = await engine.ended(2);
  expect(midway?.error).toMatchObject({ name: "RangeError", message: "the model is gone" });
  expect(createClassify(() => 0)(midway?.error)).toMatchObject({ isFault: true });
  expect(left).toMatchObject({ operation: "POST /upload", error: { name: "AbortError" } });
});

test("W1: a stream counts until its end", async () => {
  const { engine, app } = watched();
  const last = Promise.withResolvers<void>();
  app.get("/stream", (_request, response) => {
    response.write("first");
    void last.promise.then(() => response.end("last"));
  });
  const url = await serve(app);
  const response = await fetch(`${url}/stream`);
  const reader = response.body?.getReader();
  await reader?.read();
  const before = performance.now();
  expect(engine.calls).toEqual([]);
  last.resolve();
  await reader?.read();
  const [call] = await engine.ended(1);
  expect(call?.outcome).toBe("succeeded");
  expect(call?.startedMs).toBeLessThan(before);
  expect(call?.endedMs).toBeGreaterThan(before);
});

test("ids are read by the user's function, and are carried only when asked", async () => {
  const seen: unknown[] = [];
  const ids = (request: { headers: Record<string, unknown> }) => {
    const requestId = request.headers["x-request-id"];
    if (typeof requestId !== "string") throw new Error("no id");
    return { requestId, userId: "u1" };
  };
  for (const carryIds of [true, false]) {
    const { engine, app } = watched({ ids, carryIds });
    app.get("/", async (_request, response) => {
      await Promise.resolve();
      seen.push(currentRequestIds());
      response.sendStatus(500);
    });
    const url = await serve(app);
    await fetch(url, { headers: { "x-request-id": "r1" } });
    await fetch(url);
    const calls = await engine.ended(2);
    expect(calls.map((call) => call.ids)).toEqual([{ requestId: "r1", userId: "u1" }, {}]);
  }
  expect(seen).toEqual([{ requestId: "r1", userId: "u1" }, {}, undefined, undefined]);
});

test("the API of Express is the same: baseUrl, route, url and params as without it", async () => {
  const shown: unknown[] = [];
  const bodies: string[] = [];
  for (const isWatched of [false, true]) {
    const app = express();
    if (isWatched) app.use(expressMiddleware(new RecordingEngine()));
    const router = express.Router({ mergeParams: true });
    router.get("/x/:b", (request, response, next) => {
      const { baseUrl, url, originalUrl, params } = request;
      const route = (request.route as { path: string }).path;
      shown.push({ baseUrl, url, originalUrl, params, route, keys: "route" in request });
      if (request.query["fail"]) next(new Error("inside"));
      else response.json(Object.keys(request).includes("baseUrl"));
    });
    app.use("/m/:a", router);
    app.use(
      errorHandler((error, request, response) => {
        response.status(500).send(`${error.message} ${request.baseUrl} ${request.url}`);
      }),
    );
    const url = await serve(app);
    bodies.push(await (await fetch(`${url}/m/1/x/2`)).text());
    bodies.push(await (await fetch(`${url}/m/1/x/2?fail=1`)).text());
  }
  expect(shown.slice(2)).toEqual(shown.slice(0, 2));
  expect(bodies.slice(2)).toEqual(bodies.slice(0, 2));
});

test("the health endpoint in Express, and requests that are not to be measured", async () => {
  const { engine, app } = watched({ ignore: (request) => request.url === "/health" });
  const health = new HealthCheckRegistry({ freshForMs: 0 });
  const unregister = health.register("queue", () => ({ status: "degraded", message: "slow" }));
  app.all("/health", healthHandler(health, { service: "shop", release: "2.0.1" }));
  const url = await serve(app);
  const response = await fetch(`${url}/health`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/health+json");
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(await response.json()).toMatchObject({ status: "warn", serviceId: "shop", version: "2" });
  unregister();
  health.register("database", () => {
    throw new Error("postgres://shop:hunter2@db/shop refused");
  });
  const failing = await fetch(`${url}/health`);
  expect(failing.status).toBe(503);
  const text = await failing.text();
  expect(text).toContain("refused");
  expect(text).not.toContain("hunter2");
  const head = await fetch(`${url}/health`, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([503, ""]);
  expect((await fetch(`${url}/health`, { method: "POST" })).status).toBe(405);
  expect(engine.calls).toEqual([]);
});

test("options that cannot be are told", () => {
  const bad = { operationMax: 5 } as unknown as Parameters<typeof expressMiddleware>[1];
  expect(() => expressMiddleware(new RecordingEngine(), bad)).toThrow("operationMax");
});

/** Express knows one by its four parameters. */
function errorHandler(
  handle: (error: Error, request: express.Request, response: express.Response) => void,
): express.ErrorRequestHandler {
  return Object.defineProperty(handle, "length", { value: 4 });
}

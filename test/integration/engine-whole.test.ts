/** The integrations on the real engine: what it counts, times and tells. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import express from "express";
import { expect, test } from "vitest";
import type { ServiceError } from "../../src/engine/events.ts";
import { createEngine } from "../../src/engine/index.ts";
import { expressMiddleware, watchHttpClients } from "../../src/engine/integrations/index.ts";
import { afterwards } from "../afterwards.ts";
import { until } from "../until.ts";

async function serve() {
  const engine = createEngine({ service: "shop", sampling: "every" });
  afterwards(() => engine.close());
  const failures: ServiceError[] = [];
  engine.on("service_error", (failure) => failures.push(failure));
  afterwards(watchHttpClients(engine));
  const app = express();
  const middleware = expressMiddleware(engine, { ids: () => ({ userId: "ann" }), carryIds: true });
  app.use(middleware);
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  afterwards(() => {
    server.closeAllConnections();
    server.close();
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { engine, app, middleware, failures, host, url: `http://${host}` };
}

test("a request is timed from its beginning, although its route was known only later", async () => {
  const { engine, app, url } = await serve();
  app.get("/slow/:id", (_request, response) => {
    setTimeout(() => response.send("late"), 60);
  });
  await (await fetch(`${url}/slow/1`)).text();
  await until(() => engine.operation("GET /slow/:id")?.calls === 1);
  const report = engine.operation("GET /slow/:id");
  expect(report).toMatchObject({ calls: 1, succeeded: 1, failed: 0, inFlight: 0 });
  expect(report?.latency.max).toBeGreaterThanOrEqual(50);
});

test("nobody makes a request of a client once more: no decision about a retry is told of it", async () => {
  const { engine, app, host, url } = await serve();
  engine.setMode("full");
  const told: string[] = [];
  for (const kind of ["retry", "retry_refused"] as const) {
    engine.on(kind, ({ name }) => told.push(`${kind} ${name}`));
  }
  app.get("/broken", (_request, response) => void response.status(500).send("broken"));
  await (await fetch(`${url}/broken`)).text();
  await until(() => engine.operation("GET /broken")?.failed === 1);
  await until(() => engine.operation(`http ${host} GET`)?.failed === 1);
  expect(told).toEqual([]);
  expect(engine.operation("GET /broken")?.decisions).toEqual({});
});

test("a failure is told with its category and who asked, on both of its sides", async () => {
  const { engine, app, middleware, failures, host, url } = await serve();
  app.get("/inner", (_request, response) => void response.status(503).send("busy"));
  app.get("/outer", async (_request, response) => {
    const inner = await fetch(`${url}/inner`);
    await inner.text();
    response.status(200).send("degraded");
  });
  app.use(middleware.errors);
  await (await fetch(`${url}/outer`)).text();
  await until(() => failures.length >= 2, { seen: () => failures });
  expect(failures.map(({ operation, category, userId }) => [operation, category, userId])).toEqual(
    expect.arrayContaining([
      ["GET /inner", "server_error", "ann"],
      [`http ${host} GET`, "server_error", "ann"],
    ]),
  );
  expect(engine.operation(`http ${host} GET`)).toMatchObject({ calls: 2, failed: 1 });
});

/** A `health_check` by address, on a real server: asked with its secrets, and shown without. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createEngine, type InfrastructureReliabilityEngine } from "../../src/public/index.ts";

const secret = "Zq8Xw7Vt6Us5Rp4Nm3";
const engines: InfrastructureReliabilityEngine[] = [];
const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** 503, and what it was asked. */
async function illServer(): Promise<{ at: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization ?? ""}`);
    response.writeHead(503).end();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { at: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

test("its secrets are asked with, and neither in health, nor in events, nor in what is explained", async () => {
  const { at, asked } = await illServer();
  const engine = createEngine({ service: "shop" });
  engines.push(engine);
  const told: unknown[] = [];
  for (const name of ["health", "configuration", "recovery", "state"] as const) {
    engine.on(name, (event) => told.push(event));
  }
  const addresses = {
    query: `http://${at}/health?t=${secret}`,
    path: `http://${at}/ping/${secret}/live`,
    credentials: `http://us%40er:${secret}%@${at}/health`,
  };
  for (const [name, healthCheck] of Object.entries(addresses)) {
    engine.registerService(name, { ask: () => "answer" }, { healthCheck });
  }
  const { checks } = await engine.getSystemHealth();
  const said = checks
    .filter(({ name }) => name in addresses)
    .map(({ name, message }) => [name, message]);
  expect(Object.fromEntries(said)).toEqual({
    query: `http://${at}/health?*** answered 503`,
    path: `http://${at}/ping/***/live answered 503`,
    credentials: `http://***@${at}/health answered 503`,
  });
  const basic = `Basic ${Buffer.from(`us@er:${secret}%`).toString("base64")}`;
  expect(asked.toSorted()).toEqual(
    [`/health?t=${secret} `, `/ping/${secret}/live `, `/health ${basic}`].toSorted(),
  );
  expect(told.length).toBeGreaterThan(0);
  const explained = Object.keys(addresses).map((name) => engine.explain(name));
  expect(JSON.stringify([told, checks, explained, engine.settings.explain()])).not.toContain(
    secret,
  );
  expect(JSON.stringify(explained)).toContain(`http://${at}/ping/***/live`);
});

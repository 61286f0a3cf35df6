/** What a route lets through of the engine's errors, with the frameworks' own error handlers. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import express from "express";
import fastify from "fastify";
import { expect, test } from "vitest";
import { createEngine } from "../../src/engine/index.ts";
import { afterwards } from "../afterwards.ts";

function down() {
  const engine = createEngine({ service: "shop" });
  afterwards(() => engine.close());
  const card = {
    charge: async (): Promise<string> => {
      throw new Error("the bank is down");
    },
  };
  const breaker = { failureThreshold: 1, resetTimeout: "40s" } as const;
  const wrapped = engine.wrap("card", card, { breaker });
  return { engine, card: wrapped, charge: wrapped.charge };
}

async function overExpress(charge: () => Promise<string>): Promise<string> {
  const app = express();
  app.set("env", "test");
  app.get("/charge", async (_request, response) => void response.send(await charge()));
  const server = createServer(app).listen(0, "127.0.0.1");
  afterwards(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/charge`;
}

async function overFastify(charge: () => Promise<string>): Promise<string> {
  const app = fastify({ forceCloseConnections: true });
  afterwards(() => app.close());
  app.get("/charge", async () => charge());
  return `${await app.listen({ port: 0, host: "127.0.0.1" })}/charge`;
}

test.each([
  ["Express", overExpress],
  ["Fastify", overFastify],
])(
  "%s answers 503 with Retry-After for an open circuit, and 500 for what opened it",
  async (_name, serve) => {
    const url = await serve(down().charge);
    const fault = await fetch(url);
    expect([fault.status, fault.headers.get("retry-after")]).toEqual([500, null]);
    const refused = await fetch(url);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "40"]);
  },
);

test.each([
  ["Express", overExpress],
  ["Fastify", overFastify],
])("%s answers 504 where the time is over", async (_name, serve) => {
  const engine = createEngine({ service: "shop" });
  afterwards(() => engine.close());
  const bank = { ask: () => new Promise<string>(() => {}) };
  const wrapped = engine.wrap("bank", bank, { timeout: 20 });
  const late = await fetch(await serve(() => wrapped.ask()));
  expect([late.status, late.headers.get("retry-after")]).toEqual([504, null]);
});

test("a listener of `rejected` is called below the caller: its stack shows the place", async () => {
  const { engine, charge } = down();
  await expect(charge()).rejects.toThrow("the bank is down");
  let place: string | undefined;
  engine.on("rejected", () => (place = new Error("refused here").stack));
  await expect(
    (async function payTheBill() {
      await charge();
    })(),
  ).rejects.toMatchObject({ code: "CIRCUIT_OPEN" });
  expect(place).toMatch(/payTheBill/);
});

test("they are made where built-ins are frozen, too", () => {
  const errors = fileURLToPath(new URL("../../src/resilience/errors.ts", import.meta.url));
  const script = `
    const { CallTimeoutError } = await import(${JSON.stringify(errors)});
    console.log(new CallTimeoutError("a", 50).message);`;
  const printed = execFileSync(
    process.execPath,
    ["--frozen-intrinsics", "--no-warnings", "--input-type=module", "--eval", script],
    { encoding: "utf8" },
  );
  expect(printed.trim()).toBe("a did not answer within 50 ms");
});

/** Errors of engines in real services, as the daemon that started them joins and shows them. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../../src/system/index.ts";
import type { EngineReport, SharedError } from "../../src/targets/index.ts";
import { FleetBench } from "./fleet-bench.ts";

const checkout = fileURLToPath(new URL("../../", import.meta.url));
const run = promisify(execFile);

/** The toy, with wrapped services inside that fail on a port where nobody listens. */
const insideSource = `
import { connect } from "node:net";
import { createEngine } from "${checkout}src/public/index.ts";
import "./toy.mjs";

const engine = createEngine({ mode: "shadow" });
const db = engine.wrap("db", {
  query: () =>
    new Promise((resolve, reject) => {
      connect(Number(process.env.DATABASE_PORT), "127.0.0.1").on("connect", resolve).on("error", reject);
    }),
});
const payments = engine.wrap("payments", {
  charge: async () => {
    try {
      return await db.query();
    } catch (cause) {
      throw new Error("no charge", { cause });
    }
  },
});
const api = engine.wrap("api", { order: async () => payments.charge() });
setInterval(() => api.order().catch(() => {}), 200).unref();
`;

let bench: FleetBench;
let port: number;
beforeAll(async () => {
  bench = new FleetBench();
  port = await freePort();
  writeFileSync(join(bench.folder, "inside.mjs"), insideSource);
  const command = [process.execPath, join(bench.folder, "inside.mjs")];
  const env = { DATABASE_PORT: String(port) };
  bench.declare({
    services: {
      shop: bench.toy("shop", { command, env }),
      mail: bench.toy("mail", { command, env }),
    },
  });
  await bench.start();
  await bench.settled();
});
afterAll(async () => await bench[Symbol.asyncDispose]());

async function cli(...words: readonly string[]): Promise<string> {
  const main = join(checkout, "src/cli/main.ts");
  const place = ["-c", bench.fleetFile, "--data", bench.data];
  const { stdout } = await run(process.execPath, [main, ...words, ...place]);
  return stdout;
}

test("two services that fail on one port are one trouble, and each error is shown once", async () => {
  const resource = `127.0.0.1:${port}`;
  let shared: readonly SharedError[] = [];
  await bench.until(
    async () => {
      shared = await bench.get<SharedError[]>("/api/v1/engines/errors");
      return shared.length > 0;
    },
    "both are heard of",
    40_000,
  );
  expect(shared).toMatchObject([
    { resource, services: ["mail", "shop"], categories: ["connection_refused"] },
  ]);
  const headline = `api.order → payments.charge → db.query: ECONNREFUSED ${resource}`;
  const engines = await bench.get<EngineReport[]>("/api/v1/engines?service=shop");
  expect(engines).toMatchObject([{ errors: [{ headline, origin: "db.query", resource }] }]);
  expect(await cli("show", "shop")).toMatch(new RegExp(`\\d+ errors .*${headline}`));
  expect(await cli("status")).toContain(`2 services fail on ${resource}: connection refused`);
});

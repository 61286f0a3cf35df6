/** The engine in a real service, and the daemon that started it. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MetricRow } from "../../src/model/index.ts";
import type { EngineReport } from "../../src/targets/index.ts";
import { FleetBench } from "./fleet-bench.ts";

const checkout = fileURLToPath(new URL("../../", import.meta.url));
const run = promisify(execFile);

/** The toy, with an engine inside whose calls go on, and of which one in ten fails. */
const insideSource = `
import "./toy.mjs";
import { EngineEventHub } from "${checkout}src/engine/events.ts";
import { engineResource } from "${checkout}src/engine/telemetry/engine-resource.ts";
import { OtlpExporter } from "${checkout}src/engine/telemetry/otlp-exporter.ts";
import { OtlpTransport } from "${checkout}src/engine/telemetry/otlp-transport.ts";
import { sampleReport } from "${checkout}src/engine/telemetry/sample-view-bench.ts";
import { otlpOptions } from "${checkout}src/engine/telemetry/otlp-options.ts";

const service = process.env.SOULMIRROR_SERVICE;
let calls = 0;
const events = new EngineEventHub();
const operations = () => {
  calls += 90;
  const failures = { timeout: calls / 9 };
  return [sampleReport("mail.send", [5, 6, 7], { succeeded: calls, failures, breaker: "open" })];
};
new OtlpExporter({
  view: { operations },
  events,
  transport: new OtlpTransport(otlpOptions(process.env), () => Date.now()),
  resource: engineResource(service, Date.now()),
  exportIntervalMs: 500,
});
const error = new Error("no answer of mail");
events.emit("service_error", { operation: "mail.send", category: "timeout", error, attempts: 3 });
`;

let bench: FleetBench;
beforeAll(async () => {
  bench = new FleetBench();
  writeFileSync(join(bench.folder, "inside.mjs"), insideSource);
  const command = [process.execPath, join(bench.folder, "inside.mjs")];
  bench.declare({
    services: { inside: bench.toy("inside", { command }), plain: bench.toy("plain") },
  });
  await bench.start();
  await bench.settled();
});
afterAll(async () => await bench[Symbol.asyncDispose]());

async function engines(): Promise<readonly EngineReport[]> {
  return await bench.get<EngineReport[]>("/api/v1/engines");
}

async function cli(...words: readonly string[]): Promise<string> {
  const main = join(checkout, "src/cli/main.ts");
  const place = ["-c", bench.fleetFile, "--data", bench.data];
  const { stdout } = await run(process.execPath, [main, ...words, ...place]);
  return stdout;
}

describe("an engine in a service", () => {
  test("talks to the daemon by what that gave it, without a word of configuration", async () => {
    await bench.until(async () => {
      const [engine] = await engines();
      return (engine?.operations.length ?? 0) > 0 && (engine?.failures.length ?? 0) > 0;
    }, "the engine is heard of");
    const all = await engines();
    expect(all).toMatchObject([
      {
        service: "inside",
        pid: await bench.pidOf("inside"),
        operations: [{ name: "mail.send", breaker: "open" }],
        failures: [{ operation: "mail.send", message: "mail.send failed: no answer of mail" }],
      },
    ]);
  });

  test("is shown by `status` and by `show`, beside what is seen from outside", async () => {
    expect(await cli("status")).toContain(
      "1 engine, 1 operation, 1 circuit open: inside: mail.send",
    );
    const shown = await cli("show", "inside");
    expect(shown).toMatch(/mail\.send +\d+ calls +\d+ failed +p99 6 ms +circuit open/);
    expect(shown).toContain("no answer of mail");
  });

  test("what it counted becomes samples of its instance, and no failure of it", async () => {
    let rows: readonly MetricRow[] = [];
    await bench.until(
      async () => {
        rows = await bench.get<MetricRow[]>("/api/v1/metrics-series?metricName=engine.failures");
        return rows.length > 0;
      },
      "a row of what the engine counted",
      40_000,
    );
    expect(rows[0]).toMatchObject({ source: "instance/inside.1", unit: "percent" });
    expect(rows[0]?.value).toBeCloseTo(10, 5);
    expect(await bench.entries("failure_raised")).toEqual([]);
  });

  test("outlives its daemon: the next one hears of it as before", async () => {
    const pid = await bench.pidOf("inside");
    await bench.end("SIGKILL");
    await bench.start();
    await bench.until(async () => (await engines()).length > 0, "it is heard of again");
    expect((await engines()).map((engine) => [engine.service, engine.pid])).toEqual([
      ["inside", pid],
    ]);
  });

  test("is gone with its process, and not told of until it has been silent for long", async () => {
    const pid = await bench.pidOf("inside");
    const pids = async () => (await engines()).map((engine) => engine.pid);
    expect(await pids()).toEqual([pid]);
    process.kill(pid, "SIGKILL");
    await bench.until(async () => !(await pids()).includes(pid), "the ended one is gone");
    await bench.until(async () => (await pids()).length === 1, "the next one is heard of");
  });
});

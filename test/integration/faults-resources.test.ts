/** Faults of memory, descriptors, connections, disk and processor time, and the controls. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { descriptorCount, isAlive, readProcessStat } from "../../src/system/index.ts";
import { until } from "../until.ts";
import { accepts, FaultBench, faultNamed } from "./fault-bench.ts";

const mebibyte = 1024 * 1024;

test("M1 grows by about 80 MB a second, and the service goes on", async () => {
  await using bench = new FaultBench();
  const env = { LEDGER: "ledger.db" };
  const { process, port } = await bench.start("trust-engine", "trust-engine.js", { env });
  const before = readProcessStat(process.pid)?.rssBytes ?? 0;
  const injection = await bench.inject(faultNamed("M1"));
  const grown = (): number => (readProcessStat(process.pid)?.rssBytes ?? 0) - before;
  await until(() => grown() > 100 * mebibyte);
  expect(await bench.health(port)).toBe(200);
  await injection.undo();
  await until(() => !isAlive(process));
});

test("M2 takes twice its limit at once", async () => {
  await using bench = new FaultBench();
  const limits = { memoryBytes: 100 * mebibyte };
  const options = { env: { LEDGER: "ledger.db" }, limits };
  const { process } = await bench.start("trust-engine", "trust-engine.js", options);
  await bench.inject(faultNamed("M2"));
  await until(() => (readProcessStat(process.pid)?.rssBytes ?? 0) > 200 * mebibyte);
});

test("M5 opens descriptors up to the limit of the service", async () => {
  await using bench = new FaultBench();
  const options = { env: { LEDGER: "ledger.db" }, limits: { descriptors: 400 } };
  const { process } = await bench.start("trust-engine", "trust-engine.js", options);
  spawnSync("prlimit", ["--pid", String(process.pid), "--nofile=400:400"]);
  await bench.inject(faultNamed("M5"));
  await until(() => (descriptorCount(process.pid) ?? 0) >= 399);
  expect(await faultNamed("M5").unavailable?.({ ...bench.scene, fleet: { services: {} } })).toBe(
    "trust-engine has no limit on descriptors",
  );
});

test("N2 silences the connections that are open, and no new one", async () => {
  await using bench = new FaultBench();
  const env = { LEDGER: "ledger.db" };
  const { port } = await bench.start("trust-engine", "trust-engine.js", { env });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  bench.teardown.defer(() => agent.destroy());
  const ask = async (): Promise<string> => {
    const asked = request({ port, host: "127.0.0.1", path: "/health", agent, timeout: 500 }).end();
    const silent = once(asked, "timeout").then(() => "silent");
    const answered = once(asked, "response").then(([answer]) => {
      (answer as NodeJS.ReadableStream).resume();
      return "answered";
    });
    return Promise.race([silent, answered]);
  };
  expect(await ask()).toBe("answered");
  await bench.inject(faultNamed("N2"));
  expect(await ask()).toBe("silent");
  expect(await bench.health(port)).toBe(200);
});

test("N13 accepts nobody any more, and everybody after its undo", async () => {
  await using bench = new FaultBench();
  const { port } = await bench.start("provider-alpha", "provider.js");
  const injection = await bench.inject(faultNamed("N13"));
  expect(await accepts(port)).toBe(false);
  await injection.undo();
  await until(async () => (await bench.health(port)) === 200);
});

test("L7 exhausts the quota of a provider that looks healthy", async () => {
  await using bench = new FaultBench();
  const env = { QUOTA_FILE: "quota" };
  const { port } = await bench.start("provider-alpha", "provider.js", { env });
  const complete = async (): Promise<number> => {
    const body = JSON.stringify({ prompt: "good day" });
    return (await fetch(`http://127.0.0.1:${port}/complete`, { method: "POST", body })).status;
  };
  expect(await complete()).toBe(200);
  const injection = await bench.inject(faultNamed("L7"));
  expect(await complete()).toBe(429);
  expect(await bench.health(port)).toBe(200);
  await injection.undo();
  expect(await complete()).toBe(200);
});

test("N3 leaves a router that answers and reaches no provider, the other one neither", async () => {
  await using bench = new FaultBench();
  const provider = await bench.start("provider-alpha", "provider.js");
  const address = `http://127.0.0.1:${provider.port}`;
  const env = { PRIMARY: address, ALTERNATIVE: address, SWITCH_FILE: join(bench.folder, "switch") };
  const router = await bench.start("ai-router", "ai-router.js", { env });
  const route = async (): Promise<number> => {
    const body = JSON.stringify({ prompt: "good day" });
    return (await fetch(`http://127.0.0.1:${router.port}/route`, { method: "POST", body })).status;
  };
  expect(await route()).toBe(200);
  await bench.inject(faultNamed("N3"));
  for (let count = 0; count < 3; count += 1) expect(await route()).toBe(502);
  expect(await bench.health(router.port)).toBe(503);
  writeFileSync(env.SWITCH_FILE, "alternative\n");
  for (let count = 0; count < 3; count += 1) expect(await route()).toBe(502);
  expect(await bench.health(router.port)).toBe(503);
});

test("L1 deploys and exhausts the quota when the new process runs, and both are as they were afterwards", async () => {
  await using bench = new FaultBench();
  const fleetFile = "fleet: bench\nservices: { ai-router: { command: node ai-router.js } }\n";
  writeFileSync(bench.fleetFile, fleetFile);
  const [quota, switched] = [join(bench.folder, "quota"), join(bench.folder, "switch")];
  await bench.start("provider-alpha", "provider.js", { env: { QUOTA_FILE: quota } });
  await bench.start("ai-router", "ai-router.js", { env: { SWITCH_FILE: switched } });
  const injected = bench.inject(faultNamed("L1"));
  await until(() => readFileSync(bench.fleetFile, "utf8").includes("RELEASE: drill-"));
  expect(existsSync(quota)).toBe(false);
  // As a daemon that has read the file.
  await bench.start("ai-router", "ai-router.js", { env: { SWITCH_FILE: switched } });
  const injection = await injected;
  expect(readFileSync(quota, "utf8")).toBe("exhausted\n");
  // As the declared alternative does.
  writeFileSync(switched, "alternative\n");
  await expect(bench.inject(faultNamed("L7"))).rejects.toThrow("does not use provider-alpha now");
  await injection.undo();
  expect(existsSync(quota)).toBe(false);
  expect(existsSync(switched)).toBe(false);
  expect(readFileSync(bench.fleetFile, "utf8")).toBe(fleetFile);
});

test("D1 is left out where no small disk can be mounted, and on a fleet of somebody else", async () => {
  await using bench = new FaultBench();
  const fault = faultNamed("D1");
  expect(await fault.unavailable?.(bench.scene)).toBe(
    "no small disk can be mounted: that needs root",
  );
  const notOwn = "only on a fleet of the drill's own";
  expect(await fault.unavailable?.({ ...bench.scene, notOwn })).toBe(notOwn);
});

test("S7 stops and continues the process in turns, and it answers", async () => {
  await using bench = new FaultBench();
  const { process, port } = await bench.start("ai-router", "ai-router.js");
  const injection = await bench.inject(faultNamed("S7"));
  await until(() => readProcessStat(process.pid)?.state === "T");
  await until(() => readProcessStat(process.pid)?.state !== "T");
  expect(await bench.health(port)).toBe(200);
  await injection.undo();
  await pause(300);
  expect(readProcessStat(process.pid)?.state).not.toBe("T");
});

test("M4 starts busy processes that end with the fault", async () => {
  await using bench = new FaultBench();
  const injection = await bench.inject(faultNamed("M4"));
  expect(injection.what).toMatch(/^\d+ busy processes$/);
  await injection.undo();
});

test("C1 orders an export that takes its time and gets done", async () => {
  await using bench = new FaultBench();
  const trust = await bench.start("trust-engine", "trust-engine.js", { env: { LEDGER: "l.db" } });
  const env = {
    DATA: "exports",
    TRUST_ENGINE: `http://127.0.0.1:${trust.port}`,
    ROW_DELAY_MS: "0",
  };
  await bench.start("mobile-converter", "mobile-converter.js", { env });
  const injection = await bench.inject(faultNamed("C1"));
  expect(await injection.proof?.()).toBeUndefined();
});

test("C3 collects garbage in long pauses, and the service answers between them", async () => {
  await using bench = new FaultBench();
  const { process, port } = await bench.start("ai-router", "ai-router.js");
  await bench.inject(faultNamed("C3"));
  await until(async () => (await answerMs(port)) > 150);
  expect(await bench.health(port)).toBe(200);
  expect(isAlive(process)).toBe(true);
});

/** How long an answer took; here it is the fault itself that is measured, not the speed of code. */
async function answerMs(port: number): Promise<number> {
  const begun = performance.now();
  await fetch(`http://127.0.0.1:${port}/health`);
  return performance.now() - begun;
}

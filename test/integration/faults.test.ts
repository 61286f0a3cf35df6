/** Each fault on living services of the example: the blow lands, and it can be taken away. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { armUndo, Refusal } from "../../src/chaos/index.ts";
import { isAlive, portHolder, processIdentity, readProcessStat } from "../../src/system/index.ts";
import { until } from "../until.ts";
import { accepts, endChild, FaultBench, faultNamed } from "./fault-bench.ts";

const injectorFile = fileURLToPath(new URL("./fault-injector.ts", import.meta.url));

test("P1 kills one process of the service and no other", async () => {
  await using bench = new FaultBench();
  const env = { LEDGER: "ledger.db" };
  const both = [
    await bench.start("trust-engine", "trust-engine.js", { env }),
    await bench.start("trust-engine", "trust-engine.js", { env }),
  ];
  const { what } = await bench.inject(faultNamed("P1"));
  await until(() => both.filter(({ process }) => isAlive(process)).length === 1);
  const dead = both.find(({ process }) => !isAlive(process));
  expect(what).toBe(`SIGKILL to pid ${dead?.process.pid}`);
});

test("P2 stops a process that goes on accepting, and its undo lets it go on", async () => {
  await using bench = new FaultBench();
  const { process, port } = await bench.start("ai-router", "ai-router.js");
  const injection = await bench.inject(faultNamed("P2"));
  expect(readProcessStat(process.pid)?.state).toBe("T");
  expect(await accepts(port)).toBe(true);
  expect(await bench.health(port)).toBeUndefined();
  await injection.undo();
  await injection.undo();
  await until(async () => (await bench.health(port)) === 200);
  expect(isAlive(process)).toBe(true);
});

test("P3 blocks the event loop: the port accepts, nobody answers, the inspector is closed", async () => {
  await using bench = new FaultBench();
  const env = { LEDGER: "ledger.db" };
  const { process, port } = await bench.start("trust-engine", "trust-engine.js", { env });
  const injection = await bench.inject(faultNamed("P3"));
  expect(await accepts(port)).toBe(true);
  expect(await bench.health(port)).toBeUndefined();
  expect(isAlive(process)).toBe(true);
  await injection.undo();
  await until(() => !isAlive(process));
});

test("P4 ends the worker while the port goes on answering", async () => {
  await using bench = new FaultBench();
  const { port } = await bench.start("chat-analyzer", "chat-analyzer.js", {
    env: { DATA: "chats" },
  });
  await bench.inject(faultNamed("P4"));
  await pause(300);
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(metrics).toMatch(/^analyses_queue_depth 1$/m);
  expect(metrics).toMatch(/^analysis_steps_total 0$/m);
  expect(await bench.health(port)).toBe(200);
});

test("P7 takes the port of the dead, and gives it back", async () => {
  await using bench = new FaultBench();
  const { process, port } = await bench.start("provider-alpha", "provider.js");
  const injection = await bench.inject(faultNamed("P7"));
  expect(isAlive(process)).toBe(false);
  const holder = portHolder("127.0.0.1", port);
  expect(holder?.pid).not.toBe(process.pid);
  expect(injection.what).toContain(`port ${port} taken by pid ${holder?.pid}`);
  await injection.undo();
  expect(portHolder("127.0.0.1", port)).toBeNull();
  expect(await injection.proof?.()).toBeUndefined();
});

test("a process that is not the recorded one is left alone", async () => {
  await using bench = new FaultBench();
  const { process, port } = await bench.start("ai-router", "ai-router.js");
  const stranger = { ...process, startTicks: process.startTicks + 1 };
  bench.more = { processes: async () => [{ instance: "ai-router.1", process: stranger }] };
  await expect(bench.inject(faultNamed("P2"))).rejects.toThrow(Refusal);
  expect(await bench.health(port)).toBe(200);
});

test("an armed undo fires when its time has come, and not when it was disarmed", async () => {
  await using bench = new FaultBench();
  const { process } = await bench.start("ai-router", "ai-router.js");
  const steps = [{ kind: "signal", process, signal: "SIGKILL" }] as const;
  const disarm = await armUndo({ steps, afterMs: 200 });
  await disarm();
  await pause(400);
  expect(isAlive(process)).toBe(true);
  await armUndo({ steps, afterMs: 100 });
  await until(() => !isAlive(process));
});

test("an armed undo fires when whoever armed it is killed", async () => {
  await using bench = new FaultBench();
  const { process: target, port } = await bench.start("ai-router", "ai-router.js");
  const injector = spawn(process.execPath, [injectorFile, JSON.stringify(target)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  bench.teardown.defer(() => endChild(injector));
  await once(injector.stdout, "data");
  await until(() => readProcessStat(target.pid)?.state === "T");
  await endChild(injector);
  await until(async () => (await bench.health(port)) === 200);
});

test("P8 leaves a child behind that holds the port and never answers", async () => {
  await using bench = new FaultBench();
  const { process, port } = await bench.start("provider-beta", "provider.js");
  const injection = await bench.inject(faultNamed("P8"));
  expect(isAlive(process)).toBe(false);
  expect(await accepts(port)).toBe(true);
  expect(await bench.health(port)).toBeUndefined();
  expect(injection.what).toContain(`its child ${portHolder("127.0.0.1", port)?.pid} keeps`);
  await injection.undo();
  await until(() => portHolder("127.0.0.1", port) === null);
});

test("P11 exits with code 0 in the middle of an export, which the next start finishes", async () => {
  await using bench = new FaultBench();
  const env = { DATA: "exports", TRUST_ENGINE: "http://127.0.0.1:1", ROW_DELAY_MS: "1" };
  const trust = await bench.start("trust-engine", "trust-engine.js", { env: { LEDGER: "l.db" } });
  env.TRUST_ENGINE = `http://127.0.0.1:${trust.port}`;
  const { child, port } = await bench.start("mobile-converter", "mobile-converter.js", { env });
  const injection = await bench.inject(faultNamed("P11"));
  await until(() => child.exitCode !== null);
  expect(child.exitCode).toBe(0);
  await bench.start("mobile-converter", "mobile-converter.js", { env, port });
  expect(await injection.proof?.()).toBeUndefined();
});

test("P12 stops the successor before it listens", async () => {
  await using bench = new FaultBench();
  const first = await bench.start("ai-router", "ai-router.js");
  bench.daemon = processIdentity(process.pid);
  const port = first.port;
  const second = once(first.child, "exit").then(() =>
    bench.start("ai-router", "ai-router.js", { port, awaits: false }),
  );
  const injection = await bench.inject(faultNamed("P12"));
  const { process: successor } = await second;
  expect(readProcessStat(successor.pid)?.state).toBe("T");
  expect(await accepts(port)).toBe(false);
  await injection.undo();
  await until(async () => (await bench.health(port)) === 200);
});

test("P13 answers 503 and does not react to SIGTERM", async () => {
  await using bench = new FaultBench();
  const env = { DATA: "exports" };
  const converter = await bench.start("mobile-converter", "mobile-converter.js", { env });
  const injection = await bench.inject(faultNamed("P13"));
  expect(await bench.health(converter.port)).toBe(503);
  converter.child.kill("SIGTERM");
  await pause(300);
  expect(isAlive(converter.process)).toBe(true);
  await injection.undo();
  await until(() => !isAlive(converter.process));
});

test("P6 and C2 change the fleet file, keep its comments, and put its bytes back", async () => {
  await using bench = new FaultBench();
  const text = "# the shop\nservices:\n  trust-engine:\n    env: { LEDGER: ./ledger.db } # mine\n";
  for (const id of ["P6", "C2"]) {
    writeFileSync(bench.fleetFile, text);
    const injection = await bench.inject(faultNamed(id));
    const changed = readFileSync(bench.fleetFile, "utf8");
    expect(changed).toContain(id === "P6" ? "none" : "RELEASE: drill-");
    expect(changed).toContain("# mine");
    await injection.undo();
    expect(readFileSync(bench.fleetFile, "utf8")).toBe(text);
  }
});

test("a fleet file that a person changed meanwhile is not put back", async () => {
  await using bench = new FaultBench();
  writeFileSync(bench.fleetFile, "services: { trust-engine: { env: { LEDGER: a } } }\n");
  const injection = await bench.inject(faultNamed("P6"));
  writeFileSync(bench.fleetFile, "services: {}\n");
  await injection.undo();
  expect(readFileSync(bench.fleetFile, "utf8")).toBe("services: {}\n");
});

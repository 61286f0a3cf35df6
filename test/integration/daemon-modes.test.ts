/**
 * How much may be done: nothing, looking, telling, some, all; and what is said of what was not
 * done.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import { FleetBench, type FleetText } from "./fleet-bench.ts";

/** A service whose health check fails at will, and a helper that heals it when it may. */
async function sickly(more: (bench: FleetBench) => FleetText, env: Record<string, string> = {}) {
  const port = await freePort();
  const bench = new FleetBench();
  try {
    const { service, ...fleet } = more(bench) as { service?: FleetText };
    const health_check = `http://127.0.0.1:${port}/health`;
    bench.declare({
      ...fleet,
      services: { shop: bench.toy("shop", { env: { PORT: port }, health_check, ...service }) },
    });
    await bench.start(env);
    return bench;
  } catch (error) {
    await bench[Symbol.asyncDispose]();
    throw error;
  }
}

/** Long enough for many looks: what would have been done would have been done by then. */
async function manyLooks(bench: FleetBench): Promise<void> {
  await bench.entry("failure_raised", () => true);
  await pause(1500);
}

describe("looking and telling", () => {
  for (const mode of ["monitor", "shadow"]) {
    test(`in mode ${mode} a sick service is left alone, and what would have been done is written`, async () => {
      await using bench = await sickly(() => ({ mode }));
      await bench.state("shop", "healthy");
      const before = await bench.pidOf("shop");
      bench.tell("shop", "health", "500");
      const { strategy, reason, steps } = await bench.entry("withheld", () => true);
      expect([strategy, reason]).toEqual(["restart", `mode ${mode}`]);
      expect(steps).toEqual(["eject", "stop", "start"].map((kind) => `${kind} instance/shop.1`));
      await manyLooks(bench);
      expect(await bench.pidOf("shop")).toBe(before);
      const deeds = (await bench.entries("plan")).filter(
        ({ plan }) => plan.cause.kind === "failure",
      );
      expect(deeds).toEqual([]);
      expect(await bench.entries("withheld")).toHaveLength(1);
      // Looked at by a person it is told what can be seen, and gets no signal either.
      const seen = await bench.ask("GET", "/api/v1/resources/instance/shop.1/diagnostics");
      expect(JSON.stringify(seen.body)).toContain("State:");
      const log = readFileSync(join(bench.data, "logs", "shop.1.log"), "utf8");
      expect(log).not.toContain("Debugger");
    });
  }

  test("in mode monitor the restart policy acts all the same", async () => {
    await using bench = await sickly(() => ({ mode: "monitor" }));
    await bench.state("shop", "healthy");
    const before = await bench.pidOf("shop");
    process.kill(before, "SIGKILL");
    await bench.entry("verdict", ({ verdict }) => verdict.healed);
    expect(await bench.pidOf("shop")).not.toBe(before);
  });
});

describe("some", () => {
  test("in mode limited only what is named is done", async () => {
    await using bench = await sickly(() => ({
      mode: "limited",
      limited_to: ["command:mend"],
      service: {
        commands: { mend: { command: "rm shop.health", undo: "true" } },
        recovery_strategy: ["command:mend", "restart"],
      },
    }));
    await bench.state("shop", "healthy");
    const before = await bench.pidOf("shop");
    bench.tell("shop", "health", "500");
    await bench.entry("verdict", ({ verdict }) => verdict.healed && verdict.action !== undefined);
    expect(await bench.pidOf("shop")).toBe(before);
    expect(await bench.entries("withheld")).toEqual([]);
  });

  test("in mode limited what is not named is withheld", async () => {
    await using bench = await sickly(() => ({ mode: "limited", limited_to: ["scale"] }));
    await bench.state("shop", "healthy");
    bench.tell("shop", "health", "500");
    const { reason } = await bench.entry("withheld", ({ strategy }) => strategy === "restart");
    expect(reason).toContain("limited");
  });

  test("one service or one strategy may be held back while the others are not", async () => {
    await using bench = await sickly(() => ({ strategy_modes: { restart: "monitor" } }));
    await bench.state("shop", "healthy");
    bench.tell("shop", "health", "500");
    await bench.entry("withheld", ({ strategy }) => strategy === "restart");
    expect(await bench.get("/api/v1/mode")).toMatchObject({
      mode: "full",
      scopes: { restart: "monitor" },
    });
  });
});

describe("nothing", () => {
  test("in mode off nothing is started", async () => {
    await using bench = await sickly(() => ({ mode: "off" }));
    await pause(500);
    expect(await bench.entries("plan")).toEqual([]);
    expect(await bench.entries("process_started")).toEqual([]);
  });

  test("the kill switch makes a full fleet one that is left alone", async () => {
    await using bench = await sickly(() => ({ mode: "full" }));
    await bench.state("shop", "healthy");
    const before = await bench.pidOf("shop");
    await bench.end();
    await bench.start({ RELIABILITY_ENGINE_ENABLED: "false" });
    expect(await bench.get("/api/v1/mode")).toMatchObject({ mode: "off" });
    process.kill(before, "SIGKILL");
    await bench.until(() => !bench.lives(before), "it is dead");
    await pause(500);
    const entries = (await bench.journal()).map(({ entry }) => entry);
    const since = entries.slice(entries.findLastIndex(({ kind }) => kind === "daemon_started"));
    expect(since.filter(({ kind }) => kind === "plan" || kind === "failure_raised")).toEqual([]);
  });
});

test("a person widens and narrows the mode while it runs, but not beyond the fleet file", async () => {
  await using bench = await sickly(() => ({}));
  await bench.state("shop", "healthy");
  expect((await bench.post("/api/v1/mode", { mode: "monitor" })).status).toBe(202);
  await bench.entry("mode_changed", ({ mode }) => mode === "monitor");
  const before = await bench.pidOf("shop");
  bench.tell("shop", "health", "500");
  await bench.entry("withheld", ({ strategy }) => strategy === "restart");
  expect(await bench.pidOf("shop")).toBe(before);
  // What was changed at run time holds for the next daemon, too.
  await bench.end();
  await bench.start();
  expect(await bench.get("/api/v1/mode")).toMatchObject({ mode: "monitor" });
  await bench.post("/api/v1/mode", { mode: "full" });
  await bench.until(
    async () =>
      (await bench.service("shop")).restarts > 0 || (await bench.pidsOf("shop"))[0] !== before,
    "it acts",
  );
  bench.tell("shop", "health", undefined);
  await bench.settled();

  bench.declare({ mode: "monitor", services: {} });
  await bench.entry("fleet_loaded", ({ changes }) => changes.join().includes("monitor"));
  await bench.post("/api/v1/mode", { mode: "full" });
  await bench.until(
    async () => (await bench.entries("mode_changed")).length === 3,
    "it is taken up",
  );
  expect(await bench.get("/api/v1/mode")).toMatchObject({ mode: "monitor" });
});

test("a person holds one strategy back while it runs, and the next daemon knows", async () => {
  await using bench = await sickly(() => ({}));
  await bench.state("shop", "healthy");
  const before = await bench.pidOf("shop");
  expect((await bench.post("/api/v1/mode", { scope: "restart", mode: "monitor" })).status).toBe(
    202,
  );
  await bench.entry("mode_changed", ({ scope }) => scope === "strategy/restart");
  await bench.end();
  await bench.start();
  expect(await bench.get("/api/v1/mode")).toMatchObject({
    mode: "full",
    scopes: { restart: "monitor" },
  });
  bench.tell("shop", "health", "500");
  const { strategy, reason } = await bench.entry("withheld", () => true);
  expect([strategy, reason]).toEqual(["restart", "mode monitor"]);
  expect(await bench.pidOf("shop")).toBe(before);

  const unknown = await bench.post("/api/v1/mode", { scope: "restrat", mode: "monitor" });
  expect(unknown.status).toBe(404);
  await bench.post("/api/v1/mode", { scope: "strategy/restart", mode: "full" });
  await bench.entry("plan", ({ plan }) => plan.strategy === "restart");
  bench.tell("shop", "health", undefined);
  await bench.settled();
});

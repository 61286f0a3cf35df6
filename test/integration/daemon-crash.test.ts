/** The daemon and the front proxy die, and what they looked after goes on. */
import { once } from "node:events";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import type { Incident } from "../../src/model/index.ts";
import { FleetBench } from "./fleet-bench.ts";
import { Load } from "./fleet-load.ts";

const quickDetection = { watch: "600ms", verify_deadline: "6s", correlate: "5s" };

test("after a kill -9 of the daemon its fleet runs on, and the next daemon takes it over as it is", async () => {
  await using stack = new AsyncDisposableStack();
  const port = await freePort();
  const bench = stack.use(
    await FleetBench.up((made) => ({
      services: {
        shop: made.toy("shop", { listen: port, instances: 2, health_check: "/health" }),
        lone: made.toy("lone"),
      },
    })),
  );
  const load = stack.use(new Load(`http://127.0.0.1:${port}/`));
  const shop = await bench.pidsOf("shop");
  const lone = await bench.pidOf("lone");
  const proxy = await bench.proxy();
  await bench.end("SIGKILL");
  const answered = load.answers;
  await bench.until(() => load.answers > answered + 50, "requests are answered without a daemon");

  await bench.start();
  await bench.settled();
  expect(await bench.pidsOf("shop")).toEqual(shop);
  expect(await bench.pidOf("lone")).toBe(lone);
  expect(await bench.proxy()).toEqual(proxy);
  const since = await sinceLastStart(bench);
  expect(since.filter(({ kind }) => kind === "plan" || kind === "failure_raised")).toEqual([]);
  const adopted = since.filter((entry) => entry.kind === "process_started" && entry.adopted);
  expect(adopted).toHaveLength(3);
  expect(load.failures).toEqual([]);

  // Children of another daemon are watched as closely as its own.
  process.kill(lone, "SIGKILL");
  const { failure } = await bench.entry("failure_raised", () => true);
  expect(failure).toMatchObject({ type: "process_exited", resource: "instance/lone.1" });
  await bench.entry("verdict", ({ verdict }) => verdict.healed && verdict.action !== undefined);
  expect(await bench.pidOf("lone")).not.toBe(lone);
  expect(load.failures).toEqual([]);

  // Counts outlive the daemon; being adopted is no restart.
  expect((await bench.service("lone")).restarts).toBe(1);
  await bench.end("SIGKILL");
  await bench.start();
  await bench.settled();
  expect((await bench.service("lone")).restarts).toBe(1);
  expect((await bench.service("shop")).restarts).toBe(0);
});

test("what died while no daemon lived is noticed and healed by the next one", async () => {
  await using bench = await FleetBench.up((made) => ({
    services: { one: made.toy("one"), two: made.toy("two") },
  }));
  const [one, two] = [await bench.pidOf("one"), await bench.pidOf("two")];
  await bench.end("SIGKILL");
  process.kill(one, "SIGKILL");
  await bench.until(() => !bench.lives(one), "it is dead");
  await bench.start();
  await bench.settled();
  expect(await bench.pidOf("one")).not.toBe(one);
  expect(await bench.pidOf("two")).toBe(two);
});

test("an incident that was open is the same incident for the next daemon", async () => {
  await using bench = new FleetBench();
  bench.declare({
    budgets: { crashes: 2, cool_down: "200ms" },
    services: { ill: bench.toy("ill") },
  });
  bench.tell("ill", "broken", "yes");
  await bench.start();
  await bench.state("ill", "quarantined");
  await bench.entry("incident", ({ incident }) => incident.state.kind === "escalated");
  const [before] = await bench.get<Incident[]>("/api/v1/incidents?live=true");
  await bench.end("SIGKILL");
  await bench.start();
  await bench.state("ill", "quarantined");
  const [after] = await bench.get<Incident[]>("/api/v1/incidents?live=true");
  expect(after).toEqual(before);
  const since = await sinceLastStart(bench);
  expect(since.filter(({ kind }) => kind === "process_started")).toEqual([]);
  bench.tell("ill", "broken", undefined);
  await bench.post("/api/v1/services/ill/start");
  await bench.state("ill", "healthy");
  await bench.until(
    async () => (await bench.get<Incident[]>("/api/v1/incidents?live=true")).length === 0,
    "it is over",
  );
  const [row] = await bench.get<Incident[]>("/api/v1/incidents?limit=1");
  expect(row).toMatchObject({ id: before?.id, state: { kind: "resolved" } });
});

test.each([
  ["replaced", "exit 1"],
  ["installed", undefined],
])("a program in PATH that was %s while no daemon lived is started by the next", async (_, old) => {
  await using bench = new FleetBench();
  const program = join(bench.folder, "bin", "ill");
  const install = (text: string): void => {
    writeFileSync(`${program}.new`, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    renameSync(`${program}.new`, program);
  };
  mkdirSync(dirname(program));
  if (old !== undefined) install(old);
  const ill = { command: ["ill"], env: { PATH: `${dirname(program)}:${process.env["PATH"]}` } };
  bench.declare({ budgets: { crashes: 2, cool_down: "200ms" }, services: { ill } });
  await bench.start();
  await bench.state("ill", "quarantined");
  await bench.end("SIGKILL");
  await bench.start();
  await bench.state("ill", "quarantined");
  await bench.end();
  install("exec sleep 600");
  await bench.start();
  await bench.state("ill", "healthy");
  await bench.entry("request", ({ by }) => by === "a changed program file");
});

test("what a service writes into its own argument is no reason to start it again", async () => {
  await using bench = new FleetBench();
  const [script, data] = [join(bench.folder, "ill.sh"), join(bench.folder, "written")];
  writeFileSync(script, `echo x >> "$1"; exit 1\n`);
  bench.declare({
    budgets: { crashes: 3, cool_down: "200ms" },
    services: { ill: { command: ["/bin/sh", script, data] } },
  });
  await bench.start();
  await bench.state("ill", "quarantined");
  await pause(2500);
  await bench.state("ill", "quarantined");
  expect(readFileSync(data, "utf8")).toHaveLength(6);
});

test("an action that was in progress when the daemon died is brought to an end by the next one", async () => {
  const port = await freePort();
  await using bench = await FleetBench.up((made) => ({
    services: {
      shop: made.toy("shop", {
        env: { PORT: port },
        health_check: `http://127.0.0.1:${port}/health`,
        commands: { slow: { command: "sleep 3", undo: "true", timeout: "10s" } },
        recovery_strategy: ["command:slow", "restart"],
      }),
    },
  }));
  bench.tell("shop", "health", "500");
  const { action } = await bench.entry("action", (each) => {
    const { plan, status } = each.action;
    return plan.strategy === "command:slow" && status.kind === "in_progress";
  });
  await bench.end("SIGKILL");
  bench.tell("shop", "health", undefined);
  await bench.start();
  await bench.settled();
  const last = (await bench.entries("action")).findLast((each) => each.action.id === action.id);
  expect(["succeeded", "failed", "rolled_back"]).toContain(last?.action.status.kind);
  const failures = await bench.entries("failure_raised");
  const resolved = await bench.entries("failure_resolved");
  expect(resolved.map(({ failure }) => failure)).toEqual(failures.map(({ failure }) => failure.id));
});

test("an instance that a recovery has added is kept by the next daemon", async () => {
  const port = await freePort();
  await using bench = await FleetBench.up((made) => ({
    // On a busy machine an answer may take up to four times as long.
    detection: { ...quickDetection, thresholds: { response_time: "150ms" } },
    services: {
      shop: made.toy("shop", {
        listen: port,
        health_check: { http: "/health", timeout: "2s" },
        scale: { max: 2 },
        recovery_strategy: ["scale", "escalate"],
      }),
    },
  }));
  bench.tell("shop", "health", "after 700");
  // One more takes its share: from then on both are quick enough.
  await bench.entry("process_started", ({ run }) => run.resource === "instance/shop.2");
  bench.tell("shop", "health", undefined);
  await bench.entry("action", ({ action: { plan, status } }) => {
    return plan.strategy === "scale" && status.kind === "succeeded";
  });
  await bench.settled();
  const pids = await bench.pidsOf("shop");
  expect(pids).toHaveLength(2);
  await bench.end("SIGKILL");
  await bench.start();
  await bench.settled();
  expect(await bench.pidsOf("shop")).toEqual(pids);
  // It is one of the service's own: brought back like the others.
  process.kill(pids[1] ?? 0, "SIGKILL");
  await bench.until(async () => {
    const now = await bench.pidsOf("shop");
    return now.length === 2 && now[0] === pids[0] && now[1] !== pids[1];
  }, "it is back");
  await bench.settled();
});

test("a relapse after a restart of the daemon is one: the same incident, and what had helped has not", async () => {
  await using bench = await FleetBench.up((made) => ({ services: { lone: made.toy("lone") } }));
  process.kill(await bench.pidOf("lone"), "SIGKILL");
  const first = await bench.entry("verdict", ({ verdict }) => verdict.healed);
  await bench.settled();
  const [before] = await bench.get<Incident[]>("/api/v1/incidents?limit=1");
  await bench.end("SIGKILL");
  await bench.start();
  await bench.settled();
  process.kill(await bench.pidOf("lone"), "SIGKILL");
  const { relapse } = await bench.entry("relapse", () => true);
  expect(relapse).toMatchObject({ action: first.verdict.action, strategy: "restart" });
  await bench.settled();
  const [after] = await bench.get<Incident[]>("/api/v1/incidents?limit=1");
  expect(after).toMatchObject({ id: before?.id, relapses: 1, state: { kind: "resolved" } });
});

test("a second daemon on the same data is refused with the holder's pid; a dead holder is passed over", async () => {
  await using bench = await FleetBench.up((made) => ({ services: { lone: made.toy("lone") } }));
  const first = bench.daemon;
  const second = await bench.spawnDaemon();
  const [code] = (await once(second, "exit")) as [number | null];
  expect(code).toBe(3);
  expect(bench.words()).toMatch(new RegExp(`DATA_DIRECTORY_HELD.*pid ${first.pid}`));
  expect(await bench.pidOf("lone")).toBeGreaterThan(0);
  first.kill("SIGKILL");
  await once(first, "exit");
  await bench.start();
  await bench.settled();
});

test("the front proxy is killed: that is noticed, a new one takes over, and the routes are back", async () => {
  await using stack = new AsyncDisposableStack();
  const port = await freePort();
  const bench = stack.use(
    await FleetBench.up((made) => ({
      services: { shop: made.toy("shop", { listen: port, health_check: "/health" }) },
    })),
  );
  const shop = await bench.pidOf("shop");
  const before = await bench.proxy();
  process.kill(before?.pid ?? 0, "SIGKILL");
  const { verdict } = await bench.entry("verdict", (each) => each.verdict.healed);
  const { action } = await bench.entry("action", (each) => each.action.id === verdict.action);
  expect(action.plan).toMatchObject({ strategy: "restart_proxy", resource: "proxy/front" });
  expect((await bench.proxy())?.pid).not.toBe(before?.pid);
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  expect(await answer.json()).toMatchObject({ name: "shop", pid: shop });
  await bench.settled();
  const raised = await bench.entries("failure_raised");
  expect(raised.map(({ failure }) => failure.resource)).toEqual(["proxy/front"]);
});

async function sinceLastStart(bench: FleetBench) {
  const entries = (await bench.journal()).map(({ entry }) => entry);
  return entries.slice(entries.findLastIndex(({ kind }) => kind === "daemon_started"));
}

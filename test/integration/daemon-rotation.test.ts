/** Who gets requests: those that are ready, of what has what it needs. */
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import type { Incident } from "../../src/model/index.ts";
import { ProxyRouter } from "../../src/platform/index.ts";
import { openDataDirectory } from "../../src/system/index.ts";
import { FleetBench } from "./fleet-bench.ts";
import { frontUnderLoad } from "./fleet-front.ts";

const probed = {
  instances: 2,
  health_check: undefined,
  liveness: "/health",
  readiness: "/ready",
};

test("what is not ready gets no requests and is not restarted, and is put back when it is ready", async () => {
  await using stack = new AsyncDisposableStack();
  const { bench, load } = await frontUnderLoad(stack, probed, "POST");
  const [first, second] = [await bench.pidOf("shop", 1), await bench.pidOf("shop", 2)];
  await bench.until(() => load.processes.size === 2, "both serve");

  bench.tell("shop", "unready", String(first));
  await succeeded(bench, "eject");
  // What was under way there may finish.
  await answers(bench, load, 20);
  load.processes.clear();
  await answers(bench, load, 100);
  expect([...load.processes]).toEqual([second]);
  expect(await states(bench)).toEqual(["draining", "serving"]);
  expect((await bench.service("shop")).instances.map(({ state }) => state)).toEqual([
    "degraded",
    "healthy",
  ]);

  // The last one stays, however it feels.
  bench.tell("shop", "unready", `${first} ${second}`);
  await bench.entry("failure_raised", ({ failure }) => failure.resource === "instance/shop.2");
  await pause(1500);
  expect(await states(bench)).toEqual(["draining", "serving"]);

  bench.tell("shop", "unready", undefined);
  await succeeded(bench, "readmit");
  load.processes.clear();
  await bench.until(() => load.processes.size === 2, "both serve again");
  await bench.settled();
  expect(load.failures).toEqual([]);
  expect([await bench.pidOf("shop", 1), await bench.pidOf("shop", 2)]).toEqual([first, second]);
  const failures = (await bench.entries("failure_raised")).map(({ failure }) => failure.type);
  expect(new Set(failures)).toEqual(new Set(["not_ready"]));
  const deeds = (await bench.entries("plan")).map(({ plan }) => plan.strategy);
  expect(deeds).toEqual(["start", "start", "eject", "readmit"]);
});

test("an instance that is kept away is so after a crash of the daemon, too", async () => {
  await using stack = new AsyncDisposableStack();
  const { bench, load } = await frontUnderLoad(stack, probed, "POST");
  const [first, second] = [await bench.pidOf("shop", 1), await bench.pidOf("shop", 2)];
  bench.tell("shop", "unready", String(first));
  await succeeded(bench, "eject");
  // What was under way there may finish.
  await answers(bench, load, 20);
  load.processes.clear();
  await bench.end("SIGKILL");
  await bench.start();
  await answers(bench, load, 100);
  expect([...load.processes]).toEqual([second]);
  bench.tell("shop", "unready", undefined);
  await bench.until(() => load.processes.has(first), "it serves again");
  await bench.settled();
  expect(load.failures).toEqual([]);
  expect([await bench.pidOf("shop", 1), await bench.pidOf("shop", 2)]).toEqual([first, second]);
});

test("who lacks what it needs is told so, in the incident of the cause, and is never restarted", async () => {
  const [base, left] = [await freePort(), await freePort()];
  const url = (port: number): string => `http://127.0.0.1:${port}/health`;
  await using bench = await FleetBench.up((made) => ({
    budgets: { crashes: 2, cool_down: "100ms", healthy_run: "30s" },
    services: {
      base: made.toy("base", { env: { PORT: base }, health_check: url(base) }),
      left: made.toy("left", {
        depends_on: ["base"],
        env: { PORT: left, NEEDS: url(base) },
        health_check: url(left),
      }),
    },
  }));
  const before = await bench.pidOf("left");
  bench.tell("base", "broken", "yes");
  process.kill(await bench.pidOf("base"), "SIGKILL");
  const { failure } = await bench.entry(
    "failure_raised",
    (each) => each.failure.resource === "instance/left.1",
  );
  expect(failure.type).toBe("dependency_down");
  expect(failure.reason).toContain("it needs instance/base.1: ");
  await bench.entry("incident", ({ incident }) => incident.state.kind === "escalated");
  const live = await bench.get<Incident[]>("/api/v1/incidents?live=true");
  expect(live).toMatchObject([{ cause: "instance/base.1", victims: [failure.id] }]);
  // Nothing helps the cause any more: long enough for whatever would be done about its victim.
  await pause(1500);
  expect(await bench.pidOf("left")).toBe(before);

  bench.tell("base", "broken", undefined);
  await bench.post("/api/v1/services/base/start");
  await bench.settled();
  expect(await bench.pidOf("left")).toBe(before);
  const acted = (await bench.entries("plan")).filter(({ plan }) => plan.cause.kind === "failure");
  expect(new Set(acted.map(({ plan }) => plan.resource))).toEqual(new Set(["instance/base.1"]));
});

async function succeeded(bench: FleetBench, strategy: string): Promise<void> {
  await bench.entry(
    "action",
    ({ action }) => action.plan.strategy === strategy && action.status.kind === "succeeded",
  );
}

async function answers(
  bench: FleetBench,
  load: { readonly answers: number },
  count: number,
): Promise<void> {
  const enough = load.answers + count;
  await bench.until(() => load.answers >= enough, `${count} more answers`);
}

/** How the front proxy sees the instances, in their order. */
async function states(bench: FleetBench): Promise<readonly string[]> {
  const router = new ProxyRouter(openDataDirectory(bench.data).socket("proxy.sock"));
  const [report] = await router.reports();
  return (report?.upstreams ?? [])
    .toSorted((a, b) => a.id.localeCompare(b.id))
    .map(({ state }) => state);
}

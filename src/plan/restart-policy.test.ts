/** A process that is gone comes back because its restart policy says so: nothing rations that. */
import { describe, expect, it } from "vitest";
import { createTopology } from "../config/index.ts";
import type { Plan } from "../model/index.ts";
import { chain, db, fleetOf, type PlannerBench, running } from "./planner-bench.ts";

const poor = `${chain}\nbudgets: { per_resource: 1, per_fleet: 1, window: 10m, crashes: 6 }`;

/** It exits, is brought back, and runs for so long. Returns how long that took. */
function exitOnce(planner: PlannerBench, uptimeMs: number): number {
  const count = planner.plans.length;
  const failure = planner.fail(db, "process_exited");
  const exitedMs = planner.nowMs;
  planner.exited(db, { uptimeMs });
  while (planner.plans.length === count && planner.nowMs < exitedMs + 600_000) planner.wait(50);
  const pausedMs = planner.nowMs - exitedMs;
  const plan = planner.plans[count];
  if (plan?.strategy !== "restart") return pausedMs;
  planner.started(db);
  planner.ready(db);
  planner.end(plan, "succeeded");
  planner.verdict(failure, plan, true);
  planner.nowMs += uptimeMs;
  return pausedMs;
}

const kinds = (plan: Plan | undefined) => plan?.steps.map(({ kind }) => kind);

describe("the restart policy", () => {
  it("brings back at once what ends every 25 s, however poor the budget", () => {
    const planner = running(poor);
    const pausesMs = Array.from({ length: 30 }, () => exitOnce(planner, 25_000));
    expect(Math.max(...pausesMs)).toBeLessThanOrEqual(50);
    expect(planner.told).toEqual(Array.from({ length: 30 }, () => `restart ${db}`));
    expect(planner.plans.every(({ byPolicy }) => byPolicy)).toBe(true);
    expect(planner.escalations).toEqual([]);
  });

  it("has a person told of the quarantine in each incident that it belongs to", () => {
    const planner = running(poor);
    for (let count = 0; count < 6; count += 1) exitOnce(planner, 100);
    planner.end(planner.plans.at(-1), "succeeded");
    const told = planner.escalations.length;
    const each = planner.state.cases.get(db);
    const own = { id: "inc-own", openedAt: 0, cause: db, title: "t", severity: "high" } as const;
    const failures = [...(each?.failures.keys() ?? [])];
    const state = { kind: "open" } as const;
    planner.tell({ incidents: [{ ...own, failures, victims: [], relapses: 0, state }] });
    planner.wait(1000);
    expect(planner.escalations.slice(told)).toEqual([expect.stringContaining("in quarantine")]);
    expect(planner.told.filter((plan) => plan.startsWith("quarantine"))).toHaveLength(1);
  });

  it("waits longer after each crash of a short run, and ends with the quarantine", () => {
    const planner = running(poor);
    const pausesMs = Array.from({ length: 6 }, () => exitOnce(planner, 100));
    expect(planner.told).toEqual([
      ...Array.from({ length: 5 }, () => `restart ${db}`),
      `quarantine ${db}`,
    ]);
    for (const [index, leastMs] of [0, 200, 400, 800, 1600].entries()) {
      expect(pausesMs[index]).toBeGreaterThanOrEqual(leastMs);
    }
    expect(planner.escalations.at(-1)).toContain("in quarantine");
  });

  it("begins anew with a changed configuration: no pause, and no crash of the old one counts", () => {
    const planner = running(poor);
    for (let count = 0; count < 4; count += 1) exitOnce(planner, 100);
    planner.fail(db, "process_exited");
    planner.exited(db, { uptimeMs: 100 });
    expect(planner.told).toHaveLength(4);
    const fleet = fleetOf(poor.replace("node db.js", "node db-next.js"));
    planner.tell({ fleet: { fleet, topology: createTopology(fleet) } });
    planner.wait(100);
    expect(planner.told).toEqual(Array.from({ length: 5 }, () => `restart ${db}`));
    expect(planner.state.slots.get(db)?.crashes).toBe(0);
  });

  it("acts in every mode but off, and so does the quarantine that ends it", () => {
    const planner = running(poor.replace("services:", "mode: monitor\nservices:"));
    for (let count = 0; count < 6; count += 1) exitOnce(planner, 100);
    expect(planner.told.slice(-2)).toEqual([`restart ${db}`, `quarantine ${db}`]);
    expect(planner.withheld).toEqual([]);
    expect(planner.escalations.at(-1)).toContain("in quarantine");
  });

  it("takes nothing from the budget of what is rationed, and a hang is", () => {
    const planner = running(poor);
    for (let count = 0; count < 3; count += 1) exitOnce(planner, 25_000);
    planner.fail(db, "hang");
    const hang = planner.plans[3];
    expect(kinds(hang)).toContain("stop");
    expect(hang?.byPolicy).toBeUndefined();
    planner.end(hang, "failed");
    planner.wait(30_000);
    expect(planner.told).toHaveLength(4);
    expect(planner.escalations[0]).toContain("is spent");
  });

  it("ends in quarantine, too, when hangs have spent the budget", () => {
    const planner = running(poor);
    const hang = planner.fail(db, "hang");
    planner.end(planner.plans[0], "succeeded");
    planner.verdict(hang, planner.plans[0], true);
    for (let count = 0; count < 6; count += 1) exitOnce(planner, 100);
    expect(planner.told.at(-1)).toBe(`quarantine ${db}`);
    expect(planner.plans.at(-1)?.byPolicy).toBe(true);
    expect(planner.escalations.at(-1)).toContain("in quarantine");
  });

  it("starts what was killed while its recovery waited for budget", () => {
    const planner = running(poor);
    planner.fail(db, "hang");
    planner.end(planner.plans[0], "failed");
    planner.wait(30_000);
    expect(planner.told).toHaveLength(1);
    planner.fail(db, "process_exited");
    planner.exited(db, { uptimeMs: 60_000 });
    planner.wait(200);
    expect(kinds(planner.plans[1])).toEqual(["start", "collect"]);
  });

  it("counts a start that fails as a crash, so that trying ends in quarantine", () => {
    const planner = running(poor);
    planner.exited(db, { expected: true });
    planner.end(planner.plans[0], "failed");
    planner.plans.length = 0;
    planner.fail(db, "start_failed");
    for (let count = 0; count < 6; count += 1) {
      planner.end(planner.plans[count], "failed");
      planner.wait(120_000);
    }
    expect(planner.told).toEqual([
      ...Array.from({ length: 6 }, () => `restart ${db}`),
      `quarantine ${db}`,
    ]);
  });
});

it("counts no start as a crash that a person has refused, or that nobody was asked for any more", () => {
  for (const answer of [{ kind: "dismissed", by: "ana" }, { kind: "withdrawn" }] as const) {
    const planner = running(chain.replace("db: {", "db: { approve: { restart: always },"));
    planner.fail(db, "process_exited");
    planner.exited(db, { uptimeMs: 100 });
    planner.wait(200);
    const [plan] = planner.plans;
    if (plan === undefined) throw new Error("nobody was asked");
    const status = { kind: "failed", elapsedMs: 1, reason: "r" } as const;
    planner.tell({ actions: [{ id: "act", plan, at: 0, done: [], begunMs: 0, status, answer }] });
    expect(planner.state.slots.get(db)?.crashes).toBe(1);
  }
});

describe("a job that is never restarted", () => {
  const text = "services: { db: { command: node db.js, restart: never } }";
  const gone = (planner: PlannerBench) => planner.out.flatMap((each) => each.gone);

  /** It has failed, and runs again because a person wants it. */
  function again(policy = "never"): PlannerBench {
    const planner = running(text.replace("never", policy), db);
    planner.fail(db, "process_exited");
    planner.exited(db, { uptimeMs: 40, code: 2 });
    planner.wait(60_000);
    return planner;
  }

  it("has a person told when it fails, and nothing tried, however few crashes are allowed", () => {
    const planner = running(`${text}\nbudgets: { crashes: 1 }`, db);
    planner.exited(db, { uptimeMs: 40, code: 2 });
    planner.fail(db, "process_exited");
    planner.wait(60_000);
    expect(planner.told).toEqual([]);
    expect(planner.escalations).toEqual([
      expect.stringContaining("restart: its restart policy is never"),
    ]);
  });

  it("is started once when a person asks, and what was open is over when it ends well", () => {
    const planner = again();
    planner.ask({ kind: "start", resource: db, by: "ana" });
    expect(planner.told).toEqual([`start ${db}`]);
    planner.started(db);
    planner.end(planner.plans[0], "succeeded");
    expect(gone(planner)).toEqual([]);
    planner.exited(db, { uptimeMs: 40, code: 0 });
    planner.wait(60_000);
    expect(gone(planner)).toEqual([{ resource: db, reason: "its work is done" }]);
    expect(planner.told).toEqual([`start ${db}`]);
  });

  it("rests again when it fails again, and when it could not even be started", () => {
    const planner = again();
    planner.ask({ kind: "start", resource: db, by: "ana" });
    planner.fail(db, "start_failed");
    planner.end(planner.plans[0], "failed");
    planner.wait(600_000);
    expect(planner.told).toEqual([`start ${db}`]);
    planner.ask({ kind: "start", resource: db, by: "ana" });
    planner.started(db);
    planner.end(planner.plans[1], "succeeded");
    planner.exited(db, { uptimeMs: 40, code: 2 });
    planner.wait(600_000);
    expect(planner.told).toEqual([`start ${db}`, `start ${db}`]);
    expect(gone(planner)).toEqual([]);
  });

  it("is over as well when it is one that is restarted until it has done its work", () => {
    const planner = again("on-failure");
    expect(planner.told).toEqual([`restart ${db}`]);
    planner.started(db);
    planner.exited(db, { uptimeMs: 40, code: 0 });
    expect(gone(planner)).toEqual([{ resource: db, reason: "its work is done" }]);
  });
});

describe("what a person stops", () => {
  const stopped = (planner: PlannerBench) => planner.out.flatMap(({ gone }) => gone);

  it("asks for nobody any more, once it is down", () => {
    const planner = running();
    planner.fail(db, "clock_jump");
    expect(planner.escalations).toHaveLength(1);
    planner.ask({ kind: "stop", resource: "service/db", by: "ana" });
    expect(stopped(planner)).toEqual([]);
    planner.exited(db, { expected: true });
    planner.end(planner.plans[0], "succeeded");
    planner.wait(200);
    expect(stopped(planner)[0]).toEqual({ resource: db, reason: "stopped by a person" });
  });

  it("and at once when it was down already", () => {
    const planner = running();
    planner.fail(db, "process_exited");
    planner.exited(db, { uptimeMs: 60_000 });
    planner.end(planner.plans[0], "failed");
    planner.end(planner.plans[1], "failed");
    planner.ask({ kind: "stop", resource: "service/db", by: "ana" });
    expect(stopped(planner)).toEqual([{ resource: db, reason: "stopped by a person" }]);
    planner.wait(60_000);
    // What it has left behind is cleared away, and nothing else is done.
    expect(planner.told.slice(2)).toEqual([`stop ${db}`]);
  });

  it("is over when everything goes down, but for what is in quarantine", () => {
    const planner = running(`${chain}\nbudgets: { crashes: 1 }`);
    planner.fail(db, "crash_loop");
    planner.exited(db, { uptimeMs: 10 });
    planner.wait(200);
    planner.end(planner.plans[0], "succeeded");
    planner.ask({ kind: "down", by: "ana" });
    planner.wait(200);
    expect(stopped(planner)).toEqual([]);
  });
});

it("starts what is dead although it has a case that restarts nothing (U6)", () => {
  const planner = running();
  planner.fail(db, "deviation");
  planner.exited(db, { expected: true });
  planner.wait(200);
  expect(planner.told).toEqual([`start ${db}`]);
});

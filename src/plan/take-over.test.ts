/** What a daemon does about what the one before it has left, and about what has waited. */
import { describe, expect, it } from "vitest";
import type { Action, Attempted, Failure, Incident } from "../model/index.ts";
import { chain, db, noMemory, PlannerBench, running } from "./planner-bench.ts";
import { restorePlanning } from "./restore-planning.ts";

/** A planner that takes over a live incident of `db`. */
function takingOver(
  failure: Failure,
  state: Incident["state"],
  past: { readonly actions?: readonly Action[]; readonly attempts?: readonly Attempted[] } = {},
): PlannerBench {
  const { actions = [], attempts = [] } = past;
  const planner = running();
  const told = { id: "inc-1", openedAt: 0, cause: db, title: "t", severity: "high" } as const;
  const incident = { ...told, failures: [failure.id], victims: [], relapses: 0, state } as const;
  restorePlanning(planner.state, {
    memory: {
      ...noMemory,
      failures: new Map([[failure.id, failure]]),
      incidents: new Map([[incident.id, incident]]),
      actions: new Map(actions.map((action) => [action.id, action])),
      tried: new Map([[db, { incident: incident.id, attempts }]]),
    },
    now: { wallMs: planner.nowMs, monotonicMs: planner.nowMs },
  });
  return planner;
}

describe("a new daemon", () => {
  const process = { pid: 77, startTicks: 1, bootId: "b" };

  /** It has ended while no daemon lived. */
  function vanished(policy: string) {
    const planner = new PlannerBench(
      `services: { db: { command: node db.js, restart: ${policy} } }`,
    );
    const how = { code: null, signal: null, uptimeMs: 100, expected: false };
    const { entries } = planner.observe(db, { kind: "exited", process, ...how });
    planner.wait(1000);
    return { planner, entries };
  }

  it("counts a crash that happened while none lived", () => {
    const { planner, entries } = vanished("always");
    expect(planner.state.slots.get(db)?.crashes).toBe(1);
    expect(entries[1]).toMatchObject({ kind: "supervision", slot: { crashes: 1 } });
  });

  it("lets a job rest that ended while none lived", () => {
    const { planner, entries } = vanished("never");
    expect(entries[1]).toMatchObject({ kind: "supervision", slot: { ended: true } });
    expect(planner.told).toEqual([]);
  });

  /** What the daemon before it found to be ill. */
  function resumed(type: "hang" | "memory_exhaustion" | "stalled_work") {
    const after = takingOver(running().fail(db, type), { kind: "open" });
    after.bads.set(db, -1);
    return after;
  }

  it.each(["hang", "memory_exhaustion"] as const)("looks first whether the %s lasts", (type) => {
    const well = resumed(type);
    const { looks } = well.tell();
    expect(looks).toEqual([db]);
    well.goods.set(db, well.nowMs + 100);
    well.wait(20_000);
    expect(well.told).toEqual([]);
    const ill = resumed(type);
    ill.tell();
    ill.bads.set(db, ill.nowMs + 100);
    ill.wait(200);
    expect(ill.told).toEqual([`restart ${db}`]);
  });

  it("leaves a process alone that was started since, as long as it looks well", () => {
    const planner = resumed("stalled_work");
    planner.exited(db, { expected: true });
    planner.wait(100);
    expect(planner.told).toEqual([`start ${db}`]);
    planner.started(db);
    planner.end(planner.plans[0], "succeeded");
    planner.bads.set(db, planner.nowMs + 10);
    planner.wait(200);
    planner.ready(db);
    planner.goods.set(db, planner.nowMs);
    planner.wait(5000);
    expect(planner.told).toHaveLength(1);
    planner.bads.set(db, planner.nowMs);
    planner.wait(200);
    expect(planner.told).toHaveLength(2);
  });

  it("does not begin again with what was tried before it", () => {
    const attempts = [{ strategy: "restart", action: "plan_0", helped: false }];
    const planner = takingOver(running().fail(db, "hang"), { kind: "open" }, { attempts });
    planner.wait(100);
    expect(planner.state.cases.get(db)?.attempts).toMatchObject([{ strategy: "restart" }]);
  });

  it("does not wait for an answer for ever", () => {
    const planner = resumed("hang");
    planner.wait(2500);
    expect(planner.told).toEqual([]);
    planner.wait(1000);
    expect(planner.told).toEqual([`restart ${db}`]);
  });
});

describe("who waits", () => {
  it("for budget and gets well meanwhile is left alone", () => {
    const planner = running(`${chain}\nbudgets: { per_resource: 1, window: 10m }`);
    planner.fail(db, "hang");
    planner.end(planner.plans[0], "failed");
    planner.wait(30_000);
    expect(planner.escalations).toHaveLength(1);
    planner.bads.set(db, planner.nowMs);
    planner.goods.set(db, planner.nowMs + 599_000);
    planner.wait(640_000);
    expect(planner.told).toHaveLength(1);
    planner.bads.set(db, planner.nowMs);
    planner.wait(1000);
    expect(planner.told).toHaveLength(2);
  });

  it("for a verdict when the daemon ends has tried what is judged", () => {
    const before = running();
    const failure = before.fail(db, "hang");
    const plan = before.plans[0];
    if (plan === undefined) throw new Error("there is no plan");
    const status = { kind: "succeeded", elapsedMs: 1 } as const;
    const action: Action = { id: `act:${plan.id}`, plan, at: 0, done: [], begunMs: 0, status };
    const after = takingOver(
      failure,
      { kind: "verifying", action: action.id },
      { actions: [action] },
    );
    after.tell({ actions: [action] });
    after.verdict(failure, plan, false);
    after.end(plan, "failed");
    after.wait(500);
    expect(after.told).toEqual([]);
    after.wait(1500);
    expect(after.told).toEqual([`restart ${db}`]);
  });
});

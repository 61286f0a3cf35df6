/** Whose turn it is to be renewed when the fleet file has changed, and somebody is ill (U2). */
import { describe, expect, it } from "vitest";
import { createTopology } from "../config/index.ts";
import type { Action, ActionStatus, Failure, Plan } from "../model/index.ts";
import { chain, db, fleetOf, type PlannerBench, running, web, web2 } from "./planner-bench.ts";

const asking = chain.replace(
  "web: {",
  "web: { approve: { restart: always, drain_restart: always },",
);

/** The file with another program of `db` or of `web` is saved. */
function change(planner: PlannerBench, name: "db" | "web", text = chain): void {
  const fleet = fleetOf(text.replace(`node ${name}.js`, `node ${name}-next.js`));
  planner.tell({ fleet: { fleet, topology: createTopology(fleet) } });
}

function follow(planner: PlannerBench, plan: Plan | undefined, status: ActionStatus): Action {
  if (plan === undefined) throw new Error("there is no plan");
  const action = { id: `act:${plan.id}`, plan, at: 0, done: [], begunMs: 0, status };
  planner.tell({ actions: [action] });
  return action;
}

function renewed(planner: PlannerBench, plan: Plan | undefined): void {
  if (plan === undefined) throw new Error("there is no plan");
  planner.started(plan.resource);
  planner.end(plan, "succeeded");
  planner.ready(plan.resource);
}

const withdrawals = (planner: PlannerBench) => planner.out.flatMap((each) => each.withdrawals);

describe("a changed configuration", () => {
  it("is for the ill instance first, and for nobody else while that is ill with it", () => {
    const planner = running();
    const failure = planner.fail(web2, "clock_jump");
    change(planner, "web");
    planner.wait(1000);
    expect(planner.told).toEqual([`apply_config ${web2}`]);
    renewed(planner, planner.plans[0]);
    planner.wait(10_000);
    expect(planner.told).toHaveLength(1);
    planner.verdict(failure, undefined, true);
    planner.wait(1000);
    expect(planner.told).toEqual([`apply_config ${web2}`, `apply_config ${web}`]);
  });

  it("is for all of the ill instances, one after the other", () => {
    const planner = running();
    const failures = ([web, web2] as const).map((each) => planner.fail(each, "clock_jump"));
    change(planner, "web");
    planner.wait(1000);
    expect(planner.told).toEqual([`apply_config ${web}`]);
    renewed(planner, planner.plans[0]);
    planner.verdict(failures[0] as Failure, undefined, true);
    planner.wait(1000);
    expect(planner.told.slice(1)).toEqual([`apply_config ${web2}`]);
  });

  it("comes before what would have to be approved, and nobody is asked meanwhile", () => {
    const planner = running(asking);
    planner.goods.set(db, planner.nowMs);
    planner.fail(web, "memory_exhaustion");
    follow(planner, planner.plans[0], { kind: "waiting_for_approval" });
    change(planner, "web", asking);
    planner.end(planner.plans[0], "failed");
    planner.wait(5000);
    expect(planner.told).toEqual([`drain_restart ${web}`, `apply_config ${web}`]);
  });

  it("waits while what the ill instance needs is away, and then outdoes what was asked", () => {
    const planner = running(asking);
    const down = planner.fail(db, "unreachable");
    planner.end(planner.plans[0], "failed");
    planner.fail(web, "memory_exhaustion");
    change(planner, "web", asking);
    planner.wait(1000);
    expect(planner.told).not.toContain(`apply_config ${web}`);
    const asked = planner.plans.find(({ resource }) => resource === web);
    const action = follow(planner, asked, { kind: "waiting_for_approval" });
    planner.verdict(down, undefined, true);
    planner.wait(1000);
    const reason = `the changed configuration of ${web} is applied first`;
    expect(withdrawals(planner)).toEqual([{ action: action.id, reason }]);
    planner.end(asked, "failed");
    planner.wait(1000);
    expect(planner.told.at(-1)).toBe(`apply_config ${web}`);
  });

  it("outdoes a question of somebody else about the same instance", () => {
    const text = chain.replace("web: {", "web: { approve: { restart_cause: always },");
    const planner = running(text);
    planner.healths.set(db, "degraded");
    planner.goods.set(db, planner.nowMs + 10);
    planner.fail(web, "dependency_down");
    planner.wait(200);
    const action = follow(planner, planner.plans[0], { kind: "waiting_for_approval" });
    change(planner, "db", text);
    planner.wait(200);
    expect(withdrawals(planner)).toMatchObject([{ action: action.id }]);
    planner.end(planner.plans[0], "failed");
    planner.wait(1000);
    expect(planner.told).toEqual([`restart_cause ${web}`, `apply_config ${db}`]);
  });

  it("reaches who never got ready with the old one", () => {
    const planner = running();
    planner.exited(db, { expected: true });
    planner.tell();
    planner.started(db);
    planner.end(planner.plans[0], "succeeded");
    planner.fail(db, "start_timeout");
    planner.end(planner.plans[1], "failed");
    change(planner, "db");
    planner.wait(200);
    expect(planner.told.at(-1)).toBe(`apply_config ${db}`);
  });

  it("waits for the verdict over what was done, and comes before the next attempt", () => {
    const planner = running();
    const failure = planner.fail(db, "check_failed");
    planner.end(planner.plans[0], "succeeded");
    change(planner, "db");
    planner.wait(1000);
    expect(planner.told).toEqual([`restart ${db}`]);
    planner.verdict(failure, planner.plans[0], false);
    planner.end(planner.plans[0], "failed");
    planner.wait(5000);
    expect(planner.told).toEqual([`restart ${db}`, `apply_config ${db}`]);
  });

  it("is not applied to what is ill while nothing may be done", () => {
    const planner = running();
    planner.ask({ kind: "mode", scope: "db", mode: "off", by: "ana" });
    planner.fail(db, "check_failed");
    change(planner, "db");
    planner.wait(5000);
    expect(planner.told).toEqual([]);
  });

  it("is applied although something is far from the usual, in any order", () => {
    const planner = running();
    planner.fail(web2, "deviation");
    change(planner, "web");
    planner.wait(200);
    expect(planner.told).toEqual([`apply_config ${web}`]);
  });
});

describe("what a rollback wants", () => {
  const text = chain.replace("db: {", "db: { approve: { rollback_config: always },");

  /** The new configuration is ill, and a person is asked for the one before. */
  function asked() {
    const planner = running(text);
    planner.nowMs = 600_000;
    change(planner, "db", text);
    planner.wait(200);
    renewed(planner, planner.plans[0]);
    planner.fail(db, "start_timeout");
    planner.end(planner.plans[1], "failed");
    planner.wait(5000);
    follow(planner, planner.plans[2], { kind: "waiting_for_approval" });
    expect(planner.told).toEqual([`apply_config ${db}`, `restart ${db}`, `rollback_config ${db}`]);
    return planner;
  }

  it("is brought about by nobody else while it waits for a person", () => {
    const planner = asked();
    planner.ready(db);
    planner.wait(60_000);
    expect([planner.told.length, withdrawals(planner)]).toEqual([3, []]);
  });

  it("is not done behind the back of a person who has refused it", () => {
    const planner = asked();
    const [failure] = planner.state.failures.values();
    planner.end(planner.plans[2], "failed");
    planner.verdict(failure as Failure, undefined, true);
    planner.wait(60_000);
    expect(planner.told).toHaveLength(3);
    expect(planner.state.slots.get(db)?.pinnedHash).toBeUndefined();
  });
});

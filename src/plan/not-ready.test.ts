/** Instances that live and cannot serve: those that are not ready, and those that lack a need. */
import { describe, expect, it } from "vitest";
import type { Failure, ResourceId } from "../model/index.ts";
import { chain, db, type PlannerBench, running, web, web2 } from "./planner-bench.ts";

describe("an instance that is not ready", () => {
  const alone = `services: { db: { command: node db.js, listen: 4200, readiness: { tcp: 1 } } }`;

  /** It is not ready, as a look says that is as fresh as can be. */
  function notReady(planner: PlannerBench, resource: ResourceId): Failure {
    planner.goods.set(db, planner.nowMs);
    planner.bads.set(resource, planner.nowMs);
    return planner.fail(resource, "not_ready");
  }

  it("leaves the rotation, and is put back when it is ready (U4)", () => {
    const planner = running();
    const failure = notReady(planner, web);
    expect(planner.told).toEqual([`eject ${web}`]);
    expect(planner.plans[0]?.watch).toBeUndefined();
    planner.end(planner.plans[0], "succeeded");
    planner.wait(5000);
    expect(planner.told).toEqual([`eject ${web}`]);
    planner.verdict(failure, undefined, true);
    expect(planner.told).toEqual([`eject ${web}`, `readmit ${web}`]);
    planner.end(planner.plans[1], "succeeded");
    planner.wait(120_000);
    expect(planner.told).toHaveLength(2);
    expect(planner.escalations).toEqual([]);
  });

  it("stays when it is the last one, until another one serves", () => {
    const planner = running();
    const first = notReady(planner, web);
    planner.end(planner.plans[0], "succeeded");
    notReady(planner, web2);
    planner.wait(5000);
    expect(planner.told).toEqual([`eject ${web}`]);
    planner.verdict(first, undefined, true);
    planner.end(planner.plans[1], "succeeded");
    planner.wait(2000);
    expect(planner.told).toEqual([`eject ${web}`, `readmit ${web}`, `eject ${web2}`]);
  });

  it("is never restarted for that, alone or not; a person is told when it lasts", () => {
    for (const [text, resource, count] of [
      [alone, db, 0],
      [chain, web, 1],
    ] as const) {
      const planner = text === alone ? running(alone, db) : running();
      notReady(planner, resource);
      if (count > 0) planner.end(planner.plans[0], "succeeded");
      planner.wait(25_000);
      expect(planner.escalations).toEqual([]);
      planner.wait(600_000);
      expect(planner.escalations).toHaveLength(1);
      expect(planner.told).toHaveLength(count);
    }
  });

  it("is not taken for its successor", () => {
    const planner = running();
    notReady(planner, web);
    planner.end(planner.plans[0], "succeeded");
    planner.exited(web);
    planner.nowMs += 1000;
    planner.started(web);
    planner.ready(web);
    planner.end(planner.plans[1], "succeeded");
    planner.wait(5000);
    expect(planner.told).toEqual([`eject ${web}`, `start ${web}`]);
    planner.bads.set(web, planner.nowMs);
    planner.wait(500);
    expect(planner.told).toEqual([`eject ${web}`, `start ${web}`, `eject ${web}`]);
  });

  it("is asked for again when the router refused", () => {
    const planner = running();
    notReady(planner, web);
    planner.end(planner.plans[0], "failed");
    planner.wait(900);
    expect(planner.told).toHaveLength(1);
    planner.wait(200);
    expect(planner.told).toEqual([`eject ${web}`, `eject ${web}`]);
  });

  it("does not make its dependents restart it", () => {
    const planner = running(
      `services:
  db: { command: node db.js, listen: 4200, readiness: { tcp: 1 } }
  web: { command: node web.js, depends_on: [db], liveness: { tcp: 1 } }`,
      db,
      web,
    );
    planner.healths.set(db, "degraded");
    notReady(planner, db);
    planner.nowMs += 1;
    planner.goods.set(db, planner.nowMs);
    planner.fail(web, "check_failed");
    planner.wait(10_000);
    expect(planner.told.filter((each) => each.includes("cause"))).toEqual([]);
  });
});

it("restarts nothing for its dependents that is healed as a case of its own", () => {
  const planner = running();
  const grave = planner.fail(db, "memory_exhaustion");
  planner.end(planner.plans[0], "succeeded");
  planner.healths.set(db, "degraded");
  planner.nowMs += 1;
  planner.goods.set(db, planner.nowMs);
  planner.fail(web, "check_failed");
  planner.wait(10_000);
  expect(grave.severity).toBe("high");
  expect(planner.told.filter((each) => each.includes("cause"))).toEqual([]);
});

describe("what lacks a dependency", () => {
  it("is never restarted, however hopeless the cause is", () => {
    const planner = running();
    // Nothing is known that heals it: it is hopeless at once.
    const cause = planner.fail(db, "clock_jump");
    const victims = ["fail-2", "fail-3"];
    const as = { id: `inc-${db}`, cause: db, failures: [cause.id], victims } as const;
    planner.fail(web, "dependency_down", as);
    planner.fail(web, "check_failed", as);
    planner.wait(600_000);
    expect(planner.escalations).toHaveLength(1);
    expect(planner.told).toEqual([]);
  });
});

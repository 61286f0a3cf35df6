import { describe, expect, it } from "vitest";
import { createTopology } from "../config/index.ts";
import { chain, db, fleetOf, PlannerBench, running, web } from "./planner-bench.ts";

describe("a case of recovery", () => {
  it("waits for no job that has done its work", () => {
    const job = "instance/job.1";
    const planner = new PlannerBench(`services:
  job: { command: node job.js, restart: never }
  db: { command: node db.js, depends_on: [job], liveness: http://127.0.0.1:1/live }`);
    planner.up(job);
    planner.exited(job, { uptimeMs: 5000, code: 0 });
    planner.up(db);
    planner.fail(db, "check_failed");
    planner.wait(200);
    expect(planner.told.at(-1)).toBe(`restart ${db}`);
  });

  it("is held while the network is away only for what was asked over it", () => {
    const afar = chain.replace(
      "liveness: http://127.0.0.1:1/live }\n  web",
      "liveness: https://shop.example/live }\n  web",
    );
    const toldBy = (sensor: string, quarters: number): readonly string[] => {
      const planner = running(afar);
      planner.fail("host/network", "self_isolated");
      planner.fail(db, "check_failed", { found: { sensor } });
      for (let count = 0; count < quarters; count += 1) planner.wait(900_000);
      return planner.told;
    };
    expect(toldBy("liveness", 8)).toEqual([]);
    expect(toldBy("usage", 4)).toEqual([]);
    expect(toldBy("usage", 5)).toEqual([`restart ${db}`]);
  });

  it("ends with the verdict that it is healed", () => {
    const planner = running();
    const failure = planner.fail(db, "hang");
    expect(planner.told).toEqual([`restart ${db}`]);
    expect(planner.plans[0]).toMatchObject({
      cause: { kind: "failure", failure: failure.id },
      watch: { windowMs: 5000, goodMin: 2 },
    });
    planner.end(planner.plans[0], "succeeded");
    const { settled } = planner.verdict(failure, planner.plans[0], true);
    expect(settled).toEqual([`act:${planner.plans[0]?.id}`]);
    planner.wait(60_000);
    expect(planner.told).toHaveLength(1);
    expect(planner.state.cases.size).toBe(0);
  });

  it("takes back what did not help, and only then goes on", () => {
    const planner = running();
    const failure = planner.fail(db, "hang");
    planner.end(planner.plans[0], "succeeded");
    const { rollBacks } = planner.verdict(failure, planner.plans[0], false);
    expect(rollBacks).toMatchObject([{ action: `act:${planner.plans[0]?.id}` }]);
    planner.wait(10_000);
    expect(planner.told).toHaveLength(1);
    planner.end(planner.plans[0], "rolled_back");
    planner.wait(60_000);
    expect(planner.told).toEqual([`restart ${db}`, `restart ${db}`]);
  });

  it("has started again what taking back has ended, before anything else is tried", () => {
    const hook = "alternative: { command: a, undo: b }, recovery_strategy: [failover]";
    const planner = running(`services: { db: { command: node db.js, ${hook} } }`, db);
    const failure = planner.fail(db, "check_failed");
    const [first] = planner.plans;
    planner.end(first, "succeeded");
    planner.exited(db, { expected: true });
    planner.verdict(failure, first, false);
    planner.wait(10_000);
    expect(planner.told).toEqual([`switch_alternative ${db}`]);
    planner.end(first, "rolled_back");
    planner.wait(10_000);
    expect(planner.told.slice(1)).toEqual([`start ${db}`]);
    planner.started(db);
    planner.end(planner.plans[1], "succeeded");
    planner.wait(10_000);
    expect(planner.told.slice(2)).toEqual([`restart ${db}`]);
    expect(planner.plans[2]?.steps.map(({ kind }) => kind)).toContain("stop");
  });

  it("waits longer before each attempt that repeats", () => {
    const planner = running();
    planner.fail(db, "hang");
    const pausesMs = [0, 1, 2, 3].map((index) => {
      const endedMs = planner.nowMs;
      planner.end(planner.plans[index], "failed");
      while (planner.plans.length < index + 2 && planner.nowMs < endedMs + 60_000) {
        planner.wait(100);
      }
      return planner.nowMs - endedMs;
    });
    expect(pausesMs).toEqual([1000, 2000, 4000, 8000]);
  });

  it("acts upon a soft failure only when what it needs is acquitted (R1)", () => {
    const planner = running();
    planner.nowMs = 61_000;
    planner.goods.set(db, 60_500);
    planner.fail(web, "hang");
    expect(planner.out.at(-1)?.looks).toEqual([db]);
    planner.wait(500);
    expect(planner.told).toEqual([]);
    planner.goods.set(db, 61_400);
    planner.wait(200);
    expect(planner.told).toEqual([`restart ${web}`]);
  });

  it("acts all the same when a dependency says nothing for long (R1)", () => {
    const planner = running();
    planner.fail(web, "hang");
    planner.wait(2900);
    expect(planner.told).toEqual([]);
    planner.wait(300);
    expect(planner.out.flatMap(({ looks }) => looks)).toEqual([db, web]);
    planner.bads.set(web, planner.nowMs);
    planner.wait(200);
    expect(planner.told).toEqual([`restart ${web}`]);
  });

  it("does nothing to what is well again once it was waited for what it needs (R1)", () => {
    const planner = running();
    planner.fail(web, "check_failed");
    planner.bads.set(web, planner.nowMs);
    planner.wait(3200);
    planner.goods.set(web, planner.nowMs);
    planner.wait(20_000);
    expect(planner.told).toEqual([]);
    planner.bads.set(web, planner.nowMs);
    planner.wait(200);
    expect(planner.told).toHaveLength(1);
  });

  it("leaves the victims to the recovery of their cause (R1)", () => {
    const planner = running();
    const cause = planner.fail(db, "hang");
    planner.fail(web, "unreachable", {
      id: `inc-${db}`,
      cause: db,
      failures: [cause.id],
      victims: ["fail-2"],
    });
    planner.wait(20_000);
    expect(planner.told).toEqual([`restart ${db}`]);
  });

  it("looks first at a victim that has an incident of its own by now: it may be well (R1)", () => {
    const planner = running();
    const cause = planner.fail(db, "hang");
    const as = { id: `inc-${db}`, cause: db, failures: [cause.id], victims: ["fail-2"] } as const;
    const victim = planner.fail(web, "check_failed", as);
    planner.bads.set(web, planner.nowMs);
    planner.wait(10_000);
    planner.goods.set(web, planner.nowMs);
    planner.goods.set(db, planner.nowMs + 1);
    planner.end(planner.plans[0], "succeeded");
    planner.verdict(cause, planner.plans[0], true);
    const own = { id: "inc-own", openedAt: 0, cause: web, title: "t", severity: "high" } as const;
    const state = { kind: "open" } as const;
    const more = { failures: [victim.id], victims: [], relapses: 0, state };
    planner.wait(2000);
    planner.goods.set(db, planner.nowMs + 1);
    expect(planner.tell({ incidents: [{ ...own, ...more }] }).looks).toEqual([web]);
    expect(planner.told).toEqual([`restart ${db}`]);
  });

  it("acts upon a fact at once, whatever the dependencies say", () => {
    const planner = running();
    planner.fail(web, "memory_exhaustion");
    expect(planner.told).toEqual([`drain_restart ${web}`]);
  });

  it("tells a person once when the budget is spent, and goes on later (R2)", () => {
    const planner = running(`${chain}\nbudgets: { per_resource: 2, window: 10m }`);
    planner.fail(db, "hang");
    for (const index of [0, 1]) {
      planner.end(planner.plans[index], "failed");
      planner.wait(30_000);
    }
    expect(planner.told).toHaveLength(2);
    expect(planner.escalations).toEqual([
      `the budget of 2 per 10 m for ${db} is spent; it goes on at 00:11:00 UTC, or at once after \`soulmirror restart db\``,
    ]);
    planner.fail(db, "stalled_work");
    expect(planner.escalations).toHaveLength(1);
    planner.wait(600_000);
    expect(planner.told).toHaveLength(3);
    expect(planner.escalations).toHaveLength(1);
  });

  it("heeds a person who asks for a start although the budget is spent, once (R2)", () => {
    const planner = running(`${chain}\nbudgets: { per_resource: 1, per_fleet: 1, window: 10m }`);
    planner.fail(db, "hang");
    planner.end(planner.plans[0], "failed");
    planner.wait(30_000);
    expect(planner.told).toHaveLength(1);
    planner.ask({ kind: "start", resource: db, by: "ana" });
    planner.wait(1000);
    expect(planner.told).toEqual([`restart ${db}`, `restart ${db}`]);
    expect(planner.plans.map(({ askedBy }) => askedBy)).toEqual([undefined, "ana"]);
    planner.end(planner.plans[1], "failed");
    planner.wait(30_000);
    expect(planner.told).toHaveLength(2);
  });

  it("shares the budget of the fleet (R2)", () => {
    const planner = running(`${chain}\nbudgets: { per_fleet: 1 }`);
    planner.fail(db, "memory_exhaustion");
    planner.fail(web, "memory_exhaustion");
    planner.wait(60_000);
    expect(planner.told).toEqual([`restart ${db}`]);
    expect(planner.escalations).toHaveLength(1);
  });

  it("says of the budget of the fleet, and of none at all, how it goes on (R2)", () => {
    const shared = running(`${chain}\nbudgets: { per_fleet: 1 }`);
    shared.fail(db, "memory_exhaustion");
    shared.fail(web, "memory_exhaustion");
    expect(shared.escalations[0]).toContain("the budget of 1 per 10 m for the fleet is spent");
    const none = running(`${chain}\nbudgets: { per_resource: 0 }`);
    none.fail(db, "hang");
    expect(none.escalations).toEqual([
      `the budget of 0 per 10 m for ${db} is spent; it goes on at once after \`soulmirror restart db\``,
    ]);
  });

  it("heals what runs again and is still ill, instead of waiting for ever for what it died of", () => {
    const planner = running();
    planner.fail(db, "check_failed");
    const death = planner.fail(db, "process_exited");
    planner.exited(db);
    planner.end(planner.plans[0], "failed");
    planner.wait(1000);
    planner.started(db);
    planner.ready(db);
    planner.end(planner.plans[1], "succeeded");
    planner.wait(1000);
    planner.verdict(death, planner.plans[1], false);
    planner.end(planner.plans[1], "failed");
    planner.bads.set(db, planner.nowMs + 60_000);
    planner.wait(60_000);
    const last = planner.plans.at(-1);
    expect(planner.told.slice(2)).toEqual([`restart ${db}`]);
    expect(last?.reason).toContain("for check_failed");
  });

  it("tells how long it cools down, while it does", () => {
    const planner = running();
    planner.fail(db, "hang");
    planner.end(planner.plans[0], "failed");
    planner.end(planner.plans[0], "failed");
    expect(planner.state.cases.get(db)?.waits).toBe("restart follows at 00:01:01 UTC");
    planner.wait(1000);
    expect(planner.told).toHaveLength(2);
    expect(planner.state.cases.get(db)?.waits).toBeUndefined();
  });

  it("writes down once what its mode forbids, and does it when that changes (R3)", () => {
    const planner = running(chain.replace("db: {", "db: { mode: monitor,"));
    planner.fail(db, "hang");
    planner.wait(30_000);
    planner.fail(db, "hang");
    planner.wait(30_000);
    expect(planner.told).toEqual([]);
    expect(planner.withheld).toEqual(["mode monitor"]);
  });

  it("goes on when a person gives the mode back", () => {
    const planner = running();
    planner.ask({ kind: "mode", scope: "fleet", mode: "monitor", by: "ana" });
    planner.fail(db, "hang");
    planner.wait(1000);
    expect(planner.withheld).toEqual(["mode monitor"]);
    planner.ask({ kind: "mode", scope: "fleet", mode: "full", by: "ana" });
    planner.wait(1000);
    expect(planner.told).toEqual([`restart ${db}`]);
  });

  it.each([
    { what: "is under way", phase: "acting" },
    { what: "is judged", phase: "judging" },
    { what: "is taken back", phase: "reverting" },
  ])("remembers over a change of the mode what $what as tried", ({ phase }) => {
    const planner = running(
      chain.replace(
        "db: {",
        "db: { alternative: { command: a, undo: b }, recovery_strategy: [failover],",
      ),
    );
    const failure = planner.fail(db, "check_failed");
    const [first] = planner.plans;
    const mode = () => planner.ask({ kind: "mode", scope: "web", mode: "monitor", by: "ana" });
    if (phase === "acting") mode();
    planner.end(first, "succeeded");
    if (phase === "judging") mode();
    planner.verdict(failure, first, false);
    if (phase === "reverting") mode();
    planner.end(first, "rolled_back");
    planner.wait(10_000);
    expect(planner.told).toEqual([`switch_alternative ${db}`, `restart ${db}`]);
  });

  it("tells a person when nothing is left to try", () => {
    const planner = running();
    planner.fail(db, "clock_jump");
    planner.wait(60_000);
    expect(planner.escalations).toEqual([`nothing is known that heals clock_jump of ${db}`]);
  });

  it("tells a person that nothing is left also when the budget was told before", () => {
    const hook = (name: string) => `${name}: { command: ${name} on, undo: ${name} off }`;
    const keys = `commands: { ${hook("a")}, ${hook("b")} }, recovery_strategy: ["command:a", "command:b", escalate],`;
    const text = `${chain.replace("db: {", `db: { ${keys}`)}\nbudgets: { per_resource: 1, window: 8s }`;
    const planner = running(text);
    planner.fail(db, "check_failed");
    for (const index of [0, 1]) {
      planner.end(planner.plans[index], "failed");
      planner.wait(10_000);
    }
    expect(planner.told).toEqual([`command:a ${db}`, `command:b ${db}`]);
    expect(planner.escalations).toEqual([
      expect.stringContaining("the budget of 1 per 8 s"),
      expect.stringContaining("the declared order ends with escalate"),
    ]);
  });

  it("asks for approval where the fleet file wants it", () => {
    const planner = running(chain.replace("db: {", "db: { approve: { restart: always },"));
    planner.fail(db, "hang");
    expect(planner.out.at(-1)?.plans).toMatchObject([{ needsApproval: true }]);
  });

  it("puts into quarantine what crashes too often, and lets it out for a new spec", () => {
    const text = `services: { db: { command: node db.js } }\nbudgets: { crashes: 1 }`;
    const planner = running(text, db);
    const { reason } = planner.fail(db, "crash_loop");
    planner.exited(db, { uptimeMs: 10 });
    planner.wait(200);
    expect(planner.told).toEqual([`quarantine ${db}`]);
    expect(planner.escalations[0]).toBe(`in quarantine: ${reason}`);
    expect(planner.state.slots.get(db)?.quarantine?.reason).toBe(reason);
    planner.end(planner.plans[0], "succeeded");
    planner.wait(60_000);
    expect(planner.told).toHaveLength(1);
    const next = fleetOf(text.replace("db.js", "db2.js"));
    planner.tell({ fleet: { fleet: next, topology: createTopology(next) } });
    planner.wait(1000);
    expect(planner.state.slots.get(db)).toMatchObject({ quarantine: undefined, crashes: 0 });
  });
});

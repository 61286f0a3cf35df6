/** What the planner remembers of instances and cases while something is done, and afterwards. */
import { describe, expect, it } from "vitest";
import { createTopology } from "../config/index.ts";
import type { Action, Plan } from "../model/index.ts";
import { chain, db, fleetOf, noMemory, PlannerBench, running, web, web2 } from "./planner-bench.ts";
import { restorePlanning } from "./restore-planning.ts";

const web3 = "instance/web.3";
function load(planner: PlannerBench, text: string): void {
  const fleet = fleetOf(text);
  planner.tell({ fleet: { fleet, topology: createTopology(fleet) } });
}

function awaiting(planner: PlannerBench, of: Plan | undefined): Action {
  if (of === undefined) throw new Error("there is no plan");
  const status = { kind: "waiting_for_approval" } as const;
  const action = { id: `act:${of.id}`, plan: of, at: 0, done: [], begunMs: 0, status };
  planner.tell({ actions: [action] });
  return action;
}

describe("what a plan touches", () => {
  it("is left alone by supervision until the plan is over", () => {
    const planner = running();
    planner.healths.set(db, "degraded");
    planner.goods.set(db, planner.nowMs + 10);
    planner.fail(web, "dependency_down");
    planner.wait(200);
    expect(planner.told).toEqual([`restart_cause ${web}`]);
    planner.exited(db, { expected: true });
    planner.wait(1000);
    expect(planner.told).toHaveLength(1);
    planner.end(planner.plans[0], "failed");
    planner.wait(1000);
    expect(planner.told).toContain(`start ${db}`);
  });

  /** A third instance was added, and is to be judged. */
  function scaledOut() {
    const planner = running(chain.replace("instances: 2,", "instances: 2, scale: { max: 4 },"));
    planner.goods.set(db, planner.nowMs + 10);
    const failure = planner.fail(web, "slow");
    planner.wait(200);
    planner.started(web3, planner.hashOf(web));
    planner.ready(web3);
    planner.wait(1000);
    planner.end(planner.plans[0], "succeeded");
    return { planner, failure };
  }

  it("may be an instance that was not there before, which then stays", () => {
    const { planner, failure } = scaledOut();
    expect(planner.told).toEqual([`scale ${web}`]);
    planner.verdict(failure, planner.plans[0], true);
    planner.wait(5000);
    expect(planner.told).toHaveLength(1);
    expect(planner.state.slots.get(web3)).toMatchObject({ desired: "running", surplus: false });
  });

  it("is not started again while it is taken back", () => {
    const { planner, failure } = scaledOut();
    planner.verdict(failure, planner.plans[0], false);
    planner.exited(web3, { expected: true });
    planner.wait(1000);
    planner.end(planner.plans[0], "rolled_back");
    planner.wait(1000);
    expect(planner.told.filter((each) => each.endsWith(web3))).toEqual([]);
    expect(planner.state.slots.has(web3)).toBe(false);
  });

  it("takes away no instance that an earlier recovery has added", () => {
    const { planner, failure } = scaledOut();
    planner.verdict(failure, planner.plans[0], true);
    planner.nowMs += 3_600_000;
    planner.goods.set(db, planner.nowMs + 10);
    planner.fail(web2, "slow");
    planner.wait(200);
    expect(planner.told.at(-1)).toBe(`scale ${web2}`);
    planner.end(planner.plans.at(-1), "rolled_back");
    expect(planner.state.added.get("web")?.size).toBe(1);
  });
});

describe("an instance that the fleet does not want", () => {
  const one = chain.replace("instances: 2,", "");

  it("runs again when the fleet wants it again, before it is stopped and after", () => {
    const planner = running();
    load(planner, one);
    expect(planner.told).toEqual([`stop ${web2}`]);
    load(planner, chain);
    planner.exited(web2, { expected: true });
    planner.end(planner.plans[0], "succeeded");
    planner.wait(1000);
    expect(planner.told.at(-1)).toBe(`start ${web2}`);
  });

  it("is not remembered as stopped by a person", () => {
    const planner = running();
    load(planner, one);
    const { entries } = planner.exited(web2, { expected: true });
    const [slot] = entries.flatMap((entry) => (entry.kind === "supervision" ? [entry.slot] : []));
    expect(slot).toMatchObject({ resource: web2, desired: "running" });
  });

  it("stays stopped when a person has stopped it", () => {
    const planner = running();
    planner.ask({ kind: "stop", resource: web2, by: "ana" });
    load(planner, one);
    load(planner, chain);
    expect(planner.state.slots.get(web2)?.desired).toBe("stopped");
  });

  it("is told to be gone, and so is what has failed and is no longer declared", () => {
    const site = "\nresources: { http/site: { url: http://127.0.0.1:1/ } }";
    const planner = running(chain + site);
    planner.fail("http/site", "unreachable");
    planner.fail(web2, "clock_jump");
    load(planner, one);
    expect(planner.out.at(-1)?.gone).toMatchObject([{ resource: "http/site" }]);
    planner.exited(web2, { expected: true });
    planner.end(planner.plans.at(-1), "succeeded");
    planner.wait(1000);
    const gone = planner.out.flatMap((each) => each.gone.map(({ resource }) => resource));
    expect(gone).toEqual(["http/site", web2]);
  });

  it("is told to be gone in part when a disk or a kind of work is no longer declared", () => {
    const disks = (list: string) => `resources: { host/local: { disks: ${list} } }`;
    const work = (name: string) =>
      chain.replace(
        "db: {",
        `db: { listen: 4101, work: [{ name: ${name}, counter: done, waiting: left }],`,
      );
    const planner = running(`${work("mails")}\n${disks("[/, /srv]")}`);
    const failing = [
      planner.fail("host/local", "disk_exhaustion", { found: { part: "disk.used:/srv" } }),
      planner.fail("host/local", "disk_exhaustion", { found: { part: "disk.used:/" } }),
      planner.fail(db, "stalled_work", { found: { part: "mails" } }),
    ];
    expect(failing.map(({ part }) => part)).toEqual(["disk.used:/srv", "disk.used:/", "mails"]);
    load(planner, `${work("calls")}\n${disks("[/, /var]")}`);
    expect(planner.out.at(-1)?.gone).toMatchObject([
      { resource: "host/local", part: "disk.used:/srv" },
      { resource: db, part: "mails" },
    ]);
    load(planner, `${work("mails")}\n${disks("[/]")}`);
    const parts = planner.out.at(-1)?.gone.map(({ part }) => part);
    expect(parts).toEqual(["disk.used:/srv", "disk.used:/"]);
  });

  it("is told to be gone in part when a front address is another, or is declared no more", () => {
    const fronts = (two: string) =>
      `services: { one: { command: o, listen: 4101 }, two: { command: t${two} } }`;
    const planner = new PlannerBench(fronts(", listen: 4102"));
    const [one] = ["one", "two"].map((part) =>
      planner.fail("proxy/front", "proxy_listen", {
        found: { part, reason: "port 1 is held by pid 7 (nc)" },
      }),
    );
    planner.wait(100);
    const waiting = planner.plans.filter(({ strategy }) => strategy === "wait_for_port");
    expect(waiting).toMatchObject([{ alone: true, cause: { failure: one?.id } }]);
    const partsGone = () => planner.out.at(-1)?.gone.map(({ part }) => part);
    load(planner, fronts(", listen: 4103"));
    expect(partsGone()).toEqual(["two"]);
    load(planner, fronts(", listen: 4103"));
    expect(partsGone()).toEqual([]);
    load(planner, fronts(""));
    expect(partsGone()).toEqual(["two"]);
  });

  it("has its end in the journal, whoever it was", () => {
    const planner = running();
    const process = { pid: 7, startTicks: 7, bootId: "b" };
    const how = { code: null, signal: null, uptimeMs: 1, expected: false };
    const { entries } = planner.observe("instance/old.1", { kind: "exited", process, ...how });
    expect(entries).toMatchObject([{ kind: "process_exited", exit: { process } }]);
  });
});

describe("what a strategy means for an instance", () => {
  const slotsIn = (planner: PlannerBench) =>
    planner.out.flatMap(({ entries }) =>
      entries.flatMap((entry) => (entry.kind === "supervision" ? [entry.slot] : [])),
    );

  it("is written down: quarantine", () => {
    const planner = running(`${chain}\nbudgets: { crashes: 1 }`);
    planner.fail(db, "crash_loop");
    planner.exited(db, { uptimeMs: 10 });
    planner.wait(200);
    expect(planner.told.at(-1)).toBe(`quarantine ${db}`);
    expect(slotsIn(planner).at(-1)).toMatchObject({ resource: db, quarantined: true });
  });

  it("is written down: a configuration that could not be applied is not tried after a restart", () => {
    const planner = running();
    const text = chain.replace("node db.js", "node db2.js");
    const before = planner.hashOf(db);
    load(planner, text);
    planner.end(planner.plans[0], "failed");
    const slot = slotsIn(planner).at(-1);
    expect(slot).toMatchObject({ specHash: before, declaredHash: planner.hashOf(db) });
    const after = new PlannerBench(text);
    if (slot === undefined) throw new Error("nothing was written down");
    const memory = { ...noMemory, slots: new Map([[db, slot]]) };
    restorePlanning(after.state, { memory, now: { wallMs: 0, monotonicMs: 0 } });
    after.started(db, before);
    load(after, text);
    after.ready(db);
    after.wait(10_000);
    expect(after.told.filter((each) => each.endsWith(db))).toEqual([]);
  });
});

describe("pauses", () => {
  it("of one instance hold up no other", () => {
    const planner = new PlannerBench();
    planner.up(db);
    planner.wait(200);
    const slot = planner.state.slots.get(web2);
    if (slot) slot.deedDueMs = planner.nowMs + 600_000;
    planner.state.acting.delete(web2);
    planner.end(
      planner.plans.find(({ resource }) => resource === web),
      "failed",
    );
    planner.wait(2000);
    expect(planner.told.filter((each) => each === `start ${web}`)).toHaveLength(2);
  });

  it("are over when a person wants it", () => {
    const planner = running();
    planner.fail(db, "hang");
    for (const index of [0, 1, 2]) {
      planner.end(planner.plans[index], "failed");
      planner.wait(index < 2 ? 2100 : 100);
    }
    expect(planner.told).toHaveLength(3);
    planner.ask({ kind: "start", resource: db, by: "ana" });
    expect(planner.told).toHaveLength(4);
  });
});

describe("what waits for approval", () => {
  const asking = chain.replace("db: {", "db: { approve: { restart: always },");

  it("is withdrawn when it is well without it", () => {
    const planner = running(asking);
    const failure = planner.fail(db, "check_failed");
    const action = awaiting(planner, planner.plans[0]);
    const { withdrawals } = planner.verdict(failure, undefined, true);
    expect(withdrawals).toMatchObject([{ action: action.id }]);
    // Should it come back, the same is asked again: it was not tried.
    expect(planner.state.history.get(db)?.attempts).toEqual([]);
  });

  it.each([
    [{ kind: "down", by: "ana" }, "ana takes everything down"],
    [{ kind: "stop", resource: db, by: "ana" }, "ana asks for a stop"],
    [{ kind: "restart", resource: "service/db", by: "ana" }, "ana asks for a restart"],
  ] as const)("keeps nobody from what a person asks for: %j", (request, reason) => {
    const planner = running(asking);
    planner.fail(db, "check_failed");
    const action = awaiting(planner, planner.plans[0]);
    expect(planner.ask(request).withdrawals).toEqual([{ action: action.id, reason }]);
  });

  it("is withdrawn when the fleet file wants something else, and asked anew if that is no cure", () => {
    const planner = running(asking);
    planner.fail(db, "check_failed");
    const action = awaiting(planner, planner.plans[0]);
    const next = fleetOf(asking.replace("node db.js", "node db2.js"));
    const told = planner.tell({ fleet: { fleet: next, topology: createTopology(next) } });
    const reason = "its configuration has changed";
    expect(told.withdrawals).toEqual([{ action: action.id, reason }]);
    planner.end(planner.plans[0], "failed");
    planner.wait(100);
    expect(planner.told).toEqual([`restart ${db}`, `apply_config ${db}`]);
    planner.started(db);
    planner.ready(db);
    planner.end(planner.plans[1], "succeeded");
    planner.bads.set(db, planner.nowMs + 1);
    planner.wait(5000);
    expect(planner.told.slice(2)).toEqual([`restart ${db}`]);
  });

  it("keeps no process running that the fleet file wants no more", () => {
    const planner = running(asking);
    planner.fail(db, "check_failed");
    const action = awaiting(planner, planner.plans[0]);
    const next = fleetOf("services: { web: { command: node web.js } }");
    const told = planner.tell({ fleet: { fleet: next, topology: createTopology(next) } });
    const reason = "it is no longer in the fleet";
    expect(told.withdrawals).toEqual([{ action: action.id, reason }]);
    planner.end(planner.plans[0], "failed");
    planner.wait(200);
    expect(planner.told).toContain(`stop ${db}`);
  });

  it("gives way to what is worse, and counts as not tried", () => {
    const text = chain.replace("db: {", "db: { listen: 4101, approve: { drain_restart: always },");
    const planner = running(text);
    planner.fail(db, "stalled_work");
    expect(planner.told).toEqual([`drain_restart ${db}`]);
    const action = awaiting(planner, planner.plans[0]);
    planner.exited(db, { uptimeMs: 600_000 });
    planner.fail(db, "slow");
    expect(planner.out.flatMap(({ withdrawals }) => withdrawals)).toEqual([]);
    planner.fail(db, "crash_loop");
    expect(planner.out.flatMap(({ withdrawals }) => withdrawals)).toMatchObject([
      { action: action.id, reason: "something worse has come: it fails" },
    ]);
    expect(planner.state.cases.get(db)?.attempts).toEqual([]);
    planner.end(planner.plans[0], "failed");
    planner.wait(1000);
    expect(planner.told).toEqual([`drain_restart ${db}`, `restart ${db}`]);
  });

  it("is waited for after a restart of the daemon as before, without asking again and again", () => {
    const before = running(asking);
    const failure = before.fail(db, "hang");
    const action = awaiting(before, before.plans[0]);
    const after = new PlannerBench(asking);
    const incident = { id: `inc-${db}`, openedAt: 0, cause: db, title: "t", victims: [] } as const;
    restorePlanning(after.state, {
      memory: {
        ...noMemory,
        failures: new Map([[failure.id, failure]]),
        incidents: new Map([
          [
            incident.id,
            {
              ...incident,
              severity: "high",
              failures: [failure.id],
              state: { kind: "open" },
              relapses: 0,
            },
          ],
        ]),
        actions: new Map([[action.id, action]]),
      },
      now: { wallMs: 0, monotonicMs: 0 },
    });
    after.started(db);
    after.ready(db);
    const ticks = after.out.length;
    after.wait(600_000);
    expect(after.told.filter((each) => each.endsWith(db))).toEqual([]);
    expect(after.out.length - ticks).toBeLessThan(100);
    expect(after.verdict(failure, undefined, true).withdrawals).toHaveLength(1);
  });
});

it("withdraws what still waits for a person though a dead daemon had found that it is over", () => {
  const before = running(chain.replace("db: {", "db: { approve: { restart: always },"));
  before.fail(db, "hang");
  const action = awaiting(before, before.plans[0]);
  const after = new PlannerBench();
  restorePlanning(after.state, {
    memory: { ...noMemory, actions: new Map([[action.id, action]]) },
    now: { wallMs: 0, monotonicMs: 0 },
  });
  const reason = "what it was for is over";
  expect(after.tell().withdrawals).toEqual([{ action: action.id, reason }]);
  expect(after.tell().withdrawals).toEqual([]);
});

describe("a case that lasts", () => {
  it("says what was tried each once, and keeps a bounded number of attempts", () => {
    const planner = running(`${chain}\nbudgets: { per_resource: 1000, per_fleet: 1000 }`);
    planner.fail(db, "hang");
    for (let count = 0; count < 150; count += 1) {
      planner.end(planner.plans.at(-1), "failed");
      planner.nowMs += 600_000;
      planner.tell();
    }
    expect(planner.state.cases.get(db)?.attempts.length).toBeLessThanOrEqual(100);
    expect(planner.plans.length).toBeGreaterThan(100);
    expect(planner.plans.at(-1)?.reason).toMatch(/, after restart \(\d+ times\)\)/);
  });
});

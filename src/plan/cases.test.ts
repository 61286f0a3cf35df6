import { describe, expect, it } from "vitest";
import { createTopology, type Fleet, formatProblem, loadFleet } from "../config/index.ts";
import { createIds, createRandom } from "../kernel/index.ts";
import type {
  Action,
  ActionStatus,
  Failure,
  FailureType,
  Health,
  Incident,
  PersonRequest,
  Plan,
  Reading,
  ResourceId,
} from "../model/index.ts";
import { plan } from "./plan.ts";
import { createPlanState, type PlanInputs, type Planning } from "./state.ts";

/** `web` needs `db`; both have one instance. */
const chain = `
services:
  db: { command: node db.js, liveness: http://127.0.0.1:1/live }
  web: { command: node web.js, listen: 4100, instances: 2, depends_on: [db],
    liveness: http://127.0.0.1:1/live }
`;
const db = "instance/db.1";
const web = "instance/web.1";
const web2 = "instance/web.2";

function fleetOf(text: string): Fleet {
  const files = [{ path: "soulmirror.yaml", text }];
  const loaded = loadFleet({ files, baseDir: "/srv", hash: (each) => each });
  if (!loaded.ok) throw new Error(loaded.error.map(formatProblem).join("\n"));
  return loaded.value.fleet;
}

/** A planner with a clock and a world that the test moves. */
class Planner {
  nowMs = 0;
  readonly plans: Plan[] = [];
  readonly out: Planning[] = [];
  readonly healths = new Map<ResourceId, Health>();
  readonly goods = new Map<ResourceId, number>();
  readonly bads = new Map<ResourceId, number>();
  readonly state;
  #pid = 0;
  #asked = 0;

  constructor(text = chain) {
    const fleet = fleetOf(text);
    const clock = { now: () => ({ wallMs: this.nowMs, monotonicMs: this.nowMs }) };
    const random = createRandom(1);
    const tools = { ids: createIds(clock, random), random, loadedMs: 0 };
    this.state = createPlanState(fleet, createTopology(fleet), tools);
  }

  tell(inputs: Partial<PlanInputs> = {}): Planning {
    const none = { processes: [], raised: [], incidents: [], actions: [], verdicts: [] };
    const world = {
      healthOf: (resource: ResourceId) => this.healths.get(resource) ?? "unknown",
      goodMs: (resource: ResourceId) => this.goods.get(resource) ?? -1,
      badMs: (resource: ResourceId) => this.bads.get(resource) ?? -1,
    };
    const now = { wallMs: this.nowMs, monotonicMs: this.nowMs };
    const given = plan(this.state, { ...none, requests: [], world, ...inputs }, now);
    this.plans.push(...given.plans.map((each) => each.plan));
    this.out.push(given);
    return given;
  }

  /** Lets time pass, with a tick whenever the planner wants one. */
  wait(forMs: number): void {
    const endMs = this.nowMs + forMs;
    for (let count = 0; count < 10_000 && this.nowMs < endMs; count += 1) {
      const wakeMs = this.tell().wakeMs ?? endMs;
      this.nowMs = Math.min(endMs, Math.max(this.nowMs + 1, wakeMs));
    }
    this.tell();
  }

  ask(request: PersonRequest): Planning {
    return this.tell({ requests: [request] });
  }

  observe(resource: ResourceId, reading: Reading, sensor = "process"): Planning {
    const at = { at: this.nowMs, begunMs: this.nowMs };
    return this.tell({ processes: [{ resource, sensor, reading, ...at }] });
  }

  started(resource: ResourceId, specHash = this.hashOf(resource)): Planning {
    this.#pid += 1;
    const process = { pid: this.#pid, startTicks: this.#pid, bootId: "b" };
    return this.observe(resource, { kind: "started", process, specHash, adopted: false });
  }

  ready(resource: ResourceId): Planning {
    return this.observe(resource, { kind: "check", ok: true, elapsedMs: 1, reason: "" }, "startup");
  }

  exited(resource: ResourceId, more: { uptimeMs?: number; expected?: boolean } = {}): Planning {
    const process = this.state.slots.get(resource)?.run?.started.process;
    if (process === undefined) throw new Error(`${resource} does not run`);
    const how = { code: 1, signal: null, uptimeMs: 60_000, expected: false, ...more };
    return this.observe(resource, { kind: "exited", process, ...how });
  }

  hashOf(resource: ResourceId): string {
    const service = this.state.slots.get(resource)?.service ?? "";
    return this.state.fleet.services[service]?.hash ?? "";
  }

  /** Ends a plan that is under way. */
  end(of: Plan | undefined, status: "succeeded" | "failed" | "rolled_back"): Planning {
    if (of === undefined) throw new Error("there is no plan to end");
    const ends: Record<typeof status, ActionStatus> = {
      succeeded: { kind: "succeeded", elapsedMs: 1 },
      failed: { kind: "failed", elapsedMs: 1, reason: "r" },
      rolled_back: { kind: "rolled_back", elapsedMs: 1, reason: "r" },
    };
    const known = { id: `act:${of.id}`, plan: of, at: 0, done: [], begunMs: 0 };
    const action: Action = { ...known, status: ends[status] };
    return this.tell({ actions: [action] });
  }

  /** Brings an instance up as supervision wants it. */
  up(...resources: ResourceId[]): void {
    for (const resource of resources) {
      this.tell();
      const wanted = this.plans.findLast((each) => each.resource === resource);
      this.started(resource);
      this.ready(resource);
      this.end(wanted, "succeeded");
    }
  }

  fail(resource: ResourceId, type: FailureType, more: Partial<Incident> = {}): Failure {
    this.#asked += 1;
    const told = { detector: "d", sensor: "s", reason: "it fails", evidence: [] };
    const id = `fail-${this.#asked}`;
    const failure: Failure = { id, at: 0, resource, type, severity: "high", ...told };
    const incident: Incident = {
      id: `inc-${resource}`,
      openedAt: 0,
      cause: resource,
      title: "t",
      severity: "high",
      failures: [id],
      victims: [],
      state: { kind: "open" },
      relapses: 0,
      ...more,
    };
    this.tell({ raised: [failure], incidents: [incident] });
    return failure;
  }

  verdict(failure: Failure, of: Plan | undefined, healed: boolean): Planning {
    const action = of === undefined ? {} : { action: `act:${of.id}` };
    const verdict = { at: this.nowMs, failure: failure.id, healed, reason: "seen", ...action };
    return this.tell({ verdicts: [verdict] });
  }

  get told(): string[] {
    return this.plans.map(({ strategy, resource }) => `${strategy} ${resource}`);
  }

  get escalations(): string[] {
    return this.out.flatMap(({ escalations }) => escalations.map(({ reason }) => reason));
  }

  get withheld(): string[] {
    return this.out.flatMap(({ entries }) =>
      entries.flatMap((entry) => (entry.kind === "withheld" ? [entry.reason] : [])),
    );
  }
}

/** Everything is up, and nothing planned yet. */
function running(text = chain, ...resources: ResourceId[]): Planner {
  const planner = new Planner(text);
  planner.up(...(resources.length > 0 ? resources : ([db, web, web2] as const)));
  planner.plans.length = 0;
  planner.nowMs = 60_000;
  return planner;
}

describe("a case of recovery", () => {
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
      "the budget of recovery actions is spent; it goes on when the window has moved",
    ]);
    planner.fail(db, "stalled_work");
    expect(planner.escalations).toHaveLength(1);
    planner.wait(600_000);
    expect(planner.told).toHaveLength(3);
    expect(planner.escalations).toHaveLength(1);
  });

  it("shares the budget of the fleet (R2)", () => {
    const planner = running(`${chain}\nbudgets: { per_fleet: 1 }`);
    planner.fail(db, "memory_exhaustion");
    planner.fail(web, "memory_exhaustion");
    planner.wait(60_000);
    expect(planner.told).toEqual([`restart ${db}`]);
    expect(planner.escalations).toHaveLength(1);
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

  it("tells a person when nothing is left to try", () => {
    const planner = running();
    planner.fail(db, "clock_jump");
    planner.wait(60_000);
    expect(planner.escalations).toEqual([`nothing is known that heals clock_jump of ${db}`]);
  });

  it("asks for approval where the fleet file wants it", () => {
    const planner = running(chain.replace("db: {", "db: { approve: { restart: always },"));
    planner.fail(db, "hang");
    expect(planner.out.at(-1)?.plans).toMatchObject([{ needsApproval: true }]);
  });

  it("puts into quarantine what crashes too often, and lets it out for a new spec", () => {
    const text = `services: { db: { command: node db.js } }\nbudgets: { crashes: 1 }`;
    const planner = running(text, db);
    planner.fail(db, "crash_loop");
    planner.exited(db, { uptimeMs: 10 });
    planner.wait(200);
    expect(planner.told).toEqual([`quarantine ${db}`]);
    expect(planner.escalations[0]).toContain("in quarantine");
    planner.end(planner.plans[0], "succeeded");
    planner.wait(60_000);
    expect(planner.told).toHaveLength(1);
    const next = fleetOf(text.replace("db.js", "db2.js"));
    planner.tell({ fleet: { fleet: next, topology: createTopology(next) } });
    planner.wait(1000);
    expect(planner.state.slots.get(db)).toMatchObject({ quarantine: undefined, crashes: 0 });
  });
});

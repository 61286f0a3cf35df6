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

  get told(): string[] {
    return this.plans.map(({ strategy, resource }) => `${strategy} ${resource}`);
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

describe("supervision", () => {
  it("starts what its service needs first, and the rest when that is ready (U1)", () => {
    const planner = new Planner();
    planner.tell();
    expect(planner.told).toEqual([`start ${db}`]);
    planner.started(db);
    planner.end(planner.plans[0], "succeeded");
    planner.wait(1000);
    expect(planner.told).toEqual([`start ${db}`]);
    planner.ready(db);
    planner.wait(200);
    expect(planner.told).toEqual([`start ${db}`, `start ${web}`, `start ${web2}`]);
  });

  it("renews the instances of a service one at a time, and waits until each is ready (U2)", () => {
    const planner = running();
    const next = fleetOf(chain.replace("node web.js", "node web2.js"));
    planner.tell({ fleet: { fleet: next, topology: createTopology(next) } });
    planner.wait(1000);
    expect(planner.told).toEqual([`apply_config ${web}`]);
    expect(planner.plans[0]?.steps.map(({ kind }) => kind)).toEqual([
      "start",
      "ready",
      "drain",
      "stop",
    ]);
    planner.started(web);
    planner.end(planner.plans[0], "succeeded");
    planner.wait(1000);
    expect(planner.told).toHaveLength(1);
    planner.ready(web);
    planner.wait(1000);
    expect(planner.told).toEqual([`apply_config ${web}`, `apply_config ${web2}`]);
  });

  it("does not renew a service that has an open case (U2)", () => {
    const planner = running();
    planner.fail(web2, "clock_jump");
    const next = fleetOf(chain.replace("node web.js", "node web2.js"));
    planner.tell({ fleet: { fleet: next, topology: createTopology(next) } });
    planner.wait(1000);
    expect(planner.told).toEqual([]);
  });

  it("does not try a configuration again that could not be applied", () => {
    const planner = running();
    const next = fleetOf(chain.replace("node db.js", "node db2.js"));
    planner.tell({ fleet: { fleet: next, topology: createTopology(next) } });
    planner.end(planner.plans[0], "failed");
    planner.wait(5000);
    expect(planner.told).toEqual([`apply_config ${db}`]);
    const third = fleetOf(chain.replace("node db.js", "node db3.js"));
    planner.tell({ fleet: { fleet: third, topology: createTopology(third) } });
    planner.wait(1000);
    expect(planner.told).toEqual([`apply_config ${db}`, `apply_config ${db}`]);
  });

  it("goes down in the reverse order of the needs (U3)", () => {
    const planner = running();
    planner.ask({ kind: "down", by: "ana" });
    planner.wait(1000);
    expect(planner.told).toEqual([`stop ${web}`, `stop ${web2}`]);
    for (const [index, resource] of [web, web2].entries()) {
      planner.exited(resource as ResourceId, { expected: true });
      planner.end(planner.plans[index], "succeeded");
    }
    planner.wait(1000);
    expect(planner.told.at(-1)).toBe(`stop ${db}`);
  });

  it("stops and starts one service alone when a person asks", () => {
    const planner = running();
    planner.ask({ kind: "stop", resource: "service/db", by: "ana" });
    expect(planner.told).toEqual([`stop ${db}`]);
    planner.exited(db, { expected: true });
    planner.end(planner.plans[0], "succeeded");
    planner.wait(1000);
    expect(planner.told).toEqual([`stop ${db}`]);
    planner.ask({ kind: "start", resource: db, by: "ana" });
    expect(planner.told.at(-1)).toBe(`start ${db}`);
  });

  it("restarts at a person's request, in whose name it is written down", () => {
    const planner = running();
    const given = planner.ask({ kind: "restart", resource: web, by: "ana" });
    expect(planner.plans).toMatchObject([
      { strategy: "restart", resource: web, cause: { kind: "person", by: "ana" } },
    ]);
    expect(given.entries[0]).toMatchObject({ kind: "request", by: "ana", what: "restart" });
  });

  it("lets rest what its policy lets rest, until somebody starts it", () => {
    const text = "services: { db: { command: node db.js, restart: never } }";
    const planner = running(text, db);
    planner.exited(db);
    planner.wait(5000);
    expect(planner.told).toEqual([]);
    planner.ask({ kind: "start", resource: db, by: "ana" });
    expect(planner.told).toEqual([`start ${db}`]);
  });

  it("remembers what every instance should be", () => {
    const planner = running();
    const given = planner.ask({ kind: "stop", resource: db, by: "ana" });
    expect(given.entries).toContainEqual({
      kind: "supervision",
      slot: {
        resource: db,
        desired: "stopped",
        quarantined: false,
        crashes: 0,
        specHash: planner.hashOf(db),
      },
    });
  });
});

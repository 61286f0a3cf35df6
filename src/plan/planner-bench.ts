/** For the tests of this folder: the planner alone, in a world that the test tells it of. */
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
import { createPlanState, type PlanInputs, type PlanMemory, type Planning } from "./state.ts";

/** `web` needs `db`; both have one instance. */
export const chain = `
services:
  db: { command: node db.js, liveness: http://127.0.0.1:1/live }
  web: { command: node web.js, listen: 4100, instances: 2, depends_on: [db],
    liveness: http://127.0.0.1:1/live }
`;
export const db = "instance/db.1";
export const web = "instance/web.1";
export const web2 = "instance/web.2";

/** A daemon that is the first of its data directory. */
export const noMemory: PlanMemory = {
  failures: new Map(),
  incidents: new Map(),
  slots: new Map(),
  book: new Map(),
  modes: new Map(),
  spent: [],
  actions: new Map(),
  starts: new Map(),
  tried: new Map(),
  scaled: new Map(),
};

export function fleetOf(text: string): Fleet {
  const files = [{ path: "soulmirror.yaml", text }];
  const loaded = loadFleet({ files, baseDir: "/srv", hash: (each) => each });
  if (!loaded.ok) throw new Error(loaded.error.map(formatProblem).join("\n"));
  return loaded.value.fleet;
}

/** A planner with a clock and a world that the test moves. */
export class PlannerBench {
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
    const tools = { ids: createIds(clock, random), random };
    this.state = createPlanState(fleet, createTopology(fleet), tools);
  }

  tell(inputs: Partial<PlanInputs> = {}): Planning {
    const none = { processes: [], raised: [], incidents: [], actions: [], verdicts: [] };
    const world = {
      healthOf: (resource: ResourceId) => this.healths.get(resource) ?? "unknown",
      goodMs: (resource: ResourceId) => this.goods.get(resource) ?? -1,
      // What has failed goes on failing, unless it is said how it looks.
      badMs: (resource: ResourceId) =>
        this.bads.get(resource) ?? (this.isIll(resource) ? this.nowMs : -1),
    };
    const now = { wallMs: this.nowMs, monotonicMs: this.nowMs };
    const given = plan(this.state, { ...none, requests: [], world, ...inputs }, now);
    this.plans.push(...given.plans.map((each) => each.plan));
    this.out.push(given);
    return given;
  }

  private isIll(resource: ResourceId): boolean {
    return this.state.cases.has(resource) && !this.goods.has(resource);
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

  started(resource: ResourceId, specHash = this.hashOf(resource), adopted = false): Planning {
    this.#pid += 1;
    const process = { pid: this.#pid, startTicks: this.#pid, bootId: "b" };
    return this.observe(resource, { kind: "started", process, specHash, adopted });
  }

  ready(resource: ResourceId): Planning {
    return this.observe(resource, { kind: "check", ok: true, elapsedMs: 1, reason: "" }, "startup");
  }

  exited(
    resource: ResourceId,
    more: { uptimeMs?: number; expected?: boolean; code?: number } = {},
  ): Planning {
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

  /** `found` is what the failure says besides. */
  fail(
    resource: ResourceId,
    type: FailureType,
    told: Partial<Incident> & { readonly found?: Partial<Failure> } = {},
  ): Failure {
    const { found, ...more } = told;
    this.#asked += 1;
    const rest = { detector: "d", sensor: "s", reason: "it fails", evidence: [] };
    const id = `fail-${this.#asked}`;
    const failure: Failure = { id, at: 0, resource, type, severity: "high", ...rest, ...found };
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
export function running(text = chain, ...resources: ResourceId[]): PlannerBench {
  const planner = new PlannerBench(text);
  planner.up(...(resources.length > 0 ? resources : ([db, web, web2] as const)));
  planner.plans.length = 0;
  planner.nowMs = 60_000;
  return planner;
}

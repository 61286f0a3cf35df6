import { describe, expect, it } from "vitest";
import { type Fleet, formatProblem, loadFleet } from "../config/index.ts";
import { createIds, createRandom } from "../kernel/index.ts";
import type { Action, Command, Entry, Reading } from "../model/index.ts";
import { resourcesOf, servicesOf } from "./fleet-view.ts";
import { type LoopInput, type Tick, tick } from "./loop.ts";
import { createLoopState, type LoopState } from "./loop-state.ts";

const usual = `
services:
  a: { command: node a.js, liveness: http://127.0.0.1:1/live, instances: 2, listen: 4100 }
resources:
  http/site: { url: http://127.0.0.1:1/, interval: 1s }
`;
const resource = "instance/a.1";

function fleetOf(text: string): Fleet {
  const files = [{ path: "soulmirror.yaml", text }];
  const loaded = loadFleet({ files, baseDir: "/srv", hash: (each) => `h${each.length}` });
  if (!loaded.ok) throw new Error(loaded.error.map(formatProblem).join("\n"));
  return loaded.value.fleet;
}

/** The loop over a world in which every step is done and every look passes, unless it is said. */
class Scene {
  nowMs = 0;
  readonly ticks: Tick[] = [];
  readonly fleet: Fleet;
  readonly #clock = { now: () => ({ wallMs: 1e12 + this.nowMs, monotonicMs: this.nowMs }) };
  readonly state: LoopState;
  readonly ill = new Set<string>();
  #inbox: LoopInput[];
  #wakeMs = 0;
  #pid = 0;

  constructor(text = usual) {
    this.fleet = fleetOf(text);
    this.#inbox = [{ kind: "fleet", fleet: this.fleet }];
    this.state = createLoopState(this.fleet, {
      clock: this.#clock,
      random: createRandom(1),
      ids: createIds(this.#clock, createRandom(2)),
    });
  }

  tell(input: LoopInput): void {
    this.#inbox.push(input);
  }

  observe(of: `${string}/${string}`, reading: Reading): void {
    const at = { at: 1e12 + this.nowMs, begunMs: this.nowMs };
    const observation = { resource: of, sensor: "process", reading, ...at };
    this.tell({ kind: "observation", observation });
  }

  run(forMs: number): void {
    const endMs = this.nowMs + forMs;
    while (this.nowMs < endMs) {
      const done = tick(this.state, this.#inbox.splice(0), this.#clock.now());
      this.ticks.push(done);
      for (const read of done.reads) {
        const { key, resource: of } = read.request.spec;
        const ok = !this.ill.has(of);
        const symptom = ok ? {} : { symptom: "timeout" as const };
        const reading: Reading = { kind: "check", ok, elapsedMs: 1, reason: "r", ...symptom };
        this.tell({ kind: "read", key, read: read.read, readings: [reading] });
      }
      for (const command of done.commands) this.#carryOut(command);
      this.#wakeMs = done.wakeMs ?? endMs;
      const isIdle = this.#inbox.length === 0;
      this.nowMs += isIdle ? Math.max(1, Math.min(endMs, this.#wakeMs) - this.nowMs) : 1;
    }
  }

  #carryOut({ id, phase, step }: Command): void {
    this.tell({ kind: "result", command: id, result: { kind: "done", detail: "" } });
    if (phase !== "act") return;
    const slot = this.state.plan.slots.get(step.resource);
    const running = slot?.run?.started.process;
    if (step.kind === "stop" && running) {
      const how = { code: 0, signal: null, uptimeMs: 1, expected: true };
      this.observe(step.resource, { kind: "exited", process: running, ...how });
    }
    if (step.kind === "start") {
      this.#pid += 1;
      const process = { pid: this.#pid, startTicks: 1, bootId: "b" };
      const specHash = step.parameters["specHash"] as string;
      this.observe(step.resource, { kind: "started", process, specHash, adopted: false });
    }
  }

  get entries(): Entry[] {
    return this.ticks.flatMap(({ entries }) => entries);
  }

  kinds(): string[] {
    return this.entries.map(({ kind }) => kind);
  }
}

describe("a tick", () => {
  it("brings up the fleet and is then quiet", () => {
    const scene = new Scene();
    scene.run(10_000);
    expect(servicesOf(scene.state)).toMatchObject([
      { name: "a", state: "healthy", restarts: 0, listen: "127.0.0.1:4100" },
    ]);
    const before = scene.entries.length;
    scene.run(60_000);
    expect(scene.entries).toHaveLength(before);
  });

  it("commands nothing that is not in entries of its own or before (T2)", () => {
    const scene = new Scene();
    scene.run(10_000);
    scene.ill.add(resource);
    scene.run(3000);
    scene.ill.clear();
    scene.run(20_000);
    const known = new Map<string, Action>();
    let deeds = 0;
    for (const { entries, commands } of scene.ticks) {
      for (const entry of entries)
        if (entry.kind === "action") known.set(entry.action.id, entry.action);
      for (const command of commands) {
        deeds += 1;
        const action = known.get(command.action);
        expect(action?.plan.steps).toContainEqual(command.step);
        const announced = command.phase === "act" ? "in_progress" : undefined;
        if (announced) expect(action?.status.kind).toBe(announced);
      }
    }
    expect(deeds).toBeGreaterThan(6);
  });

  it("writes every plan before its action, and a verdict before the failure is resolved", () => {
    const scene = new Scene();
    scene.run(10_000);
    scene.ill.add(resource);
    scene.run(3000);
    scene.ill.clear();
    scene.run(20_000);
    const kinds = scene.kinds();
    expect(kinds.indexOf("plan")).toBeLessThan(kinds.indexOf("action"));
    const healed = scene.entries.filter((entry) => entry.kind === "verdict");
    expect(healed).toMatchObject([{ verdict: { healed: true } }]);
    expect(kinds.indexOf("verdict")).toBeLessThan(kinds.indexOf("failure_resolved"));
    const incidents = scene.entries.flatMap((entry) =>
      entry.kind === "incident" ? [entry.incident.state.kind] : [],
    );
    expect(incidents).toEqual(["open", "recovering", "verifying", "resolved"]);
  });

  it("decides the same from the same inputs (T1)", () => {
    const [first, second] = [new Scene(), new Scene()];
    for (const scene of [first, second]) {
      scene.run(5000);
      scene.ill.add(resource);
      scene.run(5000);
    }
    expect(JSON.stringify(second.entries)).toBe(JSON.stringify(first.entries));
  });

  it("wants the next tick at once when later stages have news for the earlier ones", () => {
    const scene = new Scene();
    scene.run(1);
    expect(scene.ticks[0]?.entries.map(({ kind }) => kind)).toContain("action");
    expect(scene.ticks[0]?.wakeMs).toBe(0);
  });

  it("goes down when a person asks, and stays down", () => {
    const scene = new Scene();
    scene.run(5000);
    scene.tell({ kind: "request", request: { kind: "down", by: "ana" } });
    scene.run(10_000);
    expect(servicesOf(scene.state)[0]?.instances.map(({ pid }) => pid)).toEqual([null, null]);
  });
});

describe("the view of the fleet", () => {
  it("says what an instance waits for", () => {
    const scene = new Scene(`
services:
  a: { command: node a.js, depends_on: [b, http/site] }
  b: { command: node b.js, liveness: http://127.0.0.1:1/live }
resources:
  http/site: { url: http://127.0.0.1:1/, interval: 1s }`);
    scene.ill.add("instance/b.1").add("http/site");
    const shown = () => servicesOf(scene.state)[0]?.instances;
    scene.run(3000);
    expect(shown()).toMatchObject([{ state: "starting", reason: "waits for b, http/site" }]);
    scene.ill.clear();
    scene.run(20_000);
    expect(shown()).toMatchObject([{ state: "healthy", reason: null }]);
  });

  it("shows services with their instances", () => {
    const scene = new Scene();
    expect(servicesOf(scene.state)[0]).toMatchObject({ state: "starting", pid: null });
    scene.run(10_000);
    const [service] = servicesOf(scene.state);
    expect(service).toMatchObject({ resource: "service/a", mode: "full", pid: 1 });
    expect(service?.instances).toMatchObject([
      { number: 1, pid: 1, state: "healthy", reason: null },
      { number: 2, pid: 2, state: "healthy", reason: null },
    ]);
    expect(service?.instances[0]?.startedAt).toBeGreaterThanOrEqual(1e12);
  });

  it("calls a service degraded while one of its instances is well, and says why", () => {
    const scene = new Scene();
    scene.run(10_000);
    scene.ill.add(resource);
    scene.run(2000);
    const [service] = servicesOf(scene.state);
    expect(service?.state).toBe("degraded");
    expect(service?.instances[0]?.reason).toContain("does not answer");
  });

  it("shows resources with their health", () => {
    const scene = new Scene();
    expect(resourcesOf(scene.state)).toMatchObject([{ resource: "http/site", health: "unknown" }]);
    scene.run(10_000);
    expect(resourcesOf(scene.state)).toMatchObject([{ health: "healthy", reason: null }]);
    scene.ill.add("http/site");
    scene.run(10_000);
    expect(resourcesOf(scene.state)).toMatchObject([{ kind: "http", health: "unhealthy" }]);
  });

  it("shows what was changed at runtime, and what rests", () => {
    const scene = new Scene();
    scene.run(5000);
    const by = "ana";
    scene.tell({ kind: "request", request: { kind: "mode", scope: "a", mode: "monitor", by } });
    scene.tell({ kind: "request", request: { kind: "stop", resource: "service/a", by } });
    scene.run(10_000);
    expect(servicesOf(scene.state)).toMatchObject([{ mode: "monitor", state: "stopped" }]);
  });

  it("does not say how a job has ended when nobody has seen that", () => {
    const endOf = (code: number | null) => {
      const scene = new Scene("services: { a: { command: node a.js, restart: never } }");
      scene.run(5000);
      const { process } = scene.state.plan.slots.get(resource)?.run?.started ?? {};
      if (process === undefined) throw new Error("it does not run");
      const how = { code, signal: null, uptimeMs: 1, expected: false };
      scene.observe(resource, { kind: "exited", process, ...how });
      scene.run(5000);
      return servicesOf(scene.state)[0]?.instances[0];
    };
    expect(endOf(0)).toMatchObject({ exitCode: 0, reason: "its work is done (code 0)" });
    const reason = "it ended and nobody saw how: the daemon that had started it was gone";
    expect(endOf(null)).toMatchObject({ exitCode: null, reason });
  });

  it("tells of a network that is cut as one incident, from the start", () => {
    const sites = ["a", "b", "c"].map((name) => `http/${name}`);
    const text = sites.map(
      (site, index) => `  ${site}: { url: http://192.0.2.${index + 1}/, interval: 1s }`,
    );
    const scene = new Scene(`resources:\n${text.join("\n")}`);
    scene.run(60_000);
    for (const each of [...sites, "host/network"]) scene.ill.add(each);
    scene.run(60_000);
    const incidents = scene.entries.flatMap((entry) =>
      entry.kind === "incident" ? [entry.incident] : [],
    );
    expect(new Set(incidents.map(({ cause }) => cause))).toEqual(new Set(["host/network"]));
    expect(incidents.at(-1)?.victims).toHaveLength(3);
  });
});

/** For the tests of this folder: incidents alone, in a fleet that fails as the test says. */
import { createTopology, type Fleet, formatProblem, loadFleet } from "../config/index.ts";
import { createIds, createRandom, type Instant } from "../kernel/index.ts";
import type { Failure, FailureType, Incident, ResourceId } from "../model/index.ts";
import { correlate } from "./incidents.ts";
import { createIncidentsState, type IncidentsMemory, type Outcome } from "./incidents-state.ts";

/** `web` needs `db` and waits for `job`, `batch` needs `web`, `other` needs nothing. */
const text = `
services:
  job: { command: node job.js, restart: never }
  db: { command: node db.js }
  web: { command: node web.js, depends_on: [db, job] }
  batch: { command: node batch.js, depends_on: [web] }
  other: { command: node other.js }
detection: { correlate: 10s, relapse: 10m }
`;

function fleetOf(): Fleet {
  const files = [{ path: "soulmirror.yaml", text }];
  const loaded = loadFleet({ files, baseDir: "/srv", hash: (each) => each });
  if (!loaded.ok) throw new Error(loaded.error.map(formatProblem).join("\n"));
  return loaded.value.fleet;
}

/** Incidents with a clock that the test moves. */
export class Ward {
  nowMs = 1000;
  readonly incidents = new Map<string, Incident>();
  readonly #fleet = fleetOf();
  readonly state = createIncidentsState(
    this.#fleet,
    createTopology(this.#fleet),
    createIds({ now: () => ({ wallMs: this.nowMs, monotonicMs: this.nowMs }) }, createRandom(1)),
  );

  get now(): Instant {
    return { wallMs: this.nowMs, monotonicMs: this.nowMs };
  }

  /** What the next daemon knows of it. */
  memory(failures: readonly Failure[]): IncidentsMemory {
    const byId = <T extends { id: string }>(all: readonly T[]) =>
      new Map(all.map((each) => [each.id, each]));
    const over = [...this.incidents.values()].filter(({ state }) => state.kind === "resolved");
    const resolved = [...this.state.resolved].map(
      ([signature, { incident, untilMs }]) =>
        [signature, { incident, at: untilMs - this.#fleet.detection.relapseMs }] as const,
    );
    return {
      failures: byId(failures),
      incidents: byId(this.live),
      past: byId(over),
      resolved: new Map(resolved),
    };
  }

  tell(raised: readonly Failure[], ...outcomes: Outcome[]): readonly Incident[] {
    const changed = correlate(this.state, { raised, outcomes }, this.now);
    for (const incident of changed) this.incidents.set(incident.id, incident);
    return changed;
  }

  raise(name: string, type: FailureType = "hang"): Failure {
    const failure = this.failure(name, type);
    this.tell([failure]);
    return failure;
  }

  resolve(failure: Failure): readonly Incident[] {
    return this.tell([], { kind: "failure_resolved", failure: failure.id, by: "act_1" });
  }

  failure(name: string, type: FailureType = "hang"): Failure {
    return {
      id: `${name}:${type}:${this.nowMs}`,
      at: this.nowMs,
      resource: `instance/${name}.1`,
      type,
      severity: "high",
      detector: "d",
      sensor: "liveness",
      reason: "it does not answer",
      evidence: [],
    };
  }

  get live(): Incident[] {
    return [...this.incidents.values()].filter(({ state }) => state.kind !== "resolved");
  }

  /** Live incidents as `cause: failures / victims`, in names. */
  get told(): string[] {
    const nameOf = (id: string): string => id.slice(0, id.indexOf(":"));
    const open = (ids: readonly string[]): string =>
      ids
        .filter((id) => this.state.failures.has(id))
        .map(nameOf)
        .join();
    return this.live.map((each) => `${each.cause}: ${open(each.failures)} / ${open(each.victims)}`);
  }
}

export const cause = (name: string): ResourceId => `instance/${name}.1`;

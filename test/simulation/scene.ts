/**
 * One scene played through the whole loop: the simulated world as it is, but for the looks that the
 * scene answers itself. What the loop writes is kept, and recollected as for the next daemon.
 */
import type { Fleet } from "../../src/config/index.ts";
import { createIds, createRandom } from "../../src/kernel/index.ts";
import { createRecollection, recollect } from "../../src/knowledge/index.ts";
import {
  createLoopState,
  type LoopState,
  type LoopTools,
  resume,
  tick,
} from "../../src/loop/index.ts";
import type { Entry, Failure, Reading, ReadRequest, ResourceId } from "../../src/model/index.ts";
import { Invariants } from "./invariants.ts";
import { SimulatedWorld } from "./simulated-world.ts";

export interface SceneAnswer {
  readonly delayMs: number;
  readonly readings: readonly Reading[];
}

/** Undefined: the world answers. */
export type Answers = (request: ReadRequest, nowMs: number) => SceneAnswer | undefined;

type Of<K extends Entry["kind"]> = Extract<Entry, { kind: K }>;

export class Scene {
  readonly world: SimulatedWorld;
  readonly invariants: Invariants;
  answers: Answers = () => undefined;
  readonly loop: LoopState;
  readonly #tools: LoopTools;
  readonly #memory = createRecollection();
  readonly #entries: Entry[] = [];
  #wakeMs = 0;

  constructor(fleet: Fleet, seed = 1) {
    this.world = new SimulatedWorld(createRandom(seed));
    this.invariants = new Invariants(fleet, this.world);
    const clock = { now: () => this.world.now() };
    const random = createRandom(seed + 1);
    this.#tools = { clock, random, ids: createIds(clock, random) };
    this.loop = createLoopState(fleet, this.#tools);
    this.world.tell({ kind: "fleet", fleet });
  }

  play(forMs: number): void {
    const endMs = this.world.nowMs + forMs;
    for (;;) {
      const nextMs = Math.min(this.world.nextEventMs(), this.#wakeMs);
      if (nextMs > endMs) break;
      this.world.nowMs = Math.max(this.world.nowMs, nextMs);
      this.#tick();
    }
    this.world.nowMs = endMs;
  }

  #tick(): void {
    const done = tick(this.loop, this.world.runDue(), this.world.now());
    this.#entries.push(...done.entries);
    const { wallMs } = this.world.now();
    for (const entry of done.entries) recollect(this.#memory, entry, wallMs);
    this.invariants.written(done.entries);
    for (const read of done.reads) {
      const own = this.answers(read.request, this.world.nowMs);
      const { key } = read.request.spec;
      const tell = (readings: readonly Reading[]): void =>
        this.world.tell({ kind: "read", key, read: read.read, readings });
      if (own === undefined) this.world.look(read.request, tell);
      else this.world.at(own.delayMs, () => tell(own.readings));
    }
    for (const command of done.commands) {
      this.world.carryOut(command, (result) =>
        this.world.tell({ kind: "result", command: command.id, result }),
      );
    }
    this.#wakeMs = done.wakeMs ?? Number.POSITIVE_INFINITY;
  }

  /** The loop of a daemon that begins now, with this fleet and what the journal says. */
  successor(fleet: Fleet): LoopState {
    const next = createLoopState(fleet, this.#tools);
    resume(next, this.#memory, this.#tools);
    return next;
  }

  entries<K extends Entry["kind"]>(kind: K): readonly Of<K>[] {
    return this.#entries.filter((entry): entry is Of<K> => entry.kind === kind);
  }

  failures(): readonly Failure[] {
    return this.entries("failure_raised").map(({ failure }) => failure);
  }

  /** Failures that are not over. */
  open(): readonly Failure[] {
    const over = new Set(this.entries("failure_resolved").map(({ failure }) => failure));
    return this.failures().filter(({ id }) => !over.has(id));
  }

  /** What was done because something failed. */
  deeds(): readonly string[] {
    return this.entries("plan")
      .filter(({ plan }) => plan.cause.kind === "failure")
      .map(({ plan }) => `${plan.strategy} ${plan.resource}`);
  }
}

const well = (elapsedMs: number): Reading => ({
  kind: "check",
  ok: true,
  elapsedMs,
  reason: "200",
});

const silent = (elapsedMs: number): Reading => ({
  kind: "check",
  ok: false,
  elapsedMs,
  symptom: "timeout",
  reason: `no answer within ${elapsedMs} ms`,
});

/** As a sensor does it: the answer, or its own deadline. */
export function within(request: ReadRequest, tookMs: number): SceneAnswer {
  const { timeoutMs } = request.spec;
  return tookMs <= timeoutMs
    ? { delayMs: tookMs, readings: [well(tookMs)] }
    : { delayMs: timeoutMs, readings: [silent(timeoutMs)] };
}

export function pressureOf(percent: number): SceneAnswer {
  const sample = { series: "pressure.cpu", value: percent, unit: "percent" } as const;
  return { delayMs: 1, readings: [{ kind: "samples", samples: [sample] }] };
}

export const isLivenessOf = ({ spec }: ReadRequest, resource: ResourceId): boolean =>
  spec.resource === resource && spec.sensor === "liveness";

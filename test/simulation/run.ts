/**
 * One seeded run: the real stages over the simulated world, from the start of the fleet through
 * faults and crashes of the daemon to a quiet end.
 */
import { createIds, createRandom, integerBetween } from "../../src/kernel/index.ts";
import {
  createRecollection,
  readRecollection,
  recollect,
  writeRecollection,
} from "../../src/knowledge/index.ts";
import {
  createLoopState,
  type LoopInput,
  type LoopState,
  resume,
  tick,
} from "../../src/loop/index.ts";
import type { Entry } from "../../src/model/index.ts";
import { strike } from "./faults.ts";
import { Invariants } from "./invariants.ts";
import { simulatedFleet } from "./simulated-fleet.ts";
import { SimulatedWorld } from "./simulated-world.ts";

export interface RunOptions {
  readonly seed: number;
  readonly hours: number;
  readonly faultsPerHour: number;
  readonly services: number;
  readonly resources: number;
}

export interface RunResult {
  readonly seed: number;
  readonly broken: readonly string[];
  readonly observations: number;
  readonly ticks: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly recoveries: number;
  /** Restarts that the restart policy asked for. */
  readonly byPolicy: number;
  readonly rolledBack: number;
  readonly entries: number;
  /** Over all entries: equal seeds give equal journals. */
  readonly digest: string;
}

const settleMs = 20_000;
/** After the last fault; longer than a window of the budget, so that everything can end. */
const quietMs = 900_000;

export function run(options: RunOptions, watch?: (entry: Entry, nowMs: number) => void): RunResult {
  return new Simulation(options, watch).run();
}

class Simulation {
  readonly #options: RunOptions;
  readonly #watch: ((entry: Entry, nowMs: number) => void) | undefined;
  readonly #world: SimulatedWorld;
  readonly #versions = new Map<string, number>();
  readonly #invariants: Invariants;
  readonly #faults: Record<string, number> = {};
  readonly #chance;
  readonly #ids;
  #fleet;
  #loop: LoopState;
  #memory = createRecollection();
  #life = 0;
  #ticks = 0;
  #wakeMs = 0;
  #entries = 0;
  #digest = 2166136261;

  constructor(options: RunOptions, watch?: (entry: Entry, nowMs: number) => void) {
    this.#options = options;
    this.#watch = watch;
    this.#chance = createRandom(options.seed);
    this.#world = new SimulatedWorld(createRandom(options.seed + 1));
    this.#fleet = this.#makeFleet();
    this.#invariants = new Invariants(this.#fleet, this.#world);
    this.#ids = createIds({ now: () => this.#world.now() }, createRandom(options.seed + 2));
    this.#loop = this.#makeLoop();
  }

  run(): RunResult {
    const endMs = this.#options.hours * 3_600_000;
    this.#world.tell({ kind: "fleet", fleet: this.#fleet });
    this.#scheduleFaults(endMs);
    while (this.#world.nowMs < endMs + quietMs) {
      this.#world.nowMs = Math.max(
        this.#world.nowMs,
        Math.min(this.#world.nextEventMs(), this.#wakeMs),
      );
      this.#tick(this.#world.runDue());
    }
    this.#invariants.end();
    return {
      seed: this.#options.seed,
      broken: this.#invariants.broken,
      observations: this.#world.observations,
      ticks: this.#ticks,
      faults: this.#faults,
      recoveries: this.#invariants.recoveries,
      byPolicy: this.#invariants.byPolicy,
      rolledBack: this.#invariants.rolledBack,
      entries: this.#entries,
      digest: (this.#digest >>> 0).toString(16),
    };
  }

  #makeFleet() {
    const { services, resources } = this.#options;
    return simulatedFleet({ services, resources, versions: this.#versions });
  }

  #makeLoop(): LoopState {
    const clock = { now: () => this.#world.now() };
    return createLoopState(this.#fleet, { clock, ids: this.#ids, random: this.#chance });
  }

  #tick(inputs: readonly LoopInput[]): void {
    this.#ticks += 1;
    const done = tick(this.#loop, inputs, this.#world.now());
    if (done.entries.length > 0) this.#write(done.entries);
    const life = this.#life;
    const alive = (): boolean => life === this.#life;
    for (const read of done.reads) this.#world.read(read, alive);
    for (const command of done.commands) {
      this.#invariants.commanded(command);
      this.#world.carryOut(command, alive);
    }
    this.#wakeMs = done.wakeMs ?? Number.POSITIVE_INFINITY;
  }

  #write(entries: readonly Entry[]): void {
    this.#invariants.written(entries);
    for (const entry of entries) {
      recollect(this.#memory, entry, this.#world.now().wallMs);
      this.#entries += 1;
      this.#fold(JSON.stringify(entry));
      this.#watch?.(entry, this.#world.nowMs);
    }
  }

  /** FNV-1a over the text of the journal. */
  #fold(text: string): void {
    let digest = this.#digest;
    for (let index = 0; index < text.length; index += 1) {
      digest = Math.imul(digest ^ text.charCodeAt(index), 16777619);
    }
    this.#digest = digest;
  }

  #scheduleFaults(endMs: number): void {
    const { faultsPerHour, hours } = this.#options;
    const count = Math.ceil(faultsPerHour * hours);
    for (let index = 0; index < count; index += 1) {
      const span = (endMs - settleMs) / count;
      this.#world.at(settleMs + span * (index + this.#chance.next() * 0.9), () => this.#strike());
    }
  }

  #strike(): void {
    const name = strike(this.#world, this.#chance, {
      resources: this.#options.resources,
      breakConfig: (service) => this.#breakConfig(service),
      crashDaemon: () => this.#crashDaemon(),
    });
    if (name) this.#faults[name] = (this.#faults[name] ?? 0) + 1;
  }

  #breakConfig(service: string): void {
    this.#changeSpec(service, true);
    const repairMs = integerBetween(this.#chance, 60_000, 240_000);
    this.#world.at(repairMs, () => this.#changeSpec(service, false));
  }

  #changeSpec(service: string, isBroken: boolean): void {
    const version = (this.#versions.get(service) ?? 1) + 1;
    this.#versions.set(service, version);
    if (isBroken) this.#world.brokenSpecs.add(`${service}@${version}`);
    this.#fleet = this.#makeFleet();
    this.#world.tell({ kind: "fleet", fleet: this.#fleet });
  }

  /** kill -9 of the daemon: the world goes on, a new one reads the journal and adopts. */
  #crashDaemon(): void {
    this.#life += 1;
    this.#invariants.daemonDied();
    const checkpoint = readRecollection(writeRecollection(this.#memory));
    if (checkpoint === undefined) throw new Error("a checkpoint can be read again");
    this.#loop = this.#makeLoop();
    const clock = { now: () => this.#world.now() };
    resume(this.#loop, checkpoint, { clock, ids: this.#ids, random: this.#chance });
    this.#world.tell({ kind: "fleet", fleet: this.#fleet });
    for (const process of this.#world.processes.values()) {
      if (this.#world.current.get(process.resource) !== process.identity.pid) continue;
      const { identity, specHash } = process;
      this.#world.observe(process.resource, {
        kind: "started",
        process: identity,
        specHash,
        adopted: true,
      });
    }
  }
}

/**
 * One seeded run: the real daemon, or its stages alone, over the simulated world, from the start of
 * the fleet through faults, crashes of the daemon, times without a store and wishes of persons to a
 * quiet end.
 */
import { createIds, createRandom, integerBetween, type Random } from "../../src/kernel/index.ts";
import type { LoopInput } from "../../src/loop/index.ts";
import type { Entry } from "../../src/model/index.ts";
import { BareHost } from "./bare-host.ts";
import type { CrashStep } from "./crash-steps.ts";
import { allFaults, drawFault, type FaultName, strike, usualFaults } from "./faults.ts";
import { Invariants } from "./invariants.ts";
import { simulatedFleet } from "./simulated-fleet.ts";
import { SimulatedWorld } from "./simulated-world.ts";
import { Digest } from "./sums.ts";
import { WholeHost } from "./whole-host.ts";

export interface RunOptions {
  readonly seed: number;
  readonly hours: number;
  readonly faultsPerHour: number;
  readonly services: number;
  readonly resources: number;
  /**
   * The whole daemon, with its conductor and journal, in a fleet of all kinds, with all faults.
   * Else only the stages and the usual faults: what the bench measures.
   */
  readonly isWhole?: boolean;
  /** Persons act, and the daemon is killed at any step. */
  readonly isRestless?: boolean;
  /** What strikes, one after the other, instead of what chance draws. */
  readonly faults?: readonly FaultName[];
  /** Where the daemon is killed after each of them. */
  readonly crash?: { readonly step: CrashStep; readonly passes: number };
  /** How long all goes on after the last fault; by default longer than any of them lasts. */
  readonly quietMs?: number;
}

export interface RunResult {
  readonly seed: number;
  readonly broken: readonly string[];
  readonly observations: number;
  readonly ticks: number;
  readonly faults: Readonly<Record<string, number>>;
  /** At which step the daemon was killed, and how often. */
  readonly crashes: Readonly<Record<string, number>>;
  /** What persons have asked for, and how often. */
  readonly asked: Readonly<Record<string, number>>;
  readonly recoveries: number;
  /** Restarts that the restart policy asked for. */
  readonly byPolicy: number;
  readonly rolledBack: number;
  readonly entries: number;
  /** Over all entries: equal seeds give equal journals. */
  readonly digest: string;
}

/** What the daemon runs in. */
export interface Host {
  /** When it wants a turn although nothing has happened. */
  readonly wakeMs: number;
  readonly crashes: Readonly<Record<string, number>>;
  readonly asked: Readonly<Record<string, number>>;
  /** Nothing to wait for: undefined. */
  turn(inputs: readonly LoopInput[]): Promise<void> | undefined;
  crash(): void;
  takeStoreAway(forMs: number): void;
  /** A fault has struck. */
  struck(): void;
  end(): Promise<void>;
}

export interface HostParts {
  readonly options: RunOptions;
  readonly world: SimulatedWorld;
  readonly invariants: Invariants;
  readonly random: Random;
  readonly fleet: () => ReturnType<typeof simulatedFleet>;
  readonly ids: ReturnType<typeof createIds>;
  readonly written: (entries: readonly Entry[]) => void;
  /** Faults end at the first time, the run at the second. */
  readonly untilMs: number;
  readonly endMs: number;
}

const settleMs = 20_000;
const minuteMs = 60_000;
/** After the last fault; longer than a window of the budget, so that everything can end. */
const quietMs = { bare: 900_000, whole: 1_500_000 };

export function run(
  options: RunOptions,
  watch?: (entry: Entry, nowMs: number) => void,
): Promise<RunResult> {
  return new Simulation(options, watch).run();
}

class Simulation {
  readonly #options: RunOptions;
  readonly #watch: ((entry: Entry, nowMs: number) => void) | undefined;
  readonly #world: SimulatedWorld;
  readonly #versions = new Map<string, number>();
  readonly #invariants: Invariants;
  readonly #faults: Record<string, number> = {};
  readonly #digest = new Digest();
  readonly #chance: Random;
  readonly #host: Host;
  readonly #untilMs: number;
  readonly #endMs: number;
  #fleet;
  #turns = 0;
  #entries = 0;
  #strikes = 0;

  constructor(options: RunOptions, watch?: (entry: Entry, nowMs: number) => void) {
    const { seed, hours, isWhole = false } = options;
    this.#options = options;
    this.#watch = watch;
    this.#untilMs = hours * 3_600_000;
    this.#endMs = this.#untilMs + (options.quietMs ?? (isWhole ? quietMs.whole : quietMs.bare));
    this.#chance = createRandom(seed);
    this.#world = new SimulatedWorld(createRandom(seed + 1));
    this.#fleet = this.#makeFleet();
    this.#invariants = new Invariants(this.#fleet, this.#world);
    const parts: HostParts = {
      options,
      world: this.#world,
      invariants: this.#invariants,
      random: this.#chance,
      fleet: () => this.#fleet,
      ids: createIds(this.#world, createRandom(seed + 2)),
      written: (entries) => this.#written(entries),
      untilMs: this.#untilMs,
      endMs: this.#endMs,
    };
    this.#host = isWhole ? new WholeHost(parts) : new BareHost(parts);
  }

  async run(): Promise<RunResult> {
    const world = this.#world;
    const host = this.#host;
    this.#scheduleFaults();
    this.#watchTheClock();
    while (world.nowMs < this.#endMs) {
      world.nowMs = Math.max(world.nowMs, Math.min(world.nextEventMs(), host.wakeMs));
      this.#turns += 1;
      const pause = host.turn(world.runDue());
      if (pause) await pause;
    }
    this.#invariants.end();
    await host.end();
    const { broken, recoveries, byPolicy, rolledBack } = this.#invariants;
    return {
      seed: this.#options.seed,
      broken,
      observations: world.observations,
      ticks: this.#turns,
      faults: this.#faults,
      crashes: host.crashes,
      asked: host.asked,
      recoveries,
      byPolicy,
      rolledBack,
      entries: this.#entries,
      digest: this.#digest.text,
    };
  }

  #makeFleet() {
    const { services, resources, isWhole = false } = this.#options;
    return simulatedFleet({ services, resources, versions: this.#versions, isVaried: isWhole });
  }

  #written(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#entries += 1;
      this.#digest.add(JSON.stringify(entry));
      this.#watch?.(entry, this.#world.nowMs);
    }
  }

  #watchTheClock(): void {
    this.#world.at(minuteMs, () => {
      this.#invariants.minutePassed();
      this.#watchTheClock();
    });
  }

  #scheduleFaults(): void {
    const { faultsPerHour, hours, faults } = this.#options;
    const count = faults?.length ?? Math.ceil(faultsPerHour * hours);
    for (let index = 0; index < count; index += 1) {
      const span = (this.#untilMs - settleMs) / count;
      this.#world.at(settleMs + span * (index + this.#chance.next() * 0.9), () => this.#strike());
    }
  }

  #strike(): void {
    const { faults, isWhole, resources } = this.#options;
    const drawn = drawFault(this.#chance, isWhole ? allFaults : usualFaults);
    const name = faults?.[this.#strikes] ?? drawn;
    this.#strikes += 1;
    const hit = strike(
      this.#world,
      { name, random: this.#chance },
      {
        resources,
        breakConfig: (service) => this.#breakConfig(service),
        crashDaemon: () => this.#host.crash(),
        takeStoreAway: (forMs) => this.#host.takeStoreAway(forMs),
      },
    );
    if (hit) this.#faults[hit] = (this.#faults[hit] ?? 0) + 1;
    this.#host.struck();
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
}

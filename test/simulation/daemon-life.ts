/**
 * One life of the daemon in the simulated world, from its begin to its kill: the real conductor,
 * the real journal over a store that can be away, and what it takes over from the life before.
 * It can be killed at each of the `crashSteps`; then nothing it has begun is ever answered.
 */
import type { Fleet } from "../../src/config/index.ts";
import { JournalKeeper } from "../../src/daemon/journal-keeper.ts";
import { type Ids, type Random, type Timers } from "../../src/kernel/index.ts";
import { openResilientJournal, type Recollection } from "../../src/knowledge/index.ts";
import {
  Conductor,
  createLoopState,
  type LoopInput,
  type LoopState,
  type Orchestra,
  resume,
} from "../../src/loop/index.ts";
import type { Command, Effector, Entry, Kept, Sensor, StepResult } from "../../src/model/index.ts";
import { adoptedBy } from "./adoption.ts";
import type { CrashPlace, CrashStep, Reaper } from "./crash-steps.ts";
import type { SimulatedDisk } from "./simulated-disk.ts";
import type { Flight } from "./simulated-effectors.ts";
import type { SimulatedWorld } from "./simulated-world.ts";
import { macOf } from "./sums.ts";

export interface LifeParts {
  readonly world: SimulatedWorld;
  readonly disk: SimulatedDisk;
  readonly reaper: Reaper;
  readonly fleet: Fleet;
  readonly ids: Ids;
  readonly random: Random;
  /** Called before an effector is. */
  readonly commanded: (command: Command, kept: Kept) => void;
  /** Before the loop hears of it. */
  readonly answered: (command: Command, result: StepResult) => void;
  /** Entries are about to be kept: what becomes of them is known when `written` is called. */
  readonly told: (entries: readonly Entry[]) => void;
  readonly written: (entries: readonly Entry[], kept: Kept) => void;
  readonly died: (step: CrashPlace) => void;
}

const never = new Promise<never>(() => undefined);
const signal = {
  aborted: false,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
};
const log = {
  info: () => undefined,
  warn: () => undefined,
  complain: () => undefined,
  reopen: () => undefined,
  close: () => undefined,
};
const sensorKinds = ["http", "process-usage", "work", "proxy", "pressure", "connectivity"];
const effectorKinds = [
  "start",
  "stop",
  "ready",
  "drain",
  "eject",
  "readmit",
  "diagnose",
  "collect",
  "command",
  "start-proxy",
];
/** A new daemon goes on from the last checkpoint, so it is taken at all times. */
const checkpointShare = 0.05;

export class DaemonLife {
  isOver = false;
  /** Something happened that the conductor has not dealt with yet. */
  isTouched = true;
  readonly loop: LoopState;
  /** What the life before left, as this one has read it. */
  readonly memory: Recollection;
  readonly #parts: LifeParts;
  readonly #keeper: JournalKeeper;
  readonly #conductor: Conductor;
  readonly #flights = new Set<Flight>();
  #diesAtWrite = false;
  #hasWritten = false;

  static async begin(parts: LifeParts): Promise<DaemonLife> {
    const { world, disk, ids } = parts;
    const life: { current?: DaemonLife } = {};
    const timers = timersOf(world, life);
    const store = disk.connect();
    const journal = await openResilientJournal({
      store,
      ids,
      timers,
      mac: macOf,
      clock: world,
      emergency: disk.emergency,
      ringMax: 60,
      returned: (how) => keeper.returned(how),
    });
    const redact = (entry: Entry): Entry => entry;
    const openPast = disk.past;
    const mac = macOf;
    const keeper = new JournalKeeper({ journal, store, timers, log, redact, openPast, mac });
    const memory = await keeper.recall();
    life.current = new DaemonLife(parts, { keeper, timers, memory });
    return life.current;
  }

  private constructor(
    parts: LifeParts,
    made: { keeper: JournalKeeper; timers: Timers; memory: Recollection },
  ) {
    const { world, fleet, ids, random } = parts;
    const { keeper, timers, memory } = made;
    const tools = { clock: world, ids, random };
    this.#parts = parts;
    this.#keeper = keeper;
    this.memory = memory;
    this.loop = createLoopState(fleet, tools);
    resume(this.loop, memory, tools);
    this.#conductor = new Conductor(this.loop, this.#orchestra(timers));
    for (const observation of adoptedBy(world, [...memory.runs.values()])) {
      this.#conductor.observe(observation);
    }
    this.#conductor.load(fleet);
  }

  take(inputs: readonly LoopInput[]): void {
    if (inputs.length > 0) this.isTouched = true;
    for (const input of inputs) {
      if (input.kind === "observation") this.#conductor.observe(input.observation);
      else if (input.kind === "request") this.#conductor.request(input.request);
      else if (input.kind === "fleet") this.#conductor.load(input.fleet);
    }
  }

  /** kill -9: the world goes on, and what was on its way ends or does not. */
  kill(step: CrashPlace): void {
    if (this.isOver) return;
    this.isOver = true;
    const { world, random, died } = this.#parts;
    for (const flight of this.#flights) {
      flight.isLost = flight.landsMs >= world.nowMs && random.next() < 0.5;
    }
    died(step);
  }

  #orchestra(timers: Timers): Orchestra {
    const sensor = this.#sensor();
    const effector = this.#effector();
    return {
      clock: this.#parts.world,
      timers,
      sensors: new Map(sensorKinds.map((kind) => [kind, sensor])),
      effectors: new Map(effectorKinds.map((kind) => [kind, effector])),
      write: (entries) => this.#write(entries),
      sync: () => this.#keeper.sync(),
      writeMetrics: () => Promise.resolve(),
      writeBaselines: () => Promise.resolve(),
      writeSketches: () => Promise.resolve(),
      deadline: () => ({ signal, end: () => undefined }),
      redact: (told) => told,
      complain: (what, error) => {
        throw new Error(what, { cause: error });
      },
    };
  }

  #sensor(): Sensor {
    return {
      kind: "simulated",
      read: (request) =>
        new Promise((resolve) => {
          if (this.isOver) return;
          this.#parts.world.look(request, (readings) => {
            this.isTouched = true;
            if (!this.isOver) resolve(readings);
          });
        }),
    };
  }

  #effector(): Effector {
    const carryOut = (command: Command): Promise<StepResult> => this.#carryOut(command);
    return { kind: "simulated", precheck: carryOut, act: carryOut, undo: carryOut };
  }

  #carryOut(command: Command): Promise<StepResult> {
    const { world, reaper, commanded, answered, random } = this.#parts;
    if (this.isOver) return never;
    commanded(command, this.#keeper.kept);
    const isDeed = command.phase !== "precheck";
    if (isDeed && this.#isKilledAt("called")) return never;
    return new Promise((resolve) => {
      const flight = world.carryOut(command, (result) => {
        this.isTouched = true;
        this.#flights.delete(flight);
        if (this.isOver || (isDeed && this.#isKilledAt("unsaid"))) return;
        if (isDeed && reaper.strikes("unnoted")) this.#diesAtWrite = true;
        answered(command, result);
        resolve(result);
      });
      this.#flights.add(flight);
      if (!isDeed || !reaper.strikes("under_way")) return;
      const leftMs = flight.landsMs - world.nowMs;
      world.at(random.next() * leftMs, () => this.kill("under_way"));
    });
  }

  async #write(entries: readonly Entry[]): Promise<Kept> {
    if (this.isOver) return await never;
    const isFirst = !this.#hasWritten;
    this.#hasWritten = true;
    if (isFirst && this.#isKilledAt("reborn")) return await never;
    if (this.#diesAtWrite) {
      this.kill("unnoted");
      return await never;
    }
    if (this.#isKilledAt("unwritten")) return await never;
    const { world, told, written } = this.#parts;
    told(entries);
    const kept = await this.#keeper.write(entries, world.now().wallMs);
    if (this.isOver) return await never;
    written(entries, kept);
    if (this.#parts.random.next() < checkpointShare) void this.#keeper.checkpoint();
    return this.#isKilledAt("written") ? await never : kept;
  }

  #isKilledAt(step: CrashStep): boolean {
    if (!this.#parts.reaper.strikes(step)) return false;
    this.kill(step);
    return true;
  }
}

/** Less would be lost in the sum with the time, which would stand still. */
const leastMs = 0.001;

/** Timers of a life end with it. */
function timersOf(world: SimulatedWorld, life: { readonly current?: DaemonLife }): Timers {
  return {
    after(delayMs, run) {
      let isCancelled = false;
      world.at(Math.max(leastMs, delayMs), () => {
        if (isCancelled || life.current?.isOver) return;
        if (life.current) life.current.isTouched = true;
        run();
      });
      return () => {
        isCancelled = true;
      };
    },
  };
}

/** For the tests of this folder: a conductor on a stage whose time and journal the test holds. */
import { type Fleet, formatProblem, loadFleet } from "../config/index.ts";
import { createIds, createRandom, DueHeap } from "../kernel/index.ts";
import type { Sketch } from "../knowledge/index.ts";
import type {
  Command,
  Effector,
  Entry,
  Kept,
  Reading,
  Sensor,
  StepResult,
} from "../model/index.ts";
import { Conductor, type Orchestra } from "./conductor.ts";
import { createLoopState } from "./loop-state.ts";

export const service = "services: { a: { command: node a.js } }";
export const site = "resources: { http/site: { url: http://127.0.0.1:1/, interval: 1s } }";

function fleetOf(text: string): Fleet {
  const files = [{ path: "soulmirror.yaml", text }];
  const loaded = loadFleet({ files, baseDir: "/srv", hash: () => "h" });
  if (!loaded.ok) throw new Error(loaded.error.map(formatProblem).join("\n"));
  return loaded.value.fleet;
}

interface Behaviour {
  /** Where the journal says that it is kept. */
  kept: Kept;
  /** Set: writing waits until `release` is called. */
  holds: boolean;
  readonly answer: (command: Command) => Promise<StepResult>;
  readonly read: () => Promise<readonly Reading[]>;
  sync: () => Promise<void>;
  readonly writeMetrics: Orchestra["writeMetrics"];
}

export const done: StepResult = { kind: "done", detail: "" };

/** An orchestra in memory; what happens in it is told in order. */
export class Stage {
  nowMs = 0;
  readonly told: string[] = [];
  readonly entries: Entry[] = [];
  readonly sketches: Sketch[] = [];
  readonly timeoutsMs: number[] = [];
  openDeadlines = 0;
  /** Deeds that began before anything was written about them. */
  readonly unannounced: string[] = [];
  readonly conductor: Conductor;
  readonly behaviour: Behaviour;
  writing = 0;
  writingMost = 0;
  #release: (() => void)[] = [];
  readonly #due = new DueHeap();
  readonly #timers = new Map<string, () => void>();
  #nextTimer = 0;
  #pid = 0;

  constructor(text: string, behaviour: Partial<Behaviour> = {}) {
    const pass: Reading = { kind: "check", ok: true, elapsedMs: 1, reason: "200" };
    const [answer, read] = [async () => done, async () => [pass]];
    const sync = async (): Promise<void> => {};
    const writeMetrics = async (): Promise<void> => {};
    const usual = { answer, read, sync, writeMetrics };
    this.behaviour = { kept: "store", holds: false, ...usual, ...behaviour };
    const clock = { now: () => ({ wallMs: 1e12 + this.nowMs, monotonicMs: this.nowMs }) };
    const ids = createIds(clock, createRandom(2));
    const fleet = fleetOf(text);
    const state = createLoopState(fleet, { clock, random: createRandom(1), ids });
    this.conductor = new Conductor(state, this.#orchestra(clock));
    this.conductor.load(fleet);
  }

  #orchestra(clock: Orchestra["clock"]): Orchestra {
    const tell = async (command: Command): Promise<StepResult> => {
      this.told.push(`${command.phase} ${command.step.kind}`);
      if (command.phase === "act" && !this.isWritten(command)) this.unannounced.push(command.id);
      const result = await this.behaviour.answer(command);
      const isStart = command.phase === "act" && command.step.kind === "start";
      if (isStart && result.kind === "done") this.start();
      return result;
    };
    const effectorOf = (kind: string): Effector => ({ kind, precheck: tell, act: tell });
    const kinds = ["start", "stop", "command", "eject", "diagnose", "collect"];
    const sensors: readonly Sensor[] = [
      { kind: "http", read: async () => await this.behaviour.read() },
      { kind: "process-usage", read: async () => [{ kind: "samples", samples: [] }] },
    ];
    return {
      clock,
      timers: { after: (delayMs, run) => this.#after(delayMs, run) },
      sensors: new Map(sensors.map((sensor) => [sensor.kind, sensor])),
      effectors: new Map(kinds.map((kind) => [kind, effectorOf(kind)])),
      write: async (entries) => await this.#write(entries),
      sync: async () => {
        this.told.push("sync");
        await this.behaviour.sync();
      },
      writeMetrics: async (rows) => await this.behaviour.writeMetrics(rows),
      writeBaselines: async () => {},
      writeSketches: async (rows) => void this.sketches.push(...rows),
      deadline: (timeoutMs) => {
        this.timeoutsMs.push(timeoutMs);
        this.openDeadlines += 1;
        return {
          signal: { aborted: false, addEventListener: () => {}, removeEventListener: () => {} },
          end: () => {
            this.openDeadlines -= 1;
          },
        };
      },
      redact: (told) => told,
      complain: (what) => void this.told.push(`complaint: ${what}`),
    };
  }

  async #write(entries: readonly Entry[]): Promise<Kept> {
    this.writing += 1;
    this.writingMost = Math.max(this.writing, this.writingMost);
    this.told.push("write");
    if (this.behaviour.holds) await new Promise<void>((resolve) => this.#release.push(resolve));
    this.entries.push(...entries);
    this.writing -= 1;
    this.told.push("written");
    return this.behaviour.kept;
  }

  #after(delayMs: number, run: () => void): () => void {
    const key = String(this.#nextTimer);
    this.#nextTimer += 1;
    this.#timers.set(key, run);
    this.#due.set(key, this.nowMs + delayMs);
    return () => this.#due.delete(key);
  }

  get openTimers(): number {
    return this.#due.size;
  }

  /** Lets everything run that has been started. */
  async settle(): Promise<void> {
    for (let count = 0; count < 200; count += 1) await Promise.resolve();
  }

  async wait(forMs: number): Promise<void> {
    const endMs = this.nowMs + forMs;
    await this.settle();
    for (let ms = this.#due.nextDueMs(); ms !== undefined && ms <= endMs; ) {
      this.nowMs = Math.max(this.nowMs, ms);
      const key = this.#due.takeDue(this.nowMs);
      if (key !== undefined) this.#timers.get(key)?.();
      await this.settle();
      ms = this.#due.nextDueMs();
    }
    this.nowMs = endMs;
    await this.settle();
  }

  async release(): Promise<void> {
    for (const resolve of this.#release.splice(0)) resolve();
    await this.settle();
  }

  /** True when the journal holds the action that the command belongs to. */
  isWritten({ action }: Command): boolean {
    return this.entries.some((entry) => entry.kind === "action" && entry.action.id === action);
  }

  /** A process is there; the next one has another pid. */
  start(): void {
    this.#pid += 1;
    const process = { pid: this.#pid, startTicks: 1, bootId: "b" };
    this.observe({ kind: "started", process, specHash: "h", adopted: false });
  }

  observe(reading: Reading): void {
    const at = { at: 1e12 + this.nowMs, begunMs: this.nowMs };
    const resource = "instance/a.1";
    this.conductor.observe({ resource, sensor: "process", reading, ...at });
  }

  statuses(): string[] {
    return this.entries
      .flatMap((entry) => (entry.kind === "action" ? [entry.action.status] : []))
      .map((status) => ("reason" in status ? `${status.kind}: ${status.reason}` : status.kind));
  }
}

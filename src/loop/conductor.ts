/**
 * Runs the loop on the real world, through ports: hands observations and results in, writes the
 * journal, and only then lets effectors act.
 *
 * K1. Ticks never overlap. One runs when something has arrived (whatever arrives meanwhile is
 *     taken together) or when the next deadline is due; there is no fixed period.
 * K2. Commands that change something run after their announcement is written, in this tick or in
 *     one before; looks and prechecks change nothing and begin at once. Nothing else is awaited:
 *     sensors, effectors and metrics run beside the ticks and can never delay them.
 * K3. What needs the disk (`afterSync`) runs only after the journal is there; while the journal is
 *     anywhere but in the store it is refused.
 * K4. Every sensor and effector gets a deadline; one that throws counts as failed.
 * K5. A command's time begins with the tick that gives it: what the journal takes of it is gone. So
 *     nothing begins that the loop has given up already, and nothing goes on for long after.
 * K6. What sensors and effectors say is heard without secrets: nothing behind it gets to know them.
 */
import type { Fleet } from "../config/index.ts";
import {
  BoundedQueue,
  type CancelTimer,
  type Clock,
  messageOf,
  type Timers,
} from "../kernel/index.ts";
import type { Recollection, Sketch, SketchPage } from "../knowledge/index.ts";
import type {
  AbortSignalLike,
  BaselineRow,
  Command,
  Deadline,
  Effector,
  Entry,
  Kept,
  MetricRow,
  Observation,
  PersonRequest,
  Reading,
  Sensor,
  StepResult,
} from "../model/index.ts";
import type { Read } from "../monitor/index.ts";
import { type LoopInput, type Tick, tick } from "./loop.ts";
import type { LoopState } from "./loop-state.ts";

type WriteRows<Row> = (rows: readonly Row[]) => Promise<void>;

/** What the conductor needs of the real world. */
export interface Orchestra {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly sensors: ReadonlyMap<string, Sensor>;
  readonly effectors: ReadonlyMap<string, Effector>;
  /** Seals and writes; resolves with where they are, and never rejects. */
  write(entries: readonly Entry[]): Promise<Kept>;
  /** Resolves when everything written is on the disk. */
  sync(): Promise<void>;
  readonly writeMetrics: WriteRows<MetricRow>;
  readonly writeBaselines: WriteRows<BaselineRow>;
  readonly writeSketches: WriteRows<Sketch>;
  deadline(timeoutMs: number): Deadline;
  /** Takes secrets out of the texts for people in what was told. */
  redact<T>(told: T): T;
  /** For what nobody waits for: it is logged. */
  complain(what: string, error: unknown): void;
}

const inputsMax = 100_000;
const reservedForOthers = 1000;
const metricWritesMax = 4;
/** So much of a command's time the journal may take without making it shorter. */
const journalMs = 1500;

export class Conductor {
  readonly #state: LoopState;
  readonly #orchestra: Orchestra;
  readonly #inputs: BoundedQueue<LoopInput> = new BoundedQueue<LoopInput>(inputsMax);
  #ticking = false;
  #stopped = false;
  #kept: Kept = "store";
  #timer: CancelTimer | undefined;
  #metricWrites = 0;
  #idle: (() => void)[] = [];
  #openCommands = 0;
  #metricsLost = 0;

  constructor(state: LoopState, orchestra: Orchestra) {
    this.#state = state;
    this.#orchestra = orchestra;
  }

  get state(): LoopState {
    return this.#state;
  }

  /** Where the journal is being kept. */
  get kept(): Kept {
    return this.#kept;
  }

  /** Inputs refused because the queue was full, and metric rows not written. */
  get losses(): { readonly inputs: number; readonly metricRows: number } {
    return { inputs: this.#inputs.refused, metricRows: this.#metricsLost };
  }

  /** Inputs that wait for the next tick. */
  get queued(): number {
    return this.#inputs.size;
  }

  observe(observation: Observation): void {
    this.#offer({ kind: "observation", observation: this.#orchestra.redact(observation) });
  }

  /** False when the queue is full: whoever asked has to know. */
  request(request: PersonRequest): boolean {
    return this.#offer({ kind: "request", request });
  }

  /** What was usual before this daemon began. False when the queue is full: to be given again. */
  recall(page: SketchPage): boolean {
    return this.#offer({ kind: "usual", ...page });
  }

  /** What was before, for a start that did not know. False when the queue is full. */
  recollect(memory: Recollection): boolean {
    return this.#offer({ kind: "past", memory });
  }

  load(fleet: Fleet): void {
    this.#offer({ kind: "fleet", fleet });
  }

  /** No tick after this one; resolves when the running one and its commands are over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.();
    if (!this.#ticking && this.#openCommands === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #offer(input: LoopInput): boolean {
    // What is seen comes again with the next look; the rest would be missed.
    const isLook = input.kind === "read" || input.kind === "observation";
    const isTaken = this.#inputs.offer(input, isLook ? reservedForOthers : 0);
    if (!isTaken) this.#orchestra.complain("the input queue is full", input.kind);
    this.#wake();
    return isTaken;
  }

  #wake(): void {
    if (this.#ticking || this.#stopped) return;
    this.#ticking = true;
    this.#timer?.();
    this.#timer = undefined;
    // After what runs now: inputs that arrive together are one tick.
    queueMicrotask(() => void this.#run());
  }

  async #run(): Promise<void> {
    for (let again = true; again && !this.#stopped; ) again = await this.#tickOnce();
    this.#ticking = false;
    if (this.#stopped) this.#release();
    else if (this.#inputs.size > 0) this.#wake();
  }

  /** True when the next tick is due at once. */
  async #tickOnce(): Promise<boolean> {
    const now = this.#orchestra.clock.now();
    const done = tick(this.#state, this.#inputs.drain(), now);
    for (const key of done.forgotten) this.#forget(key);
    for (const read of done.reads) void this.#read(read);
    const series = done.metrics.length + done.baselines.length + done.sketches.length;
    if (series > 0) void this.#writeSeries(done);
    const { monotonicMs: givenMs } = now;
    for (const command of done.commands) {
      if (command.announced) void this.#carryOut(command, givenMs);
    }
    if (done.entries.length > 0) {
      this.#kept = await this.#orchestra.write(done.entries);
    }
    for (const command of done.commands) {
      if (!command.announced) void this.#carryOut(command, givenMs);
    }
    if (this.#inputs.size > 0) return true;
    if (done.wakeMs === undefined || this.#stopped) return false;
    const delayMs = done.wakeMs - this.#orchestra.clock.now().monotonicMs;
    if (delayMs <= 0) return true;
    this.#timer = this.#orchestra.timers.after(delayMs, () => this.#wake());
    return false;
  }

  async #read(read: Read): Promise<void> {
    const { spec } = read.request;
    const begunMs = this.#orchestra.clock.now().monotonicMs;
    const seen = await this.#look(read).catch((error: unknown): readonly Reading[] => {
      const elapsedMs = this.#orchestra.clock.now().monotonicMs - begunMs;
      const reason = `the ${spec.kind} sensor failed: ${messageOf(error)}`;
      return [{ kind: "check", ok: false, elapsedMs, symptom: "sensor", reason }];
    });
    const readings = this.#orchestra.redact(seen);
    this.#offer({ kind: "read", key: spec.key, read: read.read, readings });
  }

  async #look(read: Read): Promise<readonly Reading[]> {
    const { spec } = read.request;
    const sensor = this.#orchestra.sensors.get(spec.kind);
    if (sensor === undefined) throw new Error(`there is no sensor of kind ${spec.kind}`);
    const deadline = this.#orchestra.deadline(spec.timeoutMs);
    try {
      return await sensor.read(read.request, deadline.signal);
    } finally {
      deadline.end();
    }
  }

  #forget(key: string): void {
    for (const sensor of this.#orchestra.sensors.values()) sensor.forget?.(key);
  }

  async #carryOut(command: Command, givenMs: number): Promise<void> {
    this.#openCommands += 1;
    const told = await this.#perform(command, givenMs).catch((error: unknown): StepResult => {
      this.#orchestra.complain(`the ${command.step.kind} effector threw`, error);
      return { kind: "failed", reason: messageOf(error) };
    });
    this.#openCommands -= 1;
    const result = this.#orchestra.redact(told);
    this.#offer({ kind: "result", command: command.id, result });
    if (this.#stopped) this.#release();
  }

  async #perform(command: Command, givenMs: number): Promise<StepResult> {
    const { phase, step } = command;
    const effector = this.#orchestra.effectors.get(step.kind);
    if (effector === undefined) {
      return { kind: "refused", reason: `there is no effector of kind ${step.kind}` };
    }
    const reason = command.afterSync && phase === "act" ? await this.#unsafe() : undefined;
    if (reason !== undefined) return { kind: "refused", reason };
    const waitedMs = this.#orchestra.clock.now().monotonicMs - givenMs;
    const leftMs = step.deadlineMs - Math.max(0, waitedMs - journalMs);
    if (leftMs <= 0) {
      const late = `the journal took ${Math.round(waitedMs)} ms, and its time is over`;
      return { kind: "refused", reason: late };
    }
    const deadline = this.#orchestra.deadline(leftMs);
    try {
      return await carryOutPhase(effector, command, deadline.signal);
    } finally {
      deadline.end();
    }
  }

  /** Why nothing irreversible may be done now; undefined when the journal is on the disk (K3). */
  async #unsafe(): Promise<string | undefined> {
    try {
      if (this.#kept === "store") await this.#orchestra.sync();
    } catch (error) {
      return `irreversible, and the journal is not on the disk: ${messageOf(error)}`;
    }
    // Asked afterwards: it may have left the store meanwhile.
    return this.#kept === "store"
      ? undefined
      : `irreversible, and the journal is kept in ${this.#kept}`;
  }

  /** Each for itself: what cannot be written of one takes nothing from the others. */
  async #writeSeries({ metrics, baselines, sketches }: Tick): Promise<void> {
    if (this.#metricWrites >= metricWritesMax) {
      // Metrics are gone; baselines and sketches come again within their hour.
      this.#metricsLost += metrics.length;
      return;
    }
    this.#metricWrites += 1;
    const { writeMetrics, writeBaselines, writeSketches } = this.#orchestra;
    if (!(await this.#attempt("metrics were not written", metrics, writeMetrics))) {
      this.#metricsLost += metrics.length;
    }
    await this.#attempt("baselines were not written", baselines, writeBaselines);
    await this.#attempt("what is usual was not written", sketches, writeSketches);
    this.#metricWrites -= 1;
  }

  /** False when they were not written, which is told. */
  async #attempt<Row>(
    failed: string,
    rows: readonly Row[],
    write: WriteRows<Row>,
  ): Promise<boolean> {
    if (rows.length === 0) return true;
    try {
      await write(rows);
      return true;
    } catch (error) {
      this.#orchestra.complain(failed, error);
      return false;
    }
  }

  #release(): void {
    if (this.#ticking || this.#openCommands > 0) return;
    for (const resolve of this.#idle) resolve();
    this.#idle = [];
  }
}

/** What the command asks for: to look whether it may be done, to do it, or to take it back. */
async function carryOutPhase(
  effector: Effector,
  command: Command,
  signal: AbortSignalLike,
): Promise<StepResult> {
  const { phase, step } = command;
  if (phase === "precheck") return await effector.precheck(command, signal);
  if (phase === "act") return await effector.act(command, signal);
  return effector.undo === undefined
    ? { kind: "refused", reason: `${step.kind} cannot be undone` }
    : await effector.undo(command, signal);
}

/**
 * A world to run the loop in: processes that start, work, hang, leak and die, ports that are held.
 * Everything happens at a simulated time and by a seeded chance. The world knows the truth, so it
 * can tell whether the loop did right. How it is looked at is in `simulated-sensors.ts`, what is
 * done to it in `simulated-effectors.ts`.
 *
 * An instance has one current process, and while it is renewed the previous one beside it, which
 * takes its place again when the current one ends.
 */
import { type Instant, integerBetween, MinHeap, type Random } from "../../src/kernel/index.ts";
import type { LoopInput } from "../../src/loop/index.ts";
import type {
  Command,
  ExitedReading,
  ProcessIdentity,
  Reading,
  ReadRequest,
  ResourceId,
  StepResult,
} from "../../src/model/index.ts";
import { type Flight, SimulatedEffectors } from "./simulated-effectors.ts";
import { baseBytes, leakBytesPerMs, memoryLimitBytes, serviceNameOf } from "./simulated-fleet.ts";
import { SimulatedSensors } from "./simulated-sensors.ts";
import { allWell, Truth } from "./truth.ts";

export type Illness = "well" | "hung" | "stalled" | "leaking" | "failing" | "dying";

export interface SimulatedProcess {
  readonly resource: ResourceId;
  readonly identity: ProcessIdentity;
  readonly specHash: string;
  readonly startedMs: number;
  readonly readyMs: number;
  illness: Illness;
  illSinceMs: number;
  jobs: number;
}

interface Event {
  readonly dueMs: number;
  readonly happen: () => void;
}

export class SimulatedWorld {
  nowMs = 0;
  observations = 0;
  readonly truth = new Truth();
  readonly processes = new Map<number, SimulatedProcess>();
  readonly current = new Map<ResourceId, number>();
  /** What is left of a process: its note. */
  readonly ended = new Map<number, { readonly startedMs: number; readonly wasPrevious: boolean }>();
  /** Specs under which a service crashes shortly after its start. */
  readonly brokenSpecs = new Set<string>();
  /** Until when the port of an instance belongs to a stranger. */
  readonly heldUntilMs = new Map<ResourceId, number>();
  /** What an instance falls ill with again and again, whoever restarts it, and until when. */
  readonly stubborn = new Map<
    ResourceId,
    { readonly illness: Illness; readonly untilMs: number }
  >();
  /** What commands of hooks have changed, wholly or half, and nobody has taken back. */
  readonly changed = new Set<ResourceId>();
  readonly random: Random;
  readonly #away = new Map<ResourceId, number>();
  readonly #events = new MinHeap<Event>();
  readonly #sensors: SimulatedSensors;
  readonly #effectors: SimulatedEffectors;
  #nextPid = 100;
  #inbox: LoopInput[] = [];

  constructor(random: Random) {
    this.random = random;
    this.#sensors = new SimulatedSensors(this);
    this.#effectors = new SimulatedEffectors(this);
  }

  now(): Instant {
    return { wallMs: 1_800_000_000_000 + this.nowMs, monotonicMs: this.nowMs };
  }

  at(delayMs: number, happen: () => void): void {
    this.#events.push({ dueMs: this.nowMs + delayMs, happen });
  }

  nextEventMs(): number {
    return this.#events.top?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** Lets everything happen that is due; returns what the loop gets to know. */
  runDue(): readonly LoopInput[] {
    while (this.nextEventMs() <= this.nowMs) this.#events.pop()?.happen();
    const inbox = this.#inbox;
    this.#inbox = [];
    return inbox;
  }

  tell(input: LoopInput): void {
    this.#inbox.push(input);
  }

  observe(resource: ResourceId, reading: Reading): void {
    this.observations += 1;
    const at = this.now();
    this.tell({
      kind: "observation",
      observation: { resource, sensor: "process", at: at.wallMs, begunMs: at.monotonicMs, reading },
    });
  }

  /** Takes a look; the answer arrives later. */
  look(request: ReadRequest, answer: (readings: readonly Reading[]) => void): void {
    this.#sensors.look(request, answer);
  }

  /** Does what is commanded, which takes its time; a few commands are never answered. */
  carryOut(command: Command, answer: (result: StepResult) => void): Flight {
    return this.#effectors.carryOut(command, answer);
  }

  processOf(resource: ResourceId): SimulatedProcess | undefined {
    const pid = this.current.get(resource);
    return pid === undefined ? undefined : this.processes.get(pid);
  }

  /** It lives on beside its successor. */
  previousOf(resource: ResourceId): SimulatedProcess | undefined {
    const current = this.current.get(resource);
    for (const process of this.processes.values()) {
      if (process.resource === resource && process.identity.pid !== current) return process;
    }
    return undefined;
  }

  isReady(process: SimulatedProcess): boolean {
    return this.nowMs >= process.readyMs;
  }

  isWell(process: SimulatedProcess): boolean {
    return process.illness === "well" && this.isReady(process);
  }

  isAway(resource: ResourceId): boolean {
    return (this.#away.get(resource) ?? 0) > this.nowMs;
  }

  /** A resource outside of the fleet does not answer for so long. */
  goAway(resource: ResourceId, forMs: number): void {
    this.#away.set(resource, this.nowMs + forMs);
    this.#noteSite(resource);
    if (Number.isFinite(forMs)) this.at(forMs, () => this.#noteSite(resource));
  }

  /** Its alternative serves. */
  comeBack(resource: ResourceId): void {
    this.#away.delete(resource);
    this.#noteSite(resource);
  }

  #noteSite(resource: ResourceId): void {
    this.truth.note(resource, allWell(!this.isAway(resource)), this.nowMs);
  }

  start(resource: ResourceId, specHash: string): number {
    const pid = this.#nextPid;
    this.#nextPid += 1;
    const identity = { pid, startTicks: pid, bootId: "simulated" };
    const startMs = 30 + this.random.next() * 300;
    this.processes.set(pid, {
      resource,
      identity,
      specHash,
      startedMs: this.nowMs,
      readyMs: this.nowMs + startMs,
      illness: "well",
      illSinceMs: 0,
      jobs: 0,
    });
    this.current.set(resource, pid);
    this.#noteInstance(resource);
    this.observe(resource, { kind: "started", process: identity, specHash, adopted: false });
    const isDoomed = this.#fallsIllAgain(resource) === "dying";
    if (isDoomed || this.brokenSpecs.has(specHash))
      this.#endIn(integerBetween(this.random, 5, 60), pid, 1);
    else this.at(startMs, () => this.#nowReady(pid));
    return pid;
  }

  #nowReady(pid: number): void {
    const process = this.processes.get(pid);
    if (process === undefined) return;
    this.#noteInstance(process.resource);
    const again = this.#fallsIllAgain(process.resource);
    if (again !== undefined) this.fallIll(process, again);
    const service = serviceNameOf(process.resource);
    if (!service.startsWith("job-")) return;
    this.#endIn(integerBetween(this.random, 20_000, 90_000), pid, this.random.next() < 0.4 ? 1 : 0);
  }

  #fallsIllAgain(resource: ResourceId): Illness | undefined {
    const again = this.stubborn.get(resource);
    return again !== undefined && again.untilMs > this.nowMs ? again.illness : undefined;
  }

  #endIn(delayMs: number, pid: number, code: number): void {
    this.at(delayMs, () => this.end(pid, { expected: false, code }));
  }

  end(pid: number, how: { expected: boolean; code?: number; signal?: string }): void {
    const process = this.processes.get(pid);
    if (process === undefined) return;
    const { resource, identity, startedMs } = process;
    const wasCurrent = this.current.get(resource) === pid;
    this.processes.delete(pid);
    this.ended.set(pid, { startedMs, wasPrevious: !wasCurrent });
    if (wasCurrent) this.current.delete(resource);
    const exit: ExitedReading = {
      kind: "exited",
      process: identity,
      code: how.code ?? null,
      signal: how.signal ?? null,
      uptimeMs: this.nowMs - startedMs,
      expected: how.expected || !wasCurrent,
    };
    this.observe(resource, exit);
    const previous = wasCurrent ? this.previousOf(resource) : undefined;
    if (previous) this.#putBack(previous);
    // A job that has done its work is well.
    const isDone = how.code === 0 && serviceNameOf(resource).startsWith("job-");
    if (isDone) this.truth.note(resource, allWell(true), this.nowMs);
    else this.#noteInstance(resource);
  }

  /** The one that was to be replaced is the instance again. */
  #putBack({ resource, identity, specHash }: SimulatedProcess): void {
    this.current.set(resource, identity.pid);
    this.observe(resource, { kind: "started", process: identity, specHash, adopted: true });
  }

  fallIll(process: SimulatedProcess, illness: Illness): void {
    process.illness = illness;
    process.illSinceMs = this.nowMs;
    this.#noteInstance(process.resource);
    if (illness !== "leaking") return;
    // The kernel's limit is the end of a leak that nobody does anything about.
    const { pid } = process.identity;
    this.at(leakToLimitMs, () => this.end(pid, { expected: false, signal: "SIGKILL" }));
  }

  /** By itself. */
  recover(process: SimulatedProcess): void {
    process.illness = "well";
    this.#noteInstance(process.resource);
  }

  #noteInstance(resource: ResourceId): void {
    const process = this.processOf(resource);
    const lives = process !== undefined && this.isReady(process);
    const isFreeOf = (...illnesses: readonly Illness[]): boolean =>
      lives && !illnesses.includes(process.illness);
    this.truth.note(
      resource,
      {
        lives,
        answers: isFreeOf("hung", "failing"),
        works: isFreeOf("hung", "stalled"),
        has_room: isFreeOf("leaking"),
        all: lives && this.isWell(process),
      },
      this.nowMs,
    );
  }
}

const leakToLimitMs = (memoryLimitBytes - baseBytes) / leakBytesPerMs;

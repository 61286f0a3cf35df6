/**
 * A world to run the loop in: processes that start, work, hang, leak and die, ports that are held,
 * looks that are answered late, effectors that fail. Everything happens at a simulated time and by
 * a seeded chance. The world knows the truth, so it can tell whether the loop did right.
 */
import { type Instant, integerBetween, MinHeap, type Random } from "../../src/kernel/index.ts";
import type { LoopInput } from "../../src/loop/index.ts";
import type {
  Command,
  ExitedReading,
  ProcessIdentity,
  Reading,
  ResourceId,
  StepResult,
} from "../../src/model/index.ts";
import type { Read } from "../../src/monitor/index.ts";
import { memoryLimitBytes } from "./simulated-fleet.ts";

export type Illness = "well" | "hung" | "stalled" | "leaking" | "failing";

export interface SimulatedProcess {
  readonly resource: ResourceId;
  readonly identity: ProcessIdentity;
  readonly specHash: string;
  readonly startedMs: number;
  readonly readyMs: number;
  illness: Illness;
  illSinceMs: number;
  /** Monotonic time of the last cure by itself. */
  wellSinceMs: number;
  jobs: number;
}

interface Event {
  readonly dueMs: number;
  readonly happen: () => void;
}

export class SimulatedWorld {
  nowMs = 0;
  readonly processes = new Map<number, SimulatedProcess>();
  readonly current = new Map<ResourceId, number>();
  /** Specs under which a service crashes shortly after its start. */
  readonly brokenSpecs = new Set<string>();
  /** Until when the port of an instance belongs to a stranger. */
  readonly heldUntilMs = new Map<ResourceId, number>();
  /** Resources outside of the fleet that do not answer, until when. */
  readonly awayUntilMs = new Map<ResourceId, number>();
  observations = 0;
  /** What commands of hooks have changed, wholly or half, and nobody has taken back. */
  readonly changed = new Set<ResourceId>();
  readonly #random: Random;
  readonly #lostMs = new Map<ResourceId, number>();
  readonly #events = new MinHeap<Event>();
  #nextPid = 100;
  #inbox: LoopInput[] = [];

  constructor(random: Random) {
    this.#random = random;
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

  processOf(resource: ResourceId): SimulatedProcess | undefined {
    const pid = this.current.get(resource);
    return pid === undefined ? undefined : this.processes.get(pid);
  }

  isReady(process: SimulatedProcess): boolean {
    return this.nowMs >= process.readyMs;
  }

  /** Takes a look; the answer arrives later. `alive` says whether the asking daemon still is. */
  read({ read, request }: Read, alive: () => boolean): void {
    const { spec } = request;
    const answer = (delayMs: number, readings: () => readonly Reading[]): void =>
      this.at(delayMs, () => {
        if (!alive()) return;
        const taken = readings();
        this.observations += taken.length;
        this.tell({ kind: "read", key: spec.key, read, readings: taken });
      });
    if (!spec.resource.startsWith("instance/")) {
      const away = (this.awayUntilMs.get(spec.resource) ?? 0) > this.nowMs;
      answer(away ? spec.timeoutMs : 3, () => [checkReading(!away, "timeout", spec.timeoutMs)]);
      return;
    }
    const process = this.processes.get(request.process?.pid ?? -1);
    if (process === undefined || !this.isReady(process)) {
      answer(1, () => [checkReading(false, "refused", 1)]);
    } else if (spec.kind === "process-usage") answer(0.1, () => [usage(process, this.nowMs)]);
    else if (process.illness === "hung") {
      answer(spec.timeoutMs, () => [checkReading(false, "timeout", spec.timeoutMs)]);
    } else if (spec.kind === "work") answer(1, () => [this.#work(process)]);
    else {
      const lost = this.#isLost(spec.resource);
      const failing = process.illness === "failing";
      if (lost) answer(spec.timeoutMs, () => [checkReading(false, "timeout", spec.timeoutMs)]);
      else answer(1 + this.#random.next() * 4, () => [checkReading(!failing, "status", 2)]);
    }
  }

  /**
   * One look in five thousand is lost although all is well: no reason to do anything. Two in a row
   * would be one.
   */
  #isLost(resource: ResourceId): boolean {
    const isUnlucky = this.#random.next() < 0.0002;
    const wasJustNow = this.nowMs - (this.#lostMs.get(resource) ?? -lostApartMs) < lostApartMs;
    if (isUnlucky && !wasJustNow) this.#lostMs.set(resource, this.nowMs);
    return isUnlucky && !wasJustNow;
  }

  #work(process: SimulatedProcess): Reading {
    if (process.illness !== "stalled") process.jobs += 3;
    return { kind: "work", counter: "jobs_total", done: process.jobs, waiting: 2 };
  }

  carryOut(command: Command, alive: () => boolean): void {
    const answer = (delayMs: number, result: () => StepResult): void =>
      this.at(delayMs, () => {
        const taken = result();
        if (alive()) this.tell({ kind: "result", command: command.id, result: taken });
      });
    const roll = this.#random.next();
    // Now and then an effector fails, and rarely it never answers.
    if (command.step.kind === "command" && command.phase === "act") {
      this.#runHook(command, { roll, answer });
    } else if (command.phase === "act" && roll < 0.01) {
      answer(2, () => ({ kind: "failed", reason: "the simulated effector failed" }));
    } else if (command.phase !== "act" || roll >= 0.011) {
      answer(this.#durationMs(command), () => this.#perform(command));
    }
  }

  /** It changes the world at once, and then ends well, fails half-way, or never answers. */
  #runHook(
    { step: { resource } }: Command,
    { roll, answer }: { roll: number; answer: (delayMs: number, r: () => StepResult) => void },
  ): void {
    this.changed.add(resource);
    const detail = "changed";
    if (roll < 0.4) answer(20, () => ({ kind: "failed", reason: "exit code 1" }));
    else if (roll < 0.9) answer(20, () => ({ kind: "done", detail, undo: { ran: true } }));
  }

  #durationMs({ phase, step }: Command): number {
    if (phase === "precheck") return 0.5;
    if (step.kind === "ready") return 400;
    return step.kind === "drain" ? 50 : 5;
  }

  #perform({ phase, step, undo }: Command): StepResult {
    const { resource } = step;
    if (phase === "precheck") return this.#precheck(step.kind, resource);
    if (phase === "undo") {
      if (step.kind === "command") this.changed.delete(resource);
      if (typeof undo?.["pid"] === "number") this.#takeBack(resource, undo["pid"]);
      return { kind: "done", detail: "undone" };
    }
    switch (step.kind) {
      case "start":
        return this.#start(resource, step.parameters["specHash"] as string);
      case "stop":
        for (const process of this.processes.values()) {
          const previous = this.current.get(resource) !== process.identity.pid;
          if (process.resource !== resource) continue;
          if (step.parameters["which"] === "previous" && !previous) continue;
          this.end(process.identity.pid, { expected: true });
        }
        return { kind: "done", detail: "stopped" };
      case "ready": {
        const process = this.processOf(resource);
        return process && this.isReady(process)
          ? { kind: "done", detail: "ready" }
          : { kind: "failed", reason: "it exited" };
      }
      default:
        return { kind: "done", detail: step.kind };
    }
  }

  /** What was started beside another is stopped; the other is the current one again. */
  #takeBack(resource: ResourceId, pid: number): void {
    this.end(pid, { expected: true });
    const before = [...this.processes.values()].findLast((each) => each.resource === resource);
    if (before === undefined || this.current.has(resource)) return;
    this.current.set(resource, before.identity.pid);
    const { identity, specHash } = before;
    this.observe(resource, { kind: "started", process: identity, specHash, adopted: true });
  }

  #precheck(kind: string, resource: ResourceId): StepResult {
    if (kind === "start" && (this.heldUntilMs.get(resource) ?? 0) > this.nowMs) {
      this.observe(resource, { kind: "port-held", port: 4100, holder: { pid: 9, command: "nc" } });
      return { kind: "later", reason: "port 4100 is held by pid 9 (nc)", retryAfterMs: 100 };
    }
    return { kind: "done", detail: "" };
  }

  #start(resource: ResourceId, specHash: string): StepResult {
    const pid = this.#nextPid;
    this.#nextPid += 1;
    const identity = { pid, startTicks: pid, bootId: "simulated" };
    const readyMs = this.nowMs + 30 + this.#random.next() * 300;
    this.processes.set(pid, {
      resource,
      identity,
      specHash,
      startedMs: this.nowMs,
      readyMs,
      illness: "well",
      illSinceMs: 0,
      wellSinceMs: this.nowMs,
      jobs: 0,
    });
    this.current.set(resource, pid);
    this.observe(resource, { kind: "started", process: identity, specHash, adopted: false });
    if (this.brokenSpecs.has(specHash)) {
      this.at(integerBetween(this.#random, 5, 60), () =>
        this.end(pid, { expected: false, code: 1 }),
      );
    }
    return { kind: "done", detail: `pid ${pid}`, undo: { pid } };
  }

  end(pid: number, how: { expected: boolean; code?: number; signal?: string }): void {
    const process = this.processes.get(pid);
    if (process === undefined) return;
    this.processes.delete(pid);
    if (this.current.get(process.resource) === pid) this.current.delete(process.resource);
    const exit: ExitedReading = {
      kind: "exited",
      process: process.identity,
      code: how.code ?? null,
      signal: how.signal ?? null,
      uptimeMs: this.nowMs - process.startedMs,
      expected: how.expected,
    };
    this.observe(process.resource, exit);
  }

  fallIll(process: SimulatedProcess, illness: Illness): void {
    process.illness = illness;
    process.illSinceMs = this.nowMs;
    if (illness !== "leaking") return;
    // The kernel's limit is the end of a leak that nobody does anything about.
    const { pid } = process.identity;
    this.at(leakToLimitMs, () => this.end(pid, { expected: false, signal: "SIGKILL" }));
  }
}

const lostApartMs = 20_000;
const baseBytes = 60 * 1024 * 1024;
const leakBytesPerMs = 4 * 1024;
const leakToLimitMs = (memoryLimitBytes - baseBytes) / leakBytesPerMs;

function usage(process: SimulatedProcess, nowMs: number): Reading {
  const leaked = process.illness === "leaking" ? (nowMs - process.illSinceMs) * leakBytesPerMs : 0;
  const value = baseBytes + leaked;
  return {
    kind: "samples",
    samples: [{ series: "memory.rss", value, unit: "bytes", limit: memoryLimitBytes }],
  };
}

function checkReading(
  ok: boolean,
  symptom: "timeout" | "refused" | "status",
  elapsedMs: number,
): Reading {
  return ok
    ? { kind: "check", ok, elapsedMs: 2, reason: "200" }
    : { kind: "check", ok, elapsedMs, symptom, reason: symptom };
}

/**
 * One operation at work: it begins calls, settles them, and asks its policies. What is done on
 * every call is in `start` and `workFulfilled`; calls that fail go the long way (`recovery.ts`).
 *
 * O1. A call is counted when it begins, and once as succeeded or failed, when its caller is
 *     answered. Each attempt votes once for the breaker: when the work has settled, or its time is
 *     over.
 * O2. What is decided where the mode forbids acting is counted as detected, and changes nothing.
 * O3. Late work keeps its place: what its caller has given up still burdens the dependency.
 */
import {
  Breaker,
  type BreakerPhase,
  type Classify,
  type Decision,
  type Judgement,
  judgeCall,
  type Tools,
} from "../../resilience/index.ts";
import { HotHistogram } from "../../statistics/index.ts";
import type { EngineEventHub, RecoverySuccess, RequestIds } from "../events.ts";
import type { OperationReport } from "../operation.ts";
import { watchStream } from "../streams/watch-stream.ts";
import { type Call, type CallOwner, disown, giveBack, takeCall } from "./call.ts";
import type { CallPlan } from "./call-plan.ts";
import { Counts } from "./counts.ts";
import type { Deadlines, WithDeadline } from "./deadlines.ts";
import { InFlight } from "./in-flight.ts";
import { type Pulse, type Pulsing, tickMs } from "./pulse.ts";
import { recover, wouldRetry } from "./recovery.ts";
import { Sampling, type SamplingMode } from "./sampling.ts";
import { SilentLooks } from "./silent-looks.ts";
import { timeIsOver } from "./time-is-over.ts";

/** What all operations of one engine share. */
export interface Shared {
  readonly tools: Tools;
  readonly pulse: Pulse;
  readonly deadlines: Deadlines;
  readonly events: EngineEventHub;
  readonly classify: Classify;
  readonly sampling: SamplingMode;
  /** A circuit has changed its phase. */
  readonly moved: (name: string, to: BreakerPhase) => void;
}

export class OperationCore implements CallOwner, Pulsing, WithDeadline {
  readonly name: string;
  readonly shared: Shared;
  readonly counts: Counts = new Counts();
  readonly inFlight: InFlight = new InFlight();
  /** O3. */
  readonly late: InFlight = new InFlight();
  /** Streams whose reader does not wait for anything now. */
  readonly idle: InFlight = new InFlight();
  readonly breaker: Breaker;
  isActive = false;
  isArmed = false;
  armedMs = 0;
  /** Findings about results and hanging calls. */
  silentErrors = 0;
  /** It has answered with a promise before: so does an open circuit then. */
  answersLater = false;
  #plan: CallPlan;
  readonly #pulse: Pulse;
  readonly #latency = new HotHistogram();
  readonly #sampling: Sampling;
  #silent: SilentLooks | undefined;
  readonly #waiting: (() => void)[] = [];
  #isLettingIn = false;

  constructor(name: string, shared: Shared, plan: CallPlan) {
    this.name = name;
    this.shared = shared;
    this.#plan = plan;
    this.#silent = plan.looksForSilentErrors ? new SilentLooks() : undefined;
    this.#pulse = shared.pulse;
    this.#sampling = new Sampling(shared.sampling);
    this.breaker = new Breaker(plan.breaker, (from, to, reason) => {
      const openForMs = this.breaker.openLeftMs(this.#pulse.nowMs);
      this.decided(
        { kind: "breaker", from, to, reason, ...(to === "open" ? { openForMs } : {}) },
        this.#plan.acts.breaker,
      );
      shared.moved(name, to);
      if (from === "half_open" && to === "closed") this.recovered("breaker", 1);
    });
  }

  get plan(): CallPlan {
    return this.#plan;
  }

  configure(plan: CallPlan): void {
    this.#plan = plan;
    this.#silent = plan.looksForSilentErrors ? (this.#silent ?? new SilentLooks()) : undefined;
    this.breaker.configure(plan.breaker);
    const { oldest } = this.inFlight;
    if (oldest !== undefined && plan.timeoutMs > 0) this.#arm(oldest);
    this.#letNextBegin();
  }

  /** Calls that the dependency is at work for. */
  get occupied(): number {
    return this.inFlight.size + this.late.size + this.idle.size;
  }

  /** An attempt begins. The call has been counted by whoever admitted it. */
  start(ticket: number): Call {
    const call = takeCall();
    call.owner = this;
    call.answer = "watched";
    call.ticket = ticket;
    this.wait(call);
    return call;
  }

  /** From now on its time runs: that of an attempt, or of the next chunk of a stream. */
  wait(call: Call): void {
    const sampling = this.#sampling;
    sampling.left -= 1;
    if (sampling.left <= 0) {
      const nowMs = this.#pulse.monotonicMs();
      this.#pulse.nowMs = nowMs;
      call.isTimed = true;
      call.startedMs = nowMs;
      sampling.timed(nowMs);
    } else {
      call.isTimed = false;
      call.startedMs = this.#pulse.nowMs;
    }
    this.inFlight.begin(call);
    if (!this.isActive) this.#pulse.awake(this);
    if (!this.isArmed && this.#plan.timeoutMs > 0) this.#arm(call);
  }

  workFulfilled(call: Call, value: unknown): void {
    const elapsedMs = this.end(call);
    if (!call.isForsaken) {
      if (this.#silent?.shape.look(value) === true) this.#suspect(value);
      this.breaker.succeeded(call.ticket, this.#pulse.nowMs, elapsedMs);
      this.counts.succeeded += 1;
      if (call.answer === "owned") this.#answer(call, value, elapsedMs);
    }
    if (this.#waiting.length > 0) this.#letNextBegin();
    giveBack(call);
  }

  streamOpened(call: Call, stream: object): unknown {
    const opened = watchStream(this, call, stream);
    if (call.answer === "owned" && !call.isForsaken)
      (call.resolve as (value: unknown) => void)(opened);
    disown(call);
    return opened;
  }

  /** How the error was judged, unless nobody waits for this attempt any more. */
  workRejected(call: Call, error: unknown): Judgement | undefined {
    const elapsedMs = this.end(call);
    const judgement = call.isForsaken ? undefined : this.attemptFailed(call, error, elapsedMs);
    if (this.#waiting.length > 0) this.#letNextBegin();
    giveBack(call);
    return judgement;
  }

  /** The work has failed, or its time is over. `elapsedMs` below zero: it was not timed. */
  attemptFailed(call: Call, error: unknown, elapsedMs: number): Judgement {
    const judgement = judgeCall(this.shared.classify, error, call.signal);
    if (judgement.isFault) this.breaker.failed(call.ticket, this.#pulse.nowMs, elapsedMs);
    else this.breaker.dismissed(call.ticket);
    if (call.answer === "owned") {
      recover(this, call, { error, judgement, elapsedMs });
      return judgement;
    }
    if (this.#plan.retry !== undefined) wouldRetry(this, judgement, error);
    this.callFailed({ error, attempts: call.attempt, elapsedMs, ids: call.ids }, judgement);
    return judgement;
  }

  /** O1. */
  callFailed({ error, attempts, elapsedMs, ids }: Outcome, { category }: Judgement): void {
    this.counts.failure(category);
    const { events } = this.shared;
    if (!events.has("service_error")) return;
    const rest = elapsedMs < 0 ? ids : { ...ids, elapsedMs };
    events.emit("service_error", { operation: this.name, category, error, attempts, ...rest });
  }

  decided(decision: Decision, enforced: boolean): void {
    this.counts.decision(decision.kind, enforced);
    const { events } = this.shared;
    if (!events.has(decision.kind)) return;
    events.emit(decision.kind, { name: this.name, decision, enforced } as never);
  }

  recovered(by: RecoverySuccess["by"], attempts: number, elapsedMs = -1): void {
    const { events } = this.shared;
    if (!events.has("recovery_success")) return;
    const rest = elapsedMs < 0 ? {} : { elapsedMs };
    events.emit("recovery_success", { operation: this.name, by, attempts, ...rest });
  }

  /** Waits for a place; returns how to give up, or undefined: so many wait already. */
  enqueue(begin: () => void): (() => void) | undefined {
    if (this.#waiting.length >= this.#plan.queue) return undefined;
    this.#waiting.push(begin);
    return () => {
      const place = this.#waiting.indexOf(begin);
      if (place >= 0) this.#waiting.splice(place, 1);
    };
  }

  expire(nowMs: number): number | undefined {
    const { timeoutMs } = this.#plan;
    if (timeoutMs <= 0) return undefined;
    this.#pulse.nowMs = nowMs;
    for (let call = this.inFlight.oldest; call !== undefined; call = this.inFlight.oldest) {
      // What was not timed may have begun up to a tick after its stamp.
      const dueMs = call.startedMs + timeoutMs + (call.isTimed ? 0 : tickMs);
      if (dueMs > nowMs) return dueMs;
      timeIsOver(this, call, nowMs);
    }
    return undefined;
  }

  tick(nowMs: number, lateMs: number): boolean {
    const { inFlight, late } = this;
    const look = { nowMs, inFlight, late, latencies: this.#latency, lateMs };
    this.#tell(this.#silent?.hanging(look));
    return inFlight.size + late.size > 0;
  }

  report(): OperationReport {
    const { calls, succeeded, failed, failures, decisions } = this.counts;
    return {
      name: this.name,
      calls,
      succeeded,
      failed,
      failures,
      inFlight: this.occupied,
      latency: this.#latency.toSketch(),
      sampledEvery: this.#sampling.every,
      decisions,
      silentErrors: this.silentErrors,
      breaker: this.breaker.phase,
    };
  }

  /** Its time stops; milliseconds, or -1 when it was not timed. */
  end(call: Call): number {
    (call.list as InFlight).end(call);
    if (!call.isTimed) return -1;
    const nowMs = this.#pulse.monotonicMs();
    this.#pulse.nowMs = nowMs;
    const elapsedMs = nowMs - call.startedMs;
    this.#latency.add(elapsedMs);
    return elapsedMs;
  }

  #suspect(value: unknown): void {
    this.#tell(this.#silent?.explain(value));
  }

  #tell(found: ReturnType<SilentLooks["explain"]>): void {
    if (found === undefined) return;
    this.silentErrors += 1;
    this.shared.events.emit("silent_error", { operation: this.name, ...found });
  }

  #arm(call: Call): void {
    this.shared.deadlines.arm(this, call.startedMs + this.#plan.timeoutMs);
  }

  #answer(call: Call, value: unknown, elapsedMs: number): void {
    (call.resolve as (value: unknown) => void)(value);
    if (call.attempt > 1) this.recovered("retry", call.attempt, elapsedMs);
  }

  get #hasRoom(): boolean {
    const { concurrency } = this.#plan;
    return concurrency === 0 || this.occupied < concurrency;
  }

  #letNextBegin(): void {
    // Work that ends at once lets the next one begin from within: a loop, and no recursion.
    if (this.#isLettingIn) return;
    this.#isLettingIn = true;
    while (this.#waiting.length > 0 && this.#hasRoom) this.#waiting.shift()?.();
    this.#isLettingIn = false;
  }
}

export interface Outcome {
  readonly error: unknown;
  readonly attempts: number;
  readonly elapsedMs: number;
  readonly ids?: RequestIds | undefined;
}

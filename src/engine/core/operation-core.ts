/**
 * One operation at work: it begins calls, settles them, and asks its policies. What is done on
 * every call is in `start` and `workFulfilled`; calls that fail go the long way (`recovery.ts`).
 *
 * O1. A call is counted when it begins, and once as succeeded or failed, when its caller is
 *     answered. Each attempt votes once for the breaker: when the work has settled, or its time is
 *     over.
 * O2. What is decided where the mode forbids acting is counted as detected, and changes nothing.
 * O3. Late work keeps its place: what its caller has given up still burdens the dependency.
 * O4. A stream has a place while its reader reads. One that nobody has begun to read has none; one
 *     that he leaves lying gives it back. It is taken (again) when he reads (on), even where that
 *     is one too many.
 */
import { roundedMs } from "../../kernel/index.ts";
import { Breaker, type Decision, type Judgement, judgeCall } from "../../resilience/index.ts";
import { HotHistogram } from "../../statistics/index.ts";
import type { RecoverySuccess } from "../events.ts";
import type { OperationReport } from "../operation.ts";
import { currentRequestIds } from "../request-ids.ts";
import { discard, discardBody } from "../streams/discard.ts";
import { watchStream } from "../streams/watch-stream.ts";
import { type Call, type CallOwner, disown, giveBack, InFlight, takeCall } from "./call.ts";
import type { CallPlan } from "./call-plan.ts";
import { callersSignal } from "./callers-signal.ts";
import { Counts } from "./counts.ts";
import type { WithDeadline } from "./deadlines.ts";
import { ObservedBudget } from "./observed-budget.ts";
import { paceOf } from "./pace.ts";
import { provenOf } from "./proof.ts";
import { type Pulse, type Pulsing, tickMs } from "./pulse.ts";
import { recover, wouldRetry } from "./recovery.ts";
import { Sampling } from "./sampling.ts";
import { SilentLooks } from "./silent-looks.ts";
import { timeIsOver } from "./time-is-over.ts";
import { hasRoom } from "./turns.ts";
import type { Outcome, Pace, Shared, WorkingOperation } from "./working-operation.ts";

/** Of a stream that nobody reads on, where calls may take as long as they like. */
const restWithoutTimeoutMs = 30_000;

export class OperationCore implements WorkingOperation, CallOwner, Pulsing, WithDeadline {
  readonly name: string;
  readonly shared: Shared;
  readonly counts: Counts = new Counts();
  readonly inFlight: InFlight = new InFlight();
  /** O3. */
  readonly late: InFlight = new InFlight();
  /** Streams whose reader does not wait for anything now... */
  readonly idle: InFlight = new InFlight();
  /** ...nor did for as long as a call may take: they hold no place (O4). */
  readonly forgotten: InFlight = new InFlight();
  /** Connections whose reader waits for a chunk that nobody has promised. */
  readonly quiet: InFlight = new InFlight();
  readonly breaker: Breaker;
  /** Undefined: no limit per second. */
  pace: Pace | undefined;
  /** It has a method of a wrapper: that one turns its calls away. */
  isMade = false;
  /** Somebody else makes its calls, whatever its circuit says. */
  isMeasuredOnly = false;
  isActive = false;
  isArmed = false;
  armedMs = 0;
  /** Findings about results and hanging calls. */
  silentErrors = 0;
  /** It has answered with a promise before: so does an open circuit then. */
  answersLater = false;
  /** It has answered with what begins only when somebody waits for it. */
  answersLazily = false;
  #plan: CallPlan;
  readonly #pulse: Pulse;
  readonly #latency = new HotHistogram();
  readonly #sampling: Sampling;
  #silent: SilentLooks | undefined;
  #observed: ObservedBudget | undefined;
  readonly #waiting: (() => void)[] = [];
  #isLettingIn = false;

  constructor(name: string, shared: Shared, plan: CallPlan) {
    this.name = name;
    this.shared = shared;
    this.#plan = plan;
    this.pace = paceOf(plan.perSecond, undefined);
    this.#silent = plan.looksForSilentErrors ? new SilentLooks() : undefined;
    this.#pulse = shared.pulse;
    this.#sampling = new Sampling(shared.sampling);
    this.breaker = new Breaker(plan.breaker, (from, to, reason) => {
      const openForMs = this.breaker.openLeftMs(this.#pulse.nowMs);
      this.decided(
        { kind: "breaker", from, to, reason, ...(to === "open" ? { openForMs } : {}) },
        this.turnsAway,
      );
      shared.moved(name, to);
      if (from === "half_open" && to === "closed" && !this.breaker.isOff)
        this.recovered("breaker", 1);
    });
  }

  /** Whether its circuit keeps calls away, when it is open. */
  get turnsAway(): boolean {
    return this.#plan.acts.breaker && !this.isMeasuredOnly;
  }

  get plan(): CallPlan {
    return this.#plan;
  }

  configure(plan: CallPlan): void {
    // What was armed for another timeout may be too late for the calls of this one.
    if (plan.timeoutMs !== this.#plan.timeoutMs) this.isArmed = false;
    this.#plan = plan;
    this.#silent = plan.looksForSilentErrors ? (this.#silent ?? new SilentLooks()) : undefined;
    this.breaker.configure(plan.breaker);
    this.pace = paceOf(plan.perSecond, this.pace);
    const { oldest } = this.inFlight;
    if (oldest !== undefined && plan.timeoutMs > 0) this.#arm(oldest);
    if (this.idle.oldest !== undefined && plan.concurrency > 0) this.#armRest(this.idle.oldest);
    this.letNextBegin();
  }

  /** Calls that the dependency is at work for. */
  get occupied(): number {
    return this.inFlight.size + this.late.size + this.idle.size + this.quiet.size;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** An attempt begins. The call has been counted by whoever admitted it. */
  start(ticket: number): Call {
    const call = takeCall();
    call.owner = this;
    call.answer = "watched";
    call.ticket = ticket;
    call.ids = currentRequestIds();
    this.wait(call);
    return call;
  }

  /** From now on its time runs: that of an attempt, or of the next chunk of a stream. */
  wait(call: Call): void {
    const sampling = this.#sampling;
    sampling.left -= 1;
    // Between ticks somebody's latest time is good enough; while nothing ticks it stands still.
    if (sampling.left <= 0 || !this.isActive) {
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

  /** Of a stream: its reader asks for nothing now. */
  rest(call: Call): void {
    call.list?.end(call);
    this.idle.begin(call);
    if (this.#plan.concurrency === 0) return;
    call.startedMs = this.#pulse.monotonicMs();
    if (!this.isArmed) this.#armRest(call);
  }

  workFulfilled(call: Call, value: unknown): void {
    const elapsedMs = this.end(call);
    if (!call.isForsaken) {
      if (this.#silent?.shape.look(value) === true) this.#suspect(value);
      this.breaker.succeeded(call.ticket, this.#pulse.nowMs, elapsedMs);
      this.counts.succeeded += 1;
      if (call.attempt > 1) this.recovered("retry", call.attempt, this.#sinceMs(call.beganMs));
    } else discardBody(value);
    if (this.#waiting.length > 0) this.letNextBegin();
    giveBack(call);
  }

  streamOpened(call: Call, stream: object): unknown {
    if (call.isForsaken) {
      // A method may answer with the very thing that it belongs to.
      if (stream !== call.receiver) discard(stream);
      this.workFulfilled(call, undefined);
      return stream;
    }
    call.beforeMs = call.startedMs - call.beganMs;
    const opened = watchStream(this, call, stream);
    disown(call);
    return opened;
  }

  /** How the error was judged, unless nobody waits for this attempt any more. */
  workRejected(call: Call, error: unknown): Judgement | undefined {
    const elapsedMs = this.end(call);
    const judgement = call.isForsaken ? undefined : this.attemptFailed(call, error, elapsedMs);
    if (this.#waiting.length > 0) this.letNextBegin();
    giveBack(call);
    return judgement;
  }

  /** The work has failed, or its time is over. `elapsedMs` below zero: it was not timed. */
  attemptFailed(call: Call, error: unknown, elapsedMs: number): Judgement {
    // Where words are kept, it need not be the last of them.
    if (call.words !== undefined) call.signal ??= callersSignal(call.words);
    const found = judgeCall(this.shared.classify, error, call.signal);
    const judgement = call.isMetered ? found : provenOf(this, call, { error, judgement: found });
    if (elapsedMs < 0) this.#pulse.nowMs = this.#pulse.monotonicMs();
    if (judgement.isFault) this.breaker.failed(call.ticket, this.#pulse.nowMs, elapsedMs);
    else this.breaker.dismissed(call.ticket);
    if (call.answer === "owned") {
      recover(this, call, { error, judgement });
      return judgement;
    }
    // A metered call is somebody else's: no mode lets us make it again.
    if (this.#plan.retry !== undefined && !call.isMetered) {
      wouldRetry(this, { error, judgement }, () => this.#wouldSpend());
    }
    this.callFailed({ error, attempts: call.attempt, elapsedMs, ids: call.ids }, judgement);
    return judgement;
  }

  #sinceMs(beganMs: number): number {
    return beganMs < 0 ? -1 : this.#pulse.monotonicMs() - beganMs;
  }

  #wouldSpend(): boolean {
    this.#observed ??= new ObservedBudget();
    const ratio = this.#plan.retry?.budget.ratio ?? 0;
    return this.#observed.spend(this.counts.calls, ratio, this.#pulse.nowMs);
  }

  /** O1. */
  callFailed({ error, attempts, elapsedMs, ids }: Outcome, { category }: Judgement): void {
    this.counts.failure(category);
    const { events } = this.shared;
    if (!events.has("service_error")) return;
    const rest = elapsedMs < 0 ? ids : { ...ids, elapsedMs: roundedMs(elapsedMs) };
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
    const rest = elapsedMs < 0 ? {} : { elapsedMs: roundedMs(elapsedMs) };
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

  /** There may be room for those who wait. */
  letNextBegin(): void {
    // Work that ends at once lets the next one begin from within: a loop, and no recursion.
    if (this.#isLettingIn) return;
    this.#isLettingIn = true;
    try {
      while (this.#waiting.length > 0 && hasRoom(this)) this.#waiting.shift()?.();
    } finally {
      this.#isLettingIn = false;
    }
  }

  /** The same for a place whose holder may well take it again before this turn of the loop ends. */
  letNextBeginSoon(): void {
    if (this.#waiting.length > 0) this.shared.tools.timers.after(0, () => this.letNextBegin());
  }

  expire(nowMs: number): number | undefined {
    const { timeoutMs, concurrency } = this.#plan;
    // Another operation that was looked at in the same turn may have read a later one.
    if (nowMs > this.#pulse.nowMs) this.#pulse.nowMs = nowMs;
    const restDueMs = concurrency > 0 ? this.#forget(nowMs) : undefined;
    const dueMs = timeoutMs > 0 ? this.#endLate(nowMs, timeoutMs) : undefined;
    return dueMs === undefined || (restDueMs ?? dueMs) < dueMs ? restDueMs : dueMs;
  }

  #endLate(nowMs: number, timeoutMs: number): number | undefined {
    for (let call = this.inFlight.oldest; call !== undefined; call = this.inFlight.oldest) {
      // What was not timed may have begun up to a tick after its stamp.
      const dueMs = call.startedMs + timeoutMs + (call.isTimed ? 0 : tickMs);
      if (dueMs > nowMs) return dueMs;
      timeIsOver(this, call, nowMs);
    }
    return undefined;
  }

  /** O4. */
  #forget(nowMs: number): number | undefined {
    const { idle } = this;
    for (let call = idle.oldest; call !== undefined; call = idle.oldest) {
      const dueMs = call.startedMs + this.#restMs;
      if (dueMs > nowMs) return dueMs;
      idle.end(call);
      this.forgotten.begin(call);
      this.letNextBegin();
    }
    return undefined;
  }

  tick(nowMs: number, lateMs: number): boolean {
    const { inFlight, late } = this;
    if (lateMs > tickMs) inFlight.stampAgain(nowMs - lateMs - tickMs, nowMs);
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
      inFlight: this.occupied + this.forgotten.size,
      latency: this.#latency.toSketch(),
      sampledEvery: this.#sampling.every,
      decisions,
      silentErrors: this.silentErrors,
      breaker: this.breaker.phase,
      breakerEnforced: this.turnsAway,
      isolatedBecause: this.breaker.isolatedBecause,
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

  get #restMs(): number {
    return this.#plan.timeoutMs || restWithoutTimeoutMs;
  }

  #armRest(call: Call): void {
    this.shared.deadlines.arm(this, call.startedMs + this.#restMs);
  }
}

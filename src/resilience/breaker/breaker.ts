/**
 * The circuit of one operation: after faults it keeps calls away from what cannot answer them, and
 * lets a few through to find out whether it can again.
 *
 * B1. Closed, it costs a comparison: `isClosed` says whether `admit` has to be asked at all.
 * B2. Only results of calls that were admitted since the last change of phase count (`ticket`): an
 *     answer to an old call neither closes nor opens a circuit that has moved on.
 * B3. Half-open, at most `successThreshold` probes are under way; one that does not come back
 *     within the time that the circuit was open gives its place away, and keeps its vote.
 * B4. One faulty probe opens it again, for longer; `successThreshold` good ones close it, unless as
 *     large a share of them was slow as opens it.
 * B5. What is no fault (a cancelled call, a mistake of the caller) is no vote, and gives the place
 *     of its probe back.
 * B6. An isolated circuit stays so until everybody who isolated it has released it.
 * B7. Time is measured from the moment it opened, also in what is saved.
 * B8. Switched off (`breakerOff`) it is closed, whatever it was, and nothing opens it. An isolation
 *     is somebody's own wish and stays.
 * B9. A call that was not timed is neither slow nor fast by itself, and does not help to make the
 *     calls enough: those that were timed speak for it.
 */
import type { BreakerPhase } from "../decision.ts";
import { type BreakerOptions, breakerOff } from "./breaker-options.ts";
import { SlidingWindow } from "./sliding-window.ts";

/** Told of each change of phase, after it. */
export type PhaseListener = (from: BreakerPhase, to: BreakerPhase, reason: string) => void;

/** Not admitted; anything else is the ticket to hand back with the result. */
export const refused = -1;

export class Breaker {
  /** B1. Hot: read on every call. */
  isClosed = true;
  #phase: Exclude<BreakerPhase, "isolated"> = "closed";
  /** The last one is the one that is told. */
  #isolations: readonly Isolation[] = [];
  /** The first one since the last change of phase; each probe has a later one of its own. */
  #ticket = 0;
  #lastTicket = 0;
  /** Faults in a row while closed, good probes in a row while half-open. */
  #streak = 0;
  #slowProbes = 0;
  #openedMs = 0;
  /** From when on probes are let through. */
  #probesFromMs = 0;
  #openForMs: number;
  /** When each probe that is under way was let through, by its ticket. */
  readonly #probes = new Map<number, number>();
  #window: SlidingWindow | undefined;
  #options: BreakerOptions;
  readonly #tell: PhaseListener;

  constructor(options: BreakerOptions, tell: PhaseListener) {
    this.#options = options;
    this.#openForMs = options.resetTimeoutMs;
    this.#window = windowFor(options);
    this.#tell = tell;
  }

  get options(): BreakerOptions {
    return this.#options;
  }

  /** What it counted and its phase stay; the new limits hold from the next result on. */
  configure(options: BreakerOptions): void {
    if (options.windowMs !== this.#options.windowMs || !this.#window) {
      this.#window = windowFor(options);
    }
    this.#options = options;
    if (this.#phase === "closed") this.#openForMs = options.resetTimeoutMs;
    else if (this.isOff) this.close("it was switched off");
  }

  /** B8. */
  get isOff(): boolean {
    return this.#options === breakerOff;
  }

  get phase(): BreakerPhase {
    return this.#isIsolated ? "isolated" : this.#phase;
  }

  /** What it would be if nobody isolated it. */
  get ownPhase(): Exclude<BreakerPhase, "isolated"> {
    return this.#phase;
  }

  /** Of whoever was the last to isolate it, and still does; undefined: it is not isolated. */
  get isolatedBecause(): string | undefined {
    return this.#isolations.at(-1)?.reason;
  }

  /** The ticket of calls that nobody asked about, because the circuit is closed. */
  get ticket(): number {
    return this.#ticket;
  }

  /** Faults in a row while closed. */
  get failureCount(): number {
    return this.#phase === "closed" ? this.#streak : this.#options.failureThreshold;
  }

  /** Good probes in a row while half-open. */
  get successCount(): number {
    return this.#phase === "half_open" ? this.#streak : 0;
  }

  /** Until probes are let through; 0 unless open. */
  openLeftMs(nowMs: number): number {
    if (this.#phase !== "open") return 0;
    return Math.max(0, this.#probesFromMs - nowMs);
  }

  /** A ticket, or `refused`. */
  admit(nowMs: number): number {
    if (this.#isIsolated) return refused;
    if (this.#phase === "closed") return this.#ticket;
    if (this.#phase === "open") {
      if (this.openLeftMs(nowMs) > 0) return refused;
      this.#move("half_open", `it was open for ${Math.round(nowMs - this.#openedMs)} ms`);
    }
    const { successThreshold } = this.#options;
    if (this.#probes.size >= successThreshold) {
      // B3.
      for (const [ticket, sinceMs] of this.#probes) {
        if (nowMs - sinceMs >= this.#openForMs) this.#probes.delete(ticket);
      }
      if (this.#probes.size >= successThreshold) return refused;
    }
    this.#lastTicket += 1;
    this.#probes.set(this.#lastTicket, nowMs);
    return this.#lastTicket;
  }

  /** `elapsedMs` below zero: this call was not timed. */
  succeeded(ticket: number, nowMs: number, elapsedMs: number): void {
    if (this.#phase === "closed") {
      if (this.#streak !== 0 && ticket === this.#ticket) this.#streak = 0;
      if (this.#window !== undefined) this.#count(ticket, { nowMs, elapsedMs, isFault: false });
      return;
    }
    if (this.#phase !== "half_open" || ticket < this.#ticket) return;
    const { slowCallMs, slowCallRate, successThreshold } = this.#options;
    if (slowCallRate !== undefined && this.#tookMs(ticket, nowMs, elapsedMs) >= slowCallMs) {
      this.#slowProbes += 1;
    }
    this.#probes.delete(ticket);
    this.#streak += 1;
    if (this.#streak < successThreshold) return;
    if (slowCallRate !== undefined && this.#slowProbes / this.#streak >= slowCallRate) {
      const slow = `${this.#slowProbes} of ${this.#streak} probes`;
      this.#openLonger(nowMs, `${slow} took ${slowCallMs} ms or longer`);
    } else {
      this.#move("closed", `${this.#streak} probes in a row were answered`);
    }
  }

  failed(ticket: number, nowMs: number, elapsedMs: number): void {
    if (ticket < this.#ticket) return;
    if (this.#phase === "half_open") {
      this.#openLonger(nowMs, "a probe failed");
    } else if (this.#phase === "closed") {
      this.#streak += 1;
      const { failureThreshold } = this.#options;
      if (failureThreshold > 0 && this.#streak >= failureThreshold) {
        this.#open(nowMs, `${this.#streak} faults in a row`);
      } else if (this.#window !== undefined) {
        this.#count(ticket, { nowMs, elapsedMs, isFault: true });
      }
    }
  }

  /** B5. */
  dismissed(ticket: number): void {
    this.#probes.delete(ticket);
  }

  /** Refuses every call, until the returned function is called. */
  isolate(reason: string): () => void {
    const from = this.phase;
    const isolation: Isolation = { reason };
    this.#isolations = [...this.#isolations, isolation];
    this.isClosed = false;
    if (from !== "isolated") this.#tell(from, "isolated", reason);
    return () => {
      if (!this.#isolations.includes(isolation)) return;
      this.#isolations = this.#isolations.filter((other) => other !== isolation);
      if (this.#isIsolated) return;
      this.isClosed = this.#phase === "closed";
      this.#tell("isolated", this.#phase, "it is isolated by nobody any more");
    };
  }

  /** Opens it for `forMs`, whatever was counted: a person, a restored state, a quorum says so. */
  open(nowMs: number, forMs: number, reason: string): void {
    if (this.isOff) return;
    this.#openForMs = forMs;
    if (this.#phase === "open") this.#probesFromMs = nowMs + forMs;
    else this.#open(nowMs, reason);
  }

  /** Lets probes through from now on: somebody has evidence that all is well again. */
  probeFromNow(nowMs: number): void {
    if (this.#phase === "open") this.#probesFromMs = Math.min(this.#probesFromMs, nowMs);
  }

  /** Closes it and forgets what was counted. An isolation stays. */
  close(reason: string): void {
    if (this.#phase !== "closed") this.#move("closed", reason);
    this.#streak = 0;
    this.#window?.clear();
  }

  /** Where it stood before: so many faults in a row. */
  recall(faultsInARow: number): void {
    if (this.#phase === "closed") this.#streak = faultsInARow;
  }

  get #isIsolated(): boolean {
    return this.#isolations.length > 0;
  }

  #count(ticket: number, { nowMs, elapsedMs, isFault }: Counted): void {
    const window = this.#window;
    if (window === undefined || ticket !== this.#ticket) return;
    const { slowCallMs, slowCallRate, failureRate, minimumCalls } = this.#options;
    // B9.
    const isSlow = elapsedMs < 0 ? undefined : elapsedMs >= slowCallMs;
    window.add(nowMs, isFault, isSlow);
    if (!isFault && isSlow !== true) return;
    const { calls, faults, timed, judged, slow } = window.sums(nowMs);
    if (failureRate !== undefined && calls >= minimumCalls && faults / calls >= failureRate) {
      this.#open(nowMs, `${faults} of ${calls} calls failed`);
    } else if (
      slowCallRate !== undefined &&
      timed >= minimumCalls &&
      slow / judged >= slowCallRate
    ) {
      const of = timed === calls ? `${slow} of ${calls} calls` : shareOf(slow / judged, timed);
      this.#open(nowMs, `${of} took ${slowCallMs} ms or longer`);
    }
  }

  /** Not each call is timed; of a probe it is known at least when it was let through. */
  #tookMs(ticket: number, nowMs: number, elapsedMs: number): number {
    return elapsedMs < 0 ? nowMs - (this.#probes.get(ticket) ?? nowMs) : elapsedMs;
  }

  #openLonger(nowMs: number, reason: string): void {
    const { resetGrowth, resetTimeoutMaxMs } = this.#options;
    this.#openForMs = Math.min(this.#openForMs * resetGrowth, resetTimeoutMaxMs);
    this.#open(nowMs, reason);
  }

  #open(nowMs: number, reason: string): void {
    this.#openedMs = nowMs;
    this.#probesFromMs = nowMs + this.#openForMs;
    this.#move("open", reason);
  }

  #move(to: Exclude<BreakerPhase, "isolated">, reason: string): void {
    const from = this.phase;
    this.#phase = to;
    this.#lastTicket += 1;
    this.#ticket = this.#lastTicket;
    this.#streak = 0;
    this.#slowProbes = 0;
    this.#probes.clear();
    if (to !== "half_open") this.#window?.clear();
    if (to === "closed") this.#openForMs = this.#options.resetTimeoutMs;
    this.isClosed = to === "closed" && !this.#isIsolated;
    if (!this.#isIsolated) this.#tell(from, to, reason);
  }
}

interface Isolation {
  readonly reason: string;
}

interface Counted {
  readonly nowMs: number;
  readonly elapsedMs: number;
  readonly isFault: boolean;
}

function shareOf(share: number, timed: number): string {
  return `about ${Math.round(share * 100)} % of the calls, by ${timed} that were timed,`;
}

function windowFor(options: BreakerOptions): SlidingWindow | undefined {
  const isNeeded = options.failureRate !== undefined || options.slowCallRate !== undefined;
  return isNeeded ? new SlidingWindow(options.windowMs) : undefined;
}

/**
 * The circuit of one operation: after faults it keeps calls away from what cannot answer them, and
 * lets a few through to find out whether it can again.
 *
 * B1. Closed, it costs a comparison: `isClosed` says whether `admit` has to be asked at all.
 * B2. Only results of calls that were admitted since the last change of phase count (`ticket`): an
 *     answer to an old call neither closes nor opens a circuit that has moved on.
 * B3. Half-open, at most `successThreshold` probes are under way; one that does not come back
 *     within the time that the circuit was open gives its place away.
 * B4. One faulty probe opens it again, for longer; `successThreshold` good ones close it.
 * B5. What is no fault (a cancelled call, a mistake of the caller) is no vote, and gives the place
 *     of its probe back.
 * B6. An isolated circuit stays so until everybody who isolated it has released it.
 * B7. Time is measured from the moment it opened, also in what is saved.
 */
import type { BreakerPhase } from "../decision.ts";
import type { BreakerOptions } from "./breaker-options.ts";
import { SlidingWindow } from "./sliding-window.ts";

/** Told of each change of phase, after it. */
export type PhaseListener = (from: BreakerPhase, to: BreakerPhase, reason: string) => void;

/** Not admitted; anything else is the ticket to hand back with the result. */
export const refused = -1;

export class Breaker {
  /** B1. Hot: read on every call. */
  isClosed = true;
  #phase: Exclude<BreakerPhase, "isolated"> = "closed";
  #isolations = 0;
  #isolatedBecause = "";
  #ticket = 0;
  /** Faults in a row while closed, good probes in a row while half-open. */
  #streak = 0;
  #openedMs = 0;
  #openForMs: number;
  /** When each probe that is under way was let through. */
  #probes: number[] = [];
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
  }

  get phase(): BreakerPhase {
    return this.#isolations > 0 ? "isolated" : this.#phase;
  }

  /** Of whoever was the last to isolate it; undefined: it is not isolated. */
  get isolatedBecause(): string | undefined {
    return this.#isolations > 0 ? this.#isolatedBecause : undefined;
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
    return Math.max(0, this.#openedMs + this.#openForMs - nowMs);
  }

  /** A ticket, or `refused`. */
  admit(nowMs: number): number {
    if (this.#isolations > 0) return refused;
    if (this.#phase === "closed") return this.#ticket;
    if (this.#phase === "open") {
      if (this.openLeftMs(nowMs) > 0) return refused;
      this.#move("half_open", `it was open for ${Math.round(nowMs - this.#openedMs)} ms`);
    }
    const { successThreshold } = this.#options;
    if (this.#probes.length >= successThreshold) {
      // B3.
      this.#probes = this.#probes.filter((sinceMs) => nowMs - sinceMs < this.#openForMs);
      if (this.#probes.length >= successThreshold) return refused;
    }
    this.#probes.push(nowMs);
    return this.#ticket;
  }

  /** `elapsedMs` below zero: this call was not timed. */
  succeeded(ticket: number, nowMs: number, elapsedMs: number): void {
    if (this.#phase === "closed") {
      if (this.#streak !== 0 && ticket === this.#ticket) this.#streak = 0;
      if (this.#window !== undefined) this.#count(ticket, { nowMs, elapsedMs, isFault: false });
      return;
    }
    if (this.#phase !== "half_open" || ticket !== this.#ticket) return;
    this.#probes.shift();
    this.#streak += 1;
    if (this.#streak >= this.#options.successThreshold) {
      this.#move("closed", `${this.#streak} probes in a row were answered`);
    }
  }

  failed(ticket: number, nowMs: number, elapsedMs: number): void {
    if (ticket !== this.#ticket) return;
    if (this.#phase === "half_open") {
      const { resetGrowth, resetTimeoutMaxMs } = this.#options;
      this.#openForMs = Math.min(this.#openForMs * resetGrowth, resetTimeoutMaxMs);
      this.#open(nowMs, "a probe failed");
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
    if (this.#phase === "half_open" && ticket === this.#ticket) this.#probes.shift();
  }

  /** Refuses every call, until the returned function is called. */
  isolate(reason: string): () => void {
    const from = this.phase;
    this.#isolations += 1;
    this.#isolatedBecause = reason;
    this.isClosed = false;
    if (from !== "isolated") this.#tell(from, "isolated", reason);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#isolations -= 1;
      if (this.#isolations > 0) return;
      this.isClosed = this.#phase === "closed";
      this.#tell("isolated", this.#phase, "it is isolated by nobody any more");
    };
  }

  /** Opens it for `forMs`, whatever was counted: a person, a restored state, a quorum says so. */
  open(nowMs: number, forMs: number, reason: string): void {
    this.#openForMs = forMs;
    if (this.#phase === "open") this.#openedMs = nowMs;
    else this.#open(nowMs, reason);
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

  #count(ticket: number, { nowMs, elapsedMs, isFault }: Counted): void {
    const window = this.#window;
    if (window === undefined || ticket !== this.#ticket) return;
    const { slowCallMs, slowCallRate, failureRate, minimumCalls } = this.#options;
    const isSlow = elapsedMs >= slowCallMs;
    window.add(nowMs, isFault, isSlow);
    if (!isFault && !isSlow) return;
    const { calls, faults, slow } = window.sums(nowMs);
    if (calls < minimumCalls) return;
    if (failureRate !== undefined && faults / calls >= failureRate) {
      this.#open(nowMs, `${faults} of ${calls} calls failed`);
    } else if (slowCallRate !== undefined && slow / calls >= slowCallRate) {
      this.#open(nowMs, `${slow} of ${calls} calls took ${slowCallMs} ms or longer`);
    }
  }

  #open(nowMs: number, reason: string): void {
    this.#openedMs = nowMs;
    this.#move("open", reason);
  }

  #move(to: Exclude<BreakerPhase, "isolated">, reason: string): void {
    const from = this.phase;
    this.#phase = to;
    this.#ticket += 1;
    this.#streak = 0;
    this.#probes = [];
    if (to !== "half_open") this.#window?.clear();
    if (to === "closed") this.#openForMs = this.#options.resetTimeoutMs;
    this.isClosed = to === "closed" && this.#isolations === 0;
    if (this.#isolations === 0) this.#tell(from, to, reason);
  }
}

interface Counted {
  readonly nowMs: number;
  readonly elapsedMs: number;
  readonly isFault: boolean;
}

function windowFor(options: BreakerOptions): SlidingWindow | undefined {
  const isNeeded = options.failureRate !== undefined || options.slowCallRate !== undefined;
  return isNeeded ? new SlidingWindow(options.windowMs) : undefined;
}

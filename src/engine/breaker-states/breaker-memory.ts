/**
 * Circuits that remember: each begins where it stood before the restart, and each change of phase
 * goes to the store.
 *
 * K1. A store that answers at once is read before the first circuit is made, hence before the first
 *     call is admitted. One that answers later is laid over what has been made meanwhile.
 * K2. What was open is open for the rest of its time, counted from the moment it opened, whatever
 *     the wall clock did since; what was half-open, or is due, lets probes through.
 *     A file that says otherwise holds it open for at most the longest reset time.
 * K3. Nothing that a store does or holds stops a call.
 * K4. Faults in a row count again only while they are recent.
 * K5. Each isolation is held until the one who asked for it releases it. What was isolated in code
 *     is saved; what is isolated from outside is not, whoever wants it says so anew.
 */
import { formatDuration, messageOf } from "../../kernel/index.ts";
import { type Breaker, type BreakerPhase, harmless, type Tools } from "../../resilience/index.ts";
import { realTools } from "../real-tools.ts";
import type { BreakerStateStore, LoadedStates } from "./breaker-state-store.ts";
import { endsWithin } from "./ends-within.ts";
import { asOfNow, openForMsOf, type SavedBreaker } from "./saved-breaker.ts";
import { StateKeeper } from "./state-keeper.ts";

export interface BreakerMemoryOptions {
  /** Default: real time. */
  readonly tools?: Tools;
  readonly store?: BreakerStateStore;
  /** One sentence for people: something was set aside, a store does not answer. */
  readonly tell?: (message: string) => unknown;
  readonly quietMs?: number;
}

const closeWithinMs = 2000;

/** A circuit with what is known of its times. */
interface Kept {
  readonly breaker: Breaker;
  readonly timeoutMs: number;
  openedAt: number | undefined;
  nextRetryAt: number | undefined;
  lastFailureAt: number | undefined;
  lastSuccessAt: number | undefined;
  /** Not by what it has seen itself, but because others say so. */
  isInduced: boolean;
  /** What was isolated in code. */
  readonly isolations: Set<Isolation>;
  /** The one of them that was found in the store: nobody holds it any more. */
  restored: Isolation | undefined;
  isolatedAt: number | undefined;
  outside: Isolation | undefined;
  /** Of what was saved last; what comes after it is later, though the clock stand or go back. */
  updatedAt: number;
  /** What it was when it was isolated, and is again unless late answers have moved it. */
  phaseBefore: BreakerPhase | undefined;
}

interface Isolation {
  readonly reason: string;
  readonly release: () => void;
}

export class BreakerMemory {
  /** Resolves when the store has answered; never rejects. */
  readonly ready: Promise<void>;
  readonly #tools: Tools;
  readonly #tell: (message: string) => void;
  readonly #keeper: StateKeeper | undefined;
  readonly #store: BreakerStateStore | undefined;
  readonly #kept = new Map<string, Kept>();
  /** States of circuits that nobody has asked for yet. */
  readonly #found = new Map<string, SavedBreaker>();
  /** Isolated from outside, with the reason, whether there is such a circuit yet or not. */
  #outside: ReadonlyMap<string, string> = new Map();
  #isRestoring = false;

  constructor({ tools = realTools, store, tell = () => {}, quietMs }: BreakerMemoryOptions = {}) {
    this.#tools = tools;
    this.#tell = (message) => harmless(() => tell(message));
    this.#store = store;
    if (store === undefined) {
      this.ready = Promise.resolve();
      return;
    }
    const pace = quietMs === undefined ? {} : { quietMs };
    this.#keeper = new StateKeeper({ store, tools, tell: this.#tell, ...pace });
    this.ready = this.#load(store);
  }

  /**
   * Takes a circuit in that has just been made, and brings it where it stood before. From then on
   * each change of its phase is to be told to `moved`. Another one of that name takes its place.
   * @param timeoutMs of its calls; it is only written down
   */
  adopt(name: string, breaker: Breaker, timeoutMs = 0): void {
    const kept: Kept = {
      breaker,
      timeoutMs,
      openedAt: undefined,
      nextRetryAt: undefined,
      lastFailureAt: undefined,
      lastSuccessAt: undefined,
      isInduced: false,
      isolations: new Set(),
      restored: undefined,
      isolatedAt: undefined,
      outside: undefined,
      updatedAt: 0,
      phaseBefore: undefined,
    };
    this.#kept.set(name, kept);
    const found = this.#found.get(name);
    this.#found.delete(name);
    if (found !== undefined) this.#restore(kept, found);
    this.#isolateOutside(name, kept);
  }

  /** To be called from the circuit's own listener. */
  moved(name: string, to: BreakerPhase): void {
    const kept = this.#kept.get(name);
    if (kept === undefined || this.#isRestoring) return;
    if (to === "isolated") {
      kept.phaseBefore = kept.breaker.ownPhase;
      return;
    }
    const isBack = to === kept.phaseBefore;
    kept.phaseBefore = undefined;
    if (isBack) return;
    const nowMs = this.#tools.wallMs();
    if (to === "open") {
      kept.openedAt = nowMs;
      kept.nextRetryAt = nowMs + kept.breaker.openLeftMs(this.#tools.monotonicMs());
      kept.lastFailureAt = nowMs;
      kept.isInduced = false;
    }
    if (to === "closed") {
      kept.lastSuccessAt = nowMs;
      kept.nextRetryAt = undefined;
      kept.isInduced = false;
    }
    this.#changed(name, kept);
  }

  get(name: string): Breaker | undefined {
    return this.#kept.get(name)?.breaker;
  }

  names(): readonly string[] {
    return [...this.#kept.keys()];
  }

  /** As it would be saved now. */
  stateOf(name: string): SavedBreaker | undefined {
    const kept = this.#kept.get(name);
    return kept === undefined ? undefined : this.#snapshot(name, kept);
  }

  /**
   * Refuses every call of it, also after a restart, until what is returned is called (K5). The one
   * that was found after a restart is taken over.
   */
  isolate(name: string, reason: string): () => void {
    const kept = this.#kept.get(name);
    if (kept === undefined) return () => {};
    const isolation = isolated(kept.breaker, reason);
    kept.isolations.add(isolation);
    kept.isolatedAt = this.#tools.wallMs();
    if (kept.restored !== undefined) end(kept, kept.restored);
    this.#changed(name, kept);
    return () => {
      if (end(kept, isolation)) this.#changed(name, kept);
    };
  }

  /** Ends all that was isolated in code, also before a restart. */
  release(name: string): void {
    const kept = this.#kept.get(name);
    if (kept === undefined || kept.isolations.size === 0) return;
    for (const isolation of kept.isolations) end(kept, isolation);
    this.#changed(name, kept);
  }

  /**
   * From outside exactly these are isolated, until it is called again: also circuits that are made
   * later. What was isolated in code stays so.
   */
  isolateExactly(isolated: ReadonlyMap<string, string>): void {
    const before = this.#outside;
    this.#outside = isolated;
    for (const name of before.keys()) {
      if (isolated.has(name)) continue;
      const kept = this.#kept.get(name);
      const outside = kept?.outside;
      if (kept === undefined || outside === undefined) continue;
      kept.outside = undefined;
      outside.release();
    }
    for (const [name, kept] of this.#kept) this.#isolateOutside(name, kept);
  }

  /** Opens it because others say so: it is no vote of its own. */
  induce(name: string, forMs: number, reason: string): void {
    const kept = this.#kept.get(name);
    if (kept === undefined || kept.breaker.phase !== "closed") return;
    kept.breaker.open(this.#tools.monotonicMs(), forMs, reason);
    kept.isInduced = true;
    this.#changed(name, kept);
  }

  /** Circuits that are open by what this process has seen itself. */
  ownOpens(): readonly { readonly name: string; readonly nextRetryAt: number }[] {
    return [...this.#kept].flatMap(([name, kept]) => {
      if (kept.breaker.phase !== "open" || kept.isInduced) return [];
      return [{ name, nextRetryAt: kept.nextRetryAt ?? this.#tools.wallMs() }];
    });
  }

  /** Counts that led to no change of phase go along. False: something could not be saved. */
  async flush(): Promise<boolean> {
    this.#noteCounts();
    return (await this.#keeper?.flush()) ?? true;
  }

  async close(): Promise<boolean> {
    this.#noteCounts();
    const isSaved = (await this.#keeper?.close()) ?? true;
    try {
      const closing = Promise.resolve(this.#store?.close?.()).then(() => true);
      if ((await endsWithin(closing, closeWithinMs, this.#tools)) === undefined) {
        this.#tell(`${this.#store?.name} does not end within ${formatDuration(closeWithinMs)}`);
      }
    } catch (error) {
      this.#tell(`${this.#store?.name} could not be closed: ${messageOf(error)}`);
    }
    return isSaved;
  }

  async #later(loading: Promise<LoadedStates>, store: BreakerStateStore): Promise<void> {
    try {
      this.#take(await loading);
    } catch (error) {
      this.#tell(`${store.name} cannot be read: ${messageOf(error)}`);
    }
  }

  #load(store: BreakerStateStore): Promise<void> {
    try {
      const loaded = store.load();
      if (loaded instanceof Promise) return this.#later(loaded, store);
      this.#take(loaded);
    } catch (error) {
      this.#tell(`${store.name} cannot be read: ${messageOf(error)}`);
    }
    return Promise.resolve();
  }

  #take({ states, troubles }: LoadedStates): void {
    for (const trouble of troubles) this.#tell(trouble);
    for (const state of states) {
      const kept = this.#kept.get(state.name);
      if (kept === undefined) this.#found.set(state.name, state);
      else if (kept.breaker.ownPhase === "closed") this.#restore(kept, state);
    }
  }

  #isolateOutside(name: string, kept: Kept): void {
    const reason = this.#outside.get(name);
    const before = kept.outside;
    if (reason === undefined || before?.reason === reason) return;
    kept.outside = isolated(kept.breaker, reason);
    before?.release();
  }

  #restore(kept: Kept, saved: SavedBreaker): void {
    const { monotonicMs, wallMs } = this.#tools;
    const state = asOfNow(saved, wallMs());
    this.#isRestoring = true;
    kept.updatedAt = state.updatedAt;
    kept.openedAt = state.openedAt;
    kept.nextRetryAt = dueAt(state, kept.breaker);
    kept.lastFailureAt = state.lastFailureAt;
    kept.lastSuccessAt = state.lastSuccessAt;
    if (state.phase === "isolated") {
      if (kept.isolations.size === 0) {
        kept.restored = isolated(kept.breaker, "it was isolated before the restart");
        kept.isolations.add(kept.restored);
      }
    } else if (state.phase === "open" || state.phase === "half_open") {
      const { resetTimeoutMs } = kept.breaker.options;
      // Open for no time at all it would be so again each time that a probe fails.
      const openForMs = openForMsOf({ ...state, nextRetryAt: kept.nextRetryAt }) || resetTimeoutMs;
      const leftMs = Math.max(0, (kept.nextRetryAt ?? 0) - wallMs());
      kept.isInduced = state.isInduced;
      const openedMs = monotonicMs() - Math.max(0, openForMs - leftMs);
      kept.breaker.open(openedMs, openForMs, `it was ${state.phase} before the restart`);
    } else if (wallMs() - (state.lastFailureAt ?? 0) <= kept.breaker.options.resetTimeoutMs) {
      kept.breaker.recall(Math.min(state.failureCount, kept.breaker.options.failureThreshold));
    }
    if (kept.breaker.phase === "isolated") kept.phaseBefore = kept.breaker.ownPhase;
    this.#isRestoring = false;
  }

  #changed(name: string, kept: Kept): void {
    if (this.#kept.get(name) !== kept) return;
    kept.updatedAt = Math.max(this.#tools.wallMs(), kept.updatedAt + 1);
    this.#keeper?.changed({ ...this.#snapshot(name, kept), updatedAt: kept.updatedAt });
  }

  #snapshot(name: string, kept: Kept): SavedBreaker {
    const { breaker, nextRetryAt, lastFailureAt, lastSuccessAt, isInduced } = kept;
    const phase = kept.isolations.size > 0 ? "isolated" : breaker.ownPhase;
    const openedAt = Math.max(kept.openedAt ?? 0, kept.isolatedAt ?? 0);
    const { failureThreshold, successThreshold, resetTimeoutMs } = breaker.options;
    return {
      name,
      phase,
      failureCount: breaker.failureCount,
      successCount: breaker.successCount,
      openedAt: openedAt === 0 ? undefined : openedAt,
      nextRetryAt: phase === "closed" || phase === "isolated" ? undefined : nextRetryAt,
      lastFailureAt,
      lastSuccessAt,
      isInduced,
      configuration: {
        failureThreshold,
        successThreshold,
        timeout: kept.timeoutMs,
        resetTimeout: resetTimeoutMs,
      },
      updatedAt: this.#tools.wallMs(),
    };
  }

  #noteCounts(): void {
    for (const [name, kept] of this.#kept) {
      if (kept.breaker.phase !== "closed" || kept.breaker.failureCount === 0) continue;
      kept.lastFailureAt ??= this.#tools.wallMs();
      this.#changed(name, kept);
    }
  }
}

function isolated(breaker: Breaker, reason: string): Isolation {
  return { reason, release: breaker.isolate(reason) };
}

/** False: it was over already. */
function end(kept: Kept, isolation: Isolation): boolean {
  if (!kept.isolations.delete(isolation)) return false;
  if (kept.restored === isolation) kept.restored = undefined;
  isolation.release();
  return true;
}

/** K2. When probes are let through, whatever a damaged file says. */
function dueAt({ openedAt, nextRetryAt }: SavedBreaker, { options }: Breaker): number | undefined {
  if (openedAt === undefined || nextRetryAt === undefined) return undefined;
  const longestMs = Math.max(options.resetTimeoutMs, options.resetTimeoutMaxMs);
  return Math.min(nextRetryAt, openedAt + longestMs);
}

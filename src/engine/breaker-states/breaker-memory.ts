/**
 * Circuits that remember: each begins where it stood before the restart, and each change of phase
 * goes to the store.
 *
 * K1. A store that answers at once is read before the first circuit is made, hence before the first
 *     call is admitted. One that answers later is laid over what has been made meanwhile.
 * K2. What was open is open for the rest of its time, counted from the moment it opened, whatever
 *     the wall clock did since; what was half-open, or is due, lets probes through.
 * K3. Nothing that a store does or holds stops a call.
 * K4. Faults in a row count again only while they are recent.
 */
import { messageOf } from "../../kernel/index.ts";
import type { Breaker, BreakerPhase, Tools } from "../../resilience/index.ts";
import { realTools } from "../real-tools.ts";
import type { BreakerStateStore, LoadedStates } from "./breaker-state-store.ts";
import { asOfNow, openForMsOf, type SavedBreaker } from "./saved-breaker.ts";
import { StateKeeper } from "./state-keeper.ts";

export interface BreakerMemoryOptions {
  /** Default: real time. */
  readonly tools?: Tools;
  readonly store?: BreakerStateStore;
  /** One sentence for people: something was set aside, a store does not answer. */
  readonly tell?: (message: string) => void;
  readonly quietMs?: number;
}

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
  release: (() => void) | undefined;
  /** As `release`, of an isolation from outside. */
  releaseOutside: (() => void) | undefined;
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
    this.#tell = tell;
    this.#store = store;
    if (store === undefined) {
      this.ready = Promise.resolve();
      return;
    }
    const pace = quietMs === undefined ? {} : { quietMs };
    this.#keeper = new StateKeeper({ store, tools, tell, ...pace });
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
      release: undefined,
      releaseOutside: undefined,
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
    const nowMs = this.#tools.wallMs();
    if (to === "open" || to === "isolated") {
      kept.openedAt = nowMs;
      const leftMs = kept.breaker.openLeftMs(this.#tools.monotonicMs());
      kept.nextRetryAt = to === "open" ? nowMs + leftMs : undefined;
      kept.isInduced = false;
    }
    if (to === "open") kept.lastFailureAt = nowMs;
    if (to === "closed") {
      kept.lastSuccessAt = nowMs;
      kept.nextRetryAt = undefined;
      kept.isInduced = false;
    }
    this.#keeper?.changed(this.#snapshot(name, kept));
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

  /** Refuses every call of it, also after a restart, until it is released. */
  isolate(name: string, reason: string): void {
    const kept = this.#kept.get(name);
    if (kept !== undefined) kept.release ??= kept.breaker.isolate(reason);
  }

  release(name: string): void {
    const kept = this.#kept.get(name);
    const release = kept?.release;
    if (kept === undefined || release === undefined) return;
    kept.release = undefined;
    release();
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
      // It was saved as isolated because of who has released it now.
      if (this.#found.get(name)?.phase === "isolated") this.#found.delete(name);
      const kept = this.#kept.get(name);
      const release = kept?.releaseOutside;
      if (kept === undefined || release === undefined) continue;
      kept.releaseOutside = undefined;
      release();
    }
    for (const [name, kept] of this.#kept) this.#isolateOutside(name, kept);
  }

  /** Opens it because others say so: it is no vote of its own. */
  induce(name: string, forMs: number, reason: string): void {
    const kept = this.#kept.get(name);
    if (kept === undefined || kept.breaker.phase !== "closed") return;
    kept.breaker.open(this.#tools.monotonicMs(), forMs, reason);
    kept.isInduced = true;
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
      await this.#store?.close?.();
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
      else if (kept.breaker.phase === "closed") this.#restore(kept, state);
    }
  }

  #isolateOutside(name: string, kept: Kept): void {
    const reason = this.#outside.get(name);
    if (reason === undefined || kept.releaseOutside !== undefined) return;
    kept.releaseOutside = kept.breaker.isolate(reason);
  }

  #restore(kept: Kept, saved: SavedBreaker): void {
    const { monotonicMs, wallMs } = this.#tools;
    const state = asOfNow(saved, wallMs());
    this.#isRestoring = true;
    kept.openedAt = state.openedAt;
    kept.nextRetryAt = state.nextRetryAt;
    kept.lastFailureAt = state.lastFailureAt;
    kept.lastSuccessAt = state.lastSuccessAt;
    if (state.phase === "isolated") {
      // Who isolates it from outside does so anew.
      if (!this.#outside.has(saved.name)) {
        kept.release ??= kept.breaker.isolate("it was isolated before the restart");
      }
    } else if (state.phase === "open" || state.phase === "half_open") {
      const openForMs = openForMsOf(state) ?? kept.breaker.options.resetTimeoutMs;
      const leftMs = Math.max(0, (state.nextRetryAt ?? 0) - wallMs());
      const openedMs = monotonicMs() - Math.max(0, openForMs - leftMs);
      kept.breaker.open(openedMs, openForMs, `it was ${state.phase} before the restart`);
    } else if (wallMs() - (state.lastFailureAt ?? 0) <= kept.breaker.options.resetTimeoutMs) {
      kept.breaker.recall(Math.min(state.failureCount, kept.breaker.options.failureThreshold));
    }
    this.#isRestoring = false;
  }

  #snapshot(name: string, kept: Kept): SavedBreaker {
    const { breaker, openedAt, nextRetryAt, lastFailureAt, lastSuccessAt } = kept;
    const { failureThreshold, successThreshold, resetTimeoutMs } = breaker.options;
    return {
      name,
      phase: breaker.phase,
      failureCount: breaker.failureCount,
      successCount: breaker.successCount,
      openedAt,
      nextRetryAt: breaker.phase === "closed" ? undefined : nextRetryAt,
      lastFailureAt,
      lastSuccessAt,
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
      this.#keeper?.changed(this.#snapshot(name, kept));
    }
  }
}

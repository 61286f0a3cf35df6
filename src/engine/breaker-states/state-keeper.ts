/**
 * Takes states of circuits to their store, soon but not one by one.
 *
 * W1. What has opened, or was isolated, is on its way at once; other changes wait `quietMs` for
 *     company, counted from the first of them.
 * W2. One save at a time; what changes meanwhile goes with the next one.
 * W3. What could not be saved is kept and tried again, ever later; it is told once until it works.
 * W4. A waiting save keeps the process alive, a repetition does not.
 * W5. Nobody who flushes or closes waits for longer than `flushWithinMs`, though the store hang.
 */
import { formatDuration, messageOf } from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import type { BreakerStateStore } from "./breaker-state-store.ts";
import { endsWithin } from "./ends-within.ts";
import { mergeSaved, type SavedBreaker } from "./saved-breaker.ts";

export interface StateKeeperOptions {
  readonly store: BreakerStateStore;
  readonly tools: Tools;
  /** One sentence for people: a store that does not take states, or does again. */
  readonly tell: (message: string) => void;
  readonly quietMs?: number;
  readonly flushWithinMs?: number;
}

const retryMs = 1000;
const retryMaxMs = 60_000;

export class StateKeeper {
  readonly #store: BreakerStateStore;
  readonly #tools: Tools;
  readonly #tell: (message: string) => void;
  readonly #quietMs: number;
  readonly #flushWithinMs: number;
  #waiting = new Map<string, SavedBreaker>();
  #saving: Promise<boolean> | undefined;
  #cancel: (() => void) | undefined;
  /** What is on its way goes at once. */
  #isUrgent = false;
  #failures = 0;
  #isClosed = false;

  constructor({ store, tools, tell, quietMs = 200, flushWithinMs = 2000 }: StateKeeperOptions) {
    this.#store = store;
    this.#tools = tools;
    this.#tell = tell;
    this.#quietMs = quietMs;
    this.#flushWithinMs = flushWithinMs;
  }

  /** Not saved yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  changed(state: SavedBreaker): void {
    if (this.#isClosed) return;
    this.#waiting.set(state.name, state);
    if (this.#failures > 0) return;
    const isUrgent = state.phase === "open" || state.phase === "isolated";
    if (this.#cancel !== undefined && (this.#isUrgent || !isUrgent)) return;
    this.#cancel?.();
    this.#isUrgent = isUrgent;
    this.#cancel = this.#tools.timers.after(isUrgent ? 0 : this.#quietMs, () => this.#begin());
  }

  /** Resolves when everything is saved, or could not be in time: false. Never rejects. */
  async flush(): Promise<boolean> {
    this.#cancel?.();
    this.#cancel = undefined;
    const isSaved = await endsWithin(this.#flush(), this.#flushWithinMs, this.#tools);
    if (isSaved === undefined) {
      const words = formatDuration(this.#flushWithinMs);
      this.#tell(`${this.#store.name} does not say within ${words} whether it has the states`);
    }
    return isSaved ?? false;
  }

  async close(): Promise<boolean> {
    const isSaved = await this.flush();
    this.#isClosed = true;
    this.#cancel?.();
    return isSaved;
  }

  async #flush(): Promise<boolean> {
    if (this.#saving !== undefined) await this.#saving;
    return this.#waiting.size === 0 || (await this.#save());
  }

  #begin(): void {
    this.#cancel = undefined;
    // Its end begins the next one.
    if (this.#saving === undefined) void this.#save();
  }

  #save(): Promise<boolean> {
    this.#saving ??= this.#saveAll().finally(() => {
      this.#saving = undefined;
      if (this.#waiting.size > 0 && !this.#isClosed) this.#again();
    });
    return this.#saving;
  }

  async #saveAll(): Promise<boolean> {
    const states = this.#waiting;
    this.#waiting = new Map();
    try {
      await this.#store.save([...states.values()]);
      if (this.#failures > 0) this.#tell(`${this.#store.name} takes states of circuits again`);
      this.#failures = 0;
      return true;
    } catch (error) {
      const waiting = [...this.#waiting.values()];
      this.#waiting = new Map(mergeSaved([...states.values()], waiting));
      this.#failures += 1;
      if (this.#failures === 1) {
        this.#tell(`${this.#store.name} takes no states of circuits: ${messageOf(error)}`);
      }
      return false;
    }
  }

  #again(): void {
    if (this.#cancel !== undefined) return;
    const delayMs = this.#failures === 0 ? 0 : retryMs * 2 ** (this.#failures - 1);
    const timers = this.#failures === 0 ? this.#tools.timers : this.#tools.background;
    this.#isUrgent = true;
    this.#cancel = timers.after(Math.min(delayMs, retryMaxMs), () => this.#begin());
  }
}

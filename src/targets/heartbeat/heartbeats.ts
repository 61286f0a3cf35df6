/**
 * When who was last heard of.
 *
 * B1. Ages are measured on the monotonic clock: a wall clock that is set makes nobody silent.
 * B2. Beats outlive the daemon through a memory that is handed in; they are written after a pause,
 *     so that a storm of beats is no storm of writes. What the pause loses is at most
 *     `writeAfterMs` of age.
 * B3. The number of names is limited: whoever may report must not fill our memory.
 */
import { type CancelTimer, type Clock, messageOf, type Timers } from "../../kernel/index.ts";

/** Wall milliseconds of the last beat, by name. */
export type Beats = Readonly<Record<string, number>>;

/** Keeps the beats over restarts. Written seldom and whole; what cannot be read is no beats. */
export interface HeartbeatMemory {
  read(): Promise<Beats>;
  write(beats: Beats): Promise<void>;
}

export interface HeartbeatsOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly memory: HeartbeatMemory;
  /** Told when the memory fails; beats then live in this process only. */
  readonly complain: (what: string, why: string) => void;
}

const writeAfterMs = 1000;
const namesMax = 10_000;

export class Heartbeats {
  readonly #options: HeartbeatsOptions;
  /** Monotonic milliseconds; before the start of this process they are below zero. */
  readonly #heardMs = new Map<string, number>();
  #pending: CancelTimer | undefined;

  constructor(options: HeartbeatsOptions) {
    this.#options = options;
  }

  /** Takes over what an earlier daemon heard. Beats that came meanwhile are newer and stay. */
  async load(): Promise<void> {
    const { clock, memory } = this.#options;
    try {
      const beats = await memory.read();
      const now = clock.now();
      for (const [name, at] of Object.entries(beats).slice(0, namesMax)) {
        const heardMs = now.monotonicMs - Math.max(0, now.wallMs - at);
        if (Number.isFinite(heardMs) && !this.#heardMs.has(name)) this.#heardMs.set(name, heardMs);
      }
    } catch (error) {
      this.#complain("heartbeats were not read", error);
    }
  }

  /** False when there are too many names already. */
  record(name: string): boolean {
    if (!this.#heardMs.has(name) && this.#heardMs.size >= namesMax) return false;
    const { clock, timers } = this.#options;
    this.#heardMs.set(name, clock.now().monotonicMs);
    this.#pending ??= timers.after(writeAfterMs, () => void this.flush());
    return true;
  }

  /** How long ago it was last heard of; undefined when never. */
  ageMs(name: string): number | undefined {
    const heardMs = this.#heardMs.get(name);
    return heardMs === undefined ? undefined : this.#options.clock.now().monotonicMs - heardMs;
  }

  /** Writes what is not written yet: also at the stop. */
  async flush(): Promise<void> {
    if (this.#pending === undefined) return;
    this.#pending();
    this.#pending = undefined;
    const now = this.#options.clock.now();
    const beats: Record<string, number> = {};
    for (const [name, heardMs] of this.#heardMs) {
      beats[name] = Math.round(now.wallMs - (now.monotonicMs - heardMs));
    }
    try {
      await this.#options.memory.write(beats);
    } catch (error) {
      this.#complain("heartbeats were not written", error);
    }
  }

  #complain(what: string, error: unknown): void {
    this.#options.complain(what, messageOf(error));
  }
}

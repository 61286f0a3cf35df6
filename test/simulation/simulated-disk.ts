/**
 * What outlives the daemon: the store, and the emergency file beside it. Both can be away for a
 * while: the store refuses, or does not answer until it is back; the file is small enough to get
 * full, so that what comes then is only in memory.
 */
import { SoulMirrorError } from "../../src/kernel/index.ts";
import { createMemoryStore, type EmergencyJournal } from "../../src/knowledge/index.ts";
import type { SealedEntry, Store } from "../../src/model/index.ts";

export type Spell = "refuses" | "hangs";

const emergencyBytes = 60_000;

export class SimulatedDisk {
  readonly emergency: EmergencyJournal;
  readonly #store = createMemoryStore({ entriesMax: 1_000_000 });
  #spell: Spell | undefined;
  #back: (() => void)[] = [];
  #held: { storeEnd: number | undefined; entries: SealedEntry[]; sizeBytes: number } = nothing();

  constructor() {
    this.emergency = {
      append: async ({ storeEnd, entries }) => {
        const sizeBytes = this.#held.sizeBytes + JSON.stringify(entries).length;
        if (sizeBytes > emergencyBytes) throw new Error("it is full");
        this.#held.storeEnd ??= storeEnd;
        this.#held.entries.push(...entries);
        this.#held.sizeBytes = sizeBytes;
      },
      read: async () => ({ storeEnd: this.#held.storeEnd, entries: [...this.#held.entries] }),
      reset: async () => {
        this.#held = nothing();
      },
    };
  }

  get isAway(): boolean {
    return this.#spell !== undefined;
  }

  goAway(spell: Spell): void {
    this.#spell = spell;
  }

  comeBack(): void {
    this.#spell = undefined;
    const waiting = this.#back;
    this.#back = [];
    for (const each of waiting) each();
  }

  /** Who does not answer a daemon that dies meanwhile refuses the next one. */
  daemonDied(): void {
    this.#back = [];
    if (this.#spell === "hangs") this.#spell = "refuses";
  }

  /** The store as one life of the daemon has it. */
  connect(): Store {
    const gate = (): Promise<void> => this.#open();
    return new Proxy(this.#store, {
      get(store, name: keyof Store) {
        return async (...given: never[]) => {
          await gate();
          return await (store[name] as (...given: never[]) => Promise<unknown>)(...given);
        };
      },
    });
  }

  /** What can be read while it cannot be written. */
  readonly past = () => {
    const store = this.#store;
    return {
      loadCheckpoint: () => store.loadCheckpoint(),
      last: () => store.last(),
      read: (position: number, limit: number) => store.read(position, limit),
      close: () => Promise.resolve(),
    };
  };

  /** All that a next daemon could find now, oldest first. */
  async everything(): Promise<readonly SealedEntry[]> {
    const stored = await this.#store.read(1, Number.MAX_SAFE_INTEGER);
    const known = new Set(stored.map(({ id }) => id));
    return [...stored, ...this.#held.entries.filter(({ id }) => !known.has(id))];
  }

  async #open(): Promise<void> {
    if (this.#spell === "hangs") await new Promise<void>((resolve) => this.#back.push(resolve));
    if (this.#spell !== undefined) {
      throw new SoulMirrorError("STORE_UNAVAILABLE", "the simulated disk is full");
    }
  }
}

function nothing(): { storeEnd: number | undefined; entries: SealedEntry[]; sizeBytes: number } {
  return { storeEnd: undefined, entries: [], sizeBytes: 0 };
}

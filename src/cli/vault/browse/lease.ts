/**
 * A look into a vault for somebody who takes his time. A lock is held while something is read, and
 * for a while behind it; who thinks longer does not keep others from pruning. After that the
 * indexes are read again, for what they named may have moved.
 *
 * L1. Work that is under way keeps the lock.
 * L2. A lock that was lost ends the work that relied on it; the next work takes a new one.
 */

import type { Reading } from "../../../custodian/index.ts";
import type { CancelTimer, Timers } from "../../../kernel/index.ts";

export interface LeaseOptions {
  /** Holds a lock while `work` runs; resolves when it is given back. */
  readonly hold: (work: (reading: Reading) => Promise<void>) => Promise<void>;
  readonly timers: Timers;
  /** Default 60 s. */
  readonly idleMs?: number;
}

interface Held {
  readonly reading: Promise<Reading>;
  readonly release: () => void;
  readonly over: Promise<void>;
}

export class Lease implements AsyncDisposable {
  readonly #options: LeaseOptions;
  #held: Held | undefined;
  #ending: Promise<void> = Promise.resolve();
  #users = 0;
  #cancel: CancelTimer = () => undefined;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  async use<T>(work: (reading: Reading) => Promise<T>): Promise<T> {
    this.#cancel();
    this.#users += 1;
    try {
      return await work(await this.#reading());
    } finally {
      this.#users -= 1;
      if (this.#users === 0) {
        this.#cancel = this.#options.timers.after(this.#options.idleMs ?? 60_000, () =>
          this.#giveBack(),
        );
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancel();
    this.#giveBack();
    await this.#ending;
  }

  #giveBack(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    held.release();
    this.#ending = held.over;
  }

  async #reading(): Promise<Reading> {
    const held = await this.#held?.reading.catch(() => undefined);
    if (held?.session.signal.aborted === true) this.#giveBack();
    await this.#ending;
    this.#held ??= this.#take();
    return await this.#held.reading;
  }

  #take(): Held {
    const reading = Promise.withResolvers<Reading>();
    const released = Promise.withResolvers<void>();
    const over = this.#options
      .hold(async (found) => {
        reading.resolve(found);
        await released.promise;
      })
      .catch((error: unknown) => {
        reading.reject(error);
        // It could not be had: the next one who asks tries again.
        this.#held = undefined;
      });
    reading.promise.catch(() => undefined);
    return { reading: reading.promise, release: () => released.resolve(), over };
  }
}

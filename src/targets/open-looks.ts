/**
 * Looks that may hang in the kernel (a dead network disk), where nothing can end them.
 *
 * L1. The caller waits until the look or the abort, whichever comes first.
 * L2. A key whose last look still hangs begins no other, so a dead disk holds one thread for each
 *     key and not more with every look.
 * L3. Whoever has given up leaves nothing behind at a look that hangs.
 */
import type { AbortSignalLike } from "../model/index.ts";

export class OpenLooks {
  /** By its key whoever waits for the end of the look. */
  readonly #open = new Map<string, Set<() => void>>();

  /** Undefined after an abort; rejects when the look does. */
  async run<T>(
    key: string,
    signal: AbortSignalLike,
    begin: () => Promise<T>,
  ): Promise<T | undefined> {
    const aborted = Promise.withResolvers<undefined>();
    const abort = (): void => aborted.resolve(undefined);
    signal.addEventListener("abort", abort, { once: true });
    try {
      for (let ends = this.#open.get(key); ends && !signal.aborted; ends = this.#open.get(key)) {
        await this.#endOf(ends, signal);
      }
      if (signal.aborted) return undefined;
      const look = begin();
      this.#open.set(key, new Set());
      void this.#close(key, look);
      return await Promise.race([look, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Keeps L3, which a race with the look itself would not: it remembers all that have raced. */
  #endOf(ends: Set<() => void>, signal: AbortSignalLike): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        ends.delete(settle);
        signal.removeEventListener("abort", settle);
        resolve();
      };
      ends.add(settle);
      signal.addEventListener("abort", settle, { once: true });
    });
  }

  async #close(key: string, look: Promise<unknown>): Promise<void> {
    try {
      await look;
    } catch {
      // Whoever asked for it has heard; this is about its end only.
    } finally {
      const ends = this.#open.get(key) ?? [];
      this.#open.delete(key);
      for (const settle of ends) settle();
    }
  }
}

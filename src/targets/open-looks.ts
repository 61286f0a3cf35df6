/**
 * Looks that may hang in the kernel (a dead network disk), where nothing can end them.
 *
 * L1. The caller waits until the look or the abort, whichever comes first.
 * L2. A key whose last look still hangs begins no other, so a dead disk holds one thread for each
 *     key and not more with every look.
 */
import type { AbortSignalLike } from "../model/index.ts";

export class OpenLooks {
  readonly #open = new Map<string, Promise<unknown>>();

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
      while (!signal.aborted && this.#open.has(key)) {
        await Promise.race([this.#open.get(key), aborted.promise]);
      }
      if (signal.aborted) return undefined;
      const look = begin();
      this.#open.set(key, this.#close(key, look));
      return await Promise.race([look, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  async #close(key: string, look: Promise<unknown>): Promise<void> {
    try {
      await look;
    } catch {
      // Whoever asked for it has heard; this is about its end only.
    } finally {
      this.#open.delete(key);
    }
  }
}

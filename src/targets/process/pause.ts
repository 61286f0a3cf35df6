import type { Timers } from "../../kernel/index.ts";
import type { AbortSignalLike } from "../../model/index.ts";

/** Resolves after the time, or at once when the signal aborts. */
export function pause(timers: Timers, delayMs: number, signal?: AbortSignalLike): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      cancel();
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const cancel = timers.after(delayMs, finish);
    signal?.addEventListener("abort", finish, { once: true });
  });
}

import { SoulMirrorError, type Timers } from "../kernel/index.ts";

/**
 * Settles like `work`, or rejects with STORE_UNAVAILABLE when that takes longer than `deadlineMs`.
 * What is late goes on unheard: whoever calls must be able to bear that it succeeds after all.
 */
export function within<T>(timers: Timers, deadlineMs: number, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const cancel = timers.after(deadlineMs, () => {
      reject(new SoulMirrorError("STORE_UNAVAILABLE", `no answer within ${deadlineMs} ms`));
    });
    work.then(resolve, reject).finally(cancel);
  });
}

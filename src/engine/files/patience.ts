/** How long an operation waits for others, and who may end the waiting. */
import type { Tools } from "../../resilience/index.ts";

export interface Patience {
  readonly tools: Tools;
  /** Monotonic. */
  readonly dueMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Rejects with the reason of the signal. */
export function pause(delayMs: number, { tools, signal }: Omit<Patience, "dueMs">): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = tools.timers.after(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** True when `awaited` settled in time; rejects when the signal was quicker. */
export async function settlesInTime(awaited: Promise<void>, patience: Patience): Promise<boolean> {
  const enough = new AbortController();
  const { tools, dueMs, signal } = patience;
  const either = signal === undefined ? enough.signal : AbortSignal.any([signal, enough.signal]);
  const late = pause(Math.max(0, dueMs - tools.monotonicMs()), { tools, signal: either });
  try {
    return await Promise.race([awaited.then(() => true), late.then(() => false)]);
  } finally {
    late.catch(() => undefined);
    enough.abort(ended);
  }
}

const ended = "the other one was quicker";

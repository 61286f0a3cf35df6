/** How long an operation waits for others, and who may end the waiting. */
import { sleep, type Tools } from "../../resilience/index.ts";

export interface Patience {
  readonly tools: Tools;
  /** Monotonic. */
  readonly dueMs: number;
  readonly signal: AbortSignal | undefined;
}

/** True when `awaited` settled in time; rejects when the signal was quicker. */
export async function settlesInTime(awaited: Promise<void>, patience: Patience): Promise<boolean> {
  const enough = new AbortController();
  const { tools, dueMs, signal } = patience;
  const either = signal === undefined ? enough.signal : AbortSignal.any([signal, enough.signal]);
  const late = sleep(tools, Math.max(0, dueMs - tools.monotonicMs()), either);
  try {
    return await Promise.race([awaited.then(() => true), late.then(() => false)]);
  } finally {
    late.catch(() => undefined);
    enough.abort(ended);
  }
}

const ended = "the other one was quicker";

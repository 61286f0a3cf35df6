/**
 * A caller who holds a promise of ours, and what it takes to do his work: what goes from one
 * attempt to the next.
 */
import type { AsyncResource } from "node:async_hooks";
import type { RequestIds } from "../events.ts";
import type { Call } from "./call.ts";
import { follow } from "./own.ts";
import type { WorkingOperation } from "./working-operation.ts";

export interface Promised {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly receiver: unknown;
  readonly work: NonNullable<Call["work"]>;
  readonly words: ArrayLike<unknown> | undefined;
  /** When the call was made, waits included; below zero: nobody has looked. */
  readonly beganMs: number;
  /** The attempt that is under way or comes next; the first call is 1. */
  readonly attempt: number;
  readonly signal: AbortSignal | undefined;
  /** Of whoever asked for it. */
  readonly ids: RequestIds | undefined;
  /** The caller's own, where it was kept. */
  readonly context: AsyncResource | undefined;
}

/** Its record is used again soon. */
export function promisedOf(call: Call): Promised {
  const { resolve, reject, receiver, work, words, attempt, signal, context, ids } =
    call as Promised;
  const isFirst = attempt === 1 && call.beganMs < 0 && call.isTimed;
  const beganMs = isFirst ? call.startedMs : call.beganMs;
  return { resolve, reject, receiver, work, words, beganMs, attempt, signal, context, ids };
}

/** The work is begun, with all that its caller has brought. */
export function begin(operation: WorkingOperation, promised: Promised, ticket: number): void {
  const call = operation.start(ticket);
  Object.assign(call, promised);
  call.answer = "owned";
  const { work, receiver, words } = promised;
  try {
    follow(call, Promise.resolve(work.apply(receiver, words as never)));
  } catch (error) {
    operation.workRejected(call, error);
  }
}

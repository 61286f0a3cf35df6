/**
 * One attempt, as its work sees it.
 *
 * A1. The signal is made when it is first asked for; work that never asks costs no controller.
 * A2. The policy aborts it only by `giveUp`, which nobody calls after the attempt has succeeded: an
 *     answer whose body is still being read stays alive.
 * A3. The caller's own abort goes through at any time, also to a body that is still being read. The
 *     platform holds such links weakly: a signal that lives for ever does not collect its calls.
 */
import type { Attempt, CallOptions, Work } from "./policy.ts";
import type { Running, TrackedCall } from "./running.ts";

/** An attempt that its policy may give up. */
export class OpenAttempt implements Attempt {
  readonly number: number;
  readonly #caller: AbortSignal | undefined;
  #own: AbortController | undefined;
  #signal: AbortSignal | undefined;
  #end: { readonly reason: unknown } | undefined;

  constructor(number: number, caller: AbortSignal | undefined) {
    this.number = number;
    this.#caller = caller;
  }

  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      this.#own = new AbortController();
      if (this.#end !== undefined) this.#own.abort(this.#end.reason);
      const { signal } = this.#own;
      this.#signal = this.#caller === undefined ? signal : AbortSignal.any([this.#caller, signal]);
    }
    return this.#signal;
  }

  /** Nobody waits for this attempt any more. */
  giveUp(reason: unknown): void {
    this.#end ??= { reason };
    this.#own?.abort(reason);
  }
}

/** An attempt that nobody but the caller gives up: it has the caller's own signal. */
export class PlainAttempt implements Attempt {
  readonly number: number;
  readonly #caller: AbortSignal | undefined;
  #never: AbortSignal | undefined;
  /** The slot in which it is made. */
  readonly running: Running | undefined;

  constructor(number: number, caller: AbortSignal | undefined, running?: Running) {
    this.number = number;
    this.#caller = caller;
    this.running = running;
  }

  get signal(): AbortSignal {
    if (this.#caller !== undefined) return this.#caller;
    this.#never ??= new AbortController().signal;
    return this.#never;
  }
}

/** The same attempt under another number, or in a slot that it does not know. */
export class Renumbered implements Attempt {
  readonly number: number;
  readonly attempt: Attempt;
  readonly running: Running | undefined;

  constructor(number: number, attempt: Attempt, running?: Running) {
    this.number = number;
    this.attempt = attempt;
    this.running = running;
  }

  get signal(): AbortSignal {
    return this.attempt.signal;
  }
}

/** The options of a call that is made within an attempt. */
export function callWithin(attempt: Attempt, call: CallOptions | undefined): TrackedCall {
  if (attempt instanceof Renumbered)
    return inSlot(callWithin(attempt.attempt, call), attempt.running);
  if (attempt instanceof PlainAttempt) return inSlot(call ?? noOptions, attempt.running);
  return { ...call, signal: attempt.signal };
}

function inSlot(call: TrackedCall, running: Running | undefined): TrackedCall {
  return running === undefined ? call : { ...call, running };
}

const noOptions: CallOptions = {};

/** Calls the work at once; what it throws becomes a rejection. */
export function begin<T>(work: Work<T>, attempt: Attempt): Promise<T> {
  try {
    return Promise.resolve(work(attempt));
  } catch (error) {
    const reason = error as Error;
    return Promise.reject(reason);
  }
}

/** Calls `run` when the caller gives up; the returned function forgets it. */
export function onAbort(signal: AbortSignal | undefined, run: (reason: Error) => void): () => void {
  if (signal === undefined) return () => undefined;
  const listener = (): void => run(signal.reason as Error);
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}

/** Throws the reason of a caller who gave up before anything was begun. */
export function refuseAborted(call: CallOptions | undefined): void {
  call?.signal?.throwIfAborted();
}

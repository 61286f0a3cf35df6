/**
 * The caller holds a promise of ours, which may be settled before the work is.
 *
 * P1. Who reads the stack of an error sees who has waited for it: V8 finds the waiting functions by
 *     going from promise to promise, as long as each leads to one other by a `then` of its own.
 */
import type { Call } from "./call.ts";

/** Handed from the executor to whoever has just made a promise: no closure is needed. */
let madeResolve: (value: unknown) => void;
let madeReject: (error: unknown) => void;
function keepMade(resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
  madeResolve = resolve;
  madeReject = reject;
}

export function own(call: Call, result: Promise<unknown>): Promise<unknown> {
  const promise = new Promise(keepMade);
  call.answer = "owned";
  call.resolve = madeResolve;
  call.reject = madeReject;
  follow(call, result);
  return promise;
}

/**
 * P1. What the work answers with goes from its own promise to the caller's; where nobody waits for
 * it any more, or a further attempt is made, what the handlers return never settles.
 */
export function follow(call: Call, result: Promise<unknown>): void {
  const { fulfilled, rejected, resolve, reject } = call;
  void result.then(fulfilled, rejected).then(resolve, reject);
}

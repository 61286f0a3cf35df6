/**
 * Results that become a promise only when somebody asks: queries and requests of SDKs. They are not
 * forced: the call begins when its caller begins to wait.
 */
import { type Call, giveBack } from "../core/call.ts";
import type { OperationCore } from "../core/operation-core.ts";
import { put } from "./put.ts";

type Done = (value: unknown) => unknown;
type Failed = (error: unknown) => unknown;
type Then = (this: unknown, done: Done, failed: Failed) => unknown;

/** The same one may be handed out more than once; its call is one. */
const watched = new WeakSet<object>();

export function watchThenable(
  operation: OperationCore,
  call: Call,
  result: PromiseLike<unknown>,
): unknown {
  const { ticket } = call;
  call.list?.end(call);
  giveBack(call);
  operation.answersLater = true;
  if (watched.has(result) || !Object.isExtensible(result)) {
    operation.counts.succeeded += 1;
    return result;
  }
  watched.add(result);
  // What nobody awaits is no call.
  operation.counts.calls -= 1;
  const then = Reflect.get(result, "then") as Then;
  let isBegun = false;
  put(result, "then", function (this: unknown, done: Done, failed: Failed) {
    if (isBegun) return then.call(this, done, failed);
    isBegun = true;
    operation.counts.calls += 1;
    const { fulfilled, rejected } = settleOnce(operation.start(ticket));
    return then.call(
      this,
      (value) => (typeof done === "function" ? done(fulfilled(value)) : fulfilled(value)),
      (error) => {
        rejected(error);
        if (typeof failed === "function") return failed(error);
        throw error;
      },
    );
  });
  return result;
}

/** A thenable of somebody else may settle twice; the record of its call is another's by then. */
function settleOnce({ fulfilled, rejected }: Call): Pick<Call, "fulfilled" | "rejected"> {
  let isOver = false;
  const once = (settle: Done): Done => {
    return (outcome) => {
      if (isOver) return outcome;
      isOver = true;
      return settle(outcome);
    };
  };
  return { fulfilled: once(fulfilled), rejected: once(rejected) };
}

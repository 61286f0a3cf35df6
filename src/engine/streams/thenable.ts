/**
 * Results that become a promise only when somebody asks: queries and requests of SDKs. They are not
 * forced: the call begins when its caller begins to wait, by `then`, `catch`, `finally`, by `exec`
 * as queries of mongoose have it, or by a loop over it. The first of these is the call.
 */
import { type Call, giveBack, isStreaming } from "../core/call.ts";
import type { OperationCore } from "../core/operation-core.ts";
import { put } from "./put.ts";
import { watchStream } from "./watch-stream.ts";

type Done = (value: unknown) => unknown;
type Failed = (error: unknown) => unknown;
type Then = (this: unknown, done?: Done, failed?: Failed) => unknown;
type Lazy = PromiseLike<unknown> &
  Partial<Readonly<Record<"catch" | "finally" | "exec", (...words: unknown[]) => unknown>>>;

/** The same one may be handed out more than once; its call is one. */
const watched = new WeakSet<object>();

export function isThenable(result: object): result is PromiseLike<unknown> {
  try {
    return typeof (result as Partial<PromiseLike<unknown>>).then === "function";
  } catch {
    // What throws when it is looked at is the caller's as it is.
    return false;
  }
}

export function watchThenable(operation: OperationCore, call: Call, result: Lazy): unknown {
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
  let isBegun = false;
  const begin = (): Call | undefined => {
    if (isBegun) return undefined;
    isBegun = true;
    operation.counts.calls += 1;
    return operation.start(ticket);
  };
  watchThen(result, begin);
  if (typeof result.exec === "function") watchExec(result, begin);
  if (isStreaming(result)) watchReading(operation, result, begin);
  return result;
}

type Begin = () => Call | undefined;

function watchThen(result: Lazy, begin: Begin): void {
  const then = Reflect.get(result, "then") as Then;
  const watchedThen: Then = function (this: unknown, done, failed) {
    const call = begin();
    if (call === undefined) return then.call(this, done, failed);
    const { fulfilled, rejected } = settleOnce(call);
    return then.call(
      this,
      (value) => (typeof done === "function" ? done(fulfilled(value)) : fulfilled(value)),
      (error) => {
        rejected(error);
        if (typeof failed === "function") return failed(error);
        throw error;
      },
    );
  };
  put(result, "then", watchedThen);
  // Those of `Promise` ask `then`; others have ways of their own.
  if (isOwnWay(result, "catch"))
    put(result, "catch", (failed?: Failed) => watchedThen.call(result, undefined, failed));
  if (isOwnWay(result, "finally"))
    put(result, "finally", (last?: () => unknown) => finallyBy(watchedThen.bind(result), last));
}

function isOwnWay(result: Lazy, name: "catch" | "finally"): boolean {
  return typeof result[name] === "function" && result[name] !== Promise.prototype[name];
}

function finallyBy(then: Then, last?: () => unknown): unknown {
  if (typeof last !== "function") return then(last, last);
  return then(
    async (value) => {
      await last();
      return value;
    },
    async (error) => {
      await last();
      throw error;
    },
  );
}

function watchExec(result: Lazy, begin: Begin): void {
  const exec = result.exec as (...words: unknown[]) => unknown;
  put(result, "exec", (...words: unknown[]) => {
    const call = begin();
    const answer = exec.apply(result, words);
    if (call === undefined) return answer;
    if (!(answer instanceof Promise)) {
      call.fulfilled(answer);
      return answer;
    }
    call.answer = "derived";
    return answer.then(call.fulfilled, call.rejected);
  });
}

/** Reading it one after the other is a way to begin it, too. */
function watchReading(operation: OperationCore, result: object, begin: Begin): void {
  const source = result as AsyncIterable<unknown>;
  const read = source[Symbol.asyncIterator];
  put(source, Symbol.asyncIterator, (): object => {
    const iterator = read.call(source);
    const call = begin();
    return call === undefined ? iterator : watchStream(operation, call, iterator);
  });
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

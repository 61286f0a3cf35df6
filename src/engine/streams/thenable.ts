/**
 * Results that become a promise only when somebody asks: queries and requests of SDKs. They are not
 * forced: the call begins when its caller begins to wait, by `then`, `catch`, `finally`, by `exec`
 * as queries of mongoose have it, or by a loop over it. The first of these is the call. Who waits
 * is answered as the caller of an async method is, in time and with the fallback; nothing is done
 * again.
 */
import { types } from "node:util";
import { type Call, giveBack, isStreaming } from "../core/call.ts";
import { type Entry, enterLazily } from "../core/lazy-entry.ts";
import type { OperationCore } from "../core/operation-core.ts";
import { own } from "../core/own.ts";
import { keptContext } from "../core/turns.ts";
import { put } from "./put.ts";
import { watchStream } from "./watch-stream.ts";

type Done = (value: unknown) => unknown;
type Failed = (error: unknown) => unknown;
type Then = (this: unknown, done?: Done, failed?: Failed) => unknown;
type Exec = (...words: unknown[]) => unknown;
type Lazy = PromiseLike<unknown> & Partial<Readonly<Record<"catch" | "finally" | "exec", Exec>>>;

/** The same one may be handed out more than once; its call is one. */
const watched = new WeakSet<object>();

export function watchThenable(operation: OperationCore, call: Call, result: Lazy): unknown {
  // Promises of other realms have begun, too.
  const isLazy = !types.isPromise(result);
  const parts = watched.has(result) ? undefined : partsOf(result);
  const { ticket } = call;
  operation.answersLater = true;
  operation.answersLazily = isLazy;
  if (isLazy) operation.breaker.dismissed(ticket);
  if (parts === undefined || !put(result, "then", parts.ownThen)) {
    letGo(operation, call);
    if (!isLazy) operation.breaker.dismissed(ticket);
    operation.counts.succeeded += 1;
    return result;
  }
  const begun = isLazy ? letGo(operation, call) : holdForNow(operation, call);
  watched.add(result);
  // What nobody awaits is no call.
  operation.counts.calls -= 1;
  let isBegun = false;
  const begin: Begin = () => {
    if (isBegun) return undefined;
    operation.counts.calls += 1;
    const entry = isLazy ? enterLazily(operation) : (begun?.() ?? operation.start(ticket));
    if (typeof entry !== "function") {
      isBegun = true;
      return entry;
    }
    // Who was refused may ask again.
    return (work) =>
      entry(() => {
        isBegun = true;
        return work();
      });
  };
  const work: Watched = { operation, result, begin };
  watchThen(work, parts);
  if (parts.exec !== undefined) watchExec(work, parts.exec);
  if (parts.read !== undefined) watchReading(work, parts.read);
  return result;
}

function letGo(operation: OperationCore, call: Call): undefined {
  call.list?.end(call);
  giveBack(call);
  operation.letNextBeginSoon();
}

/**
 * What has begun has its place, and its probe, until this turn of the loop is over: whoever waits
 * for it does so by then, and goes on with this very call. Of what nobody waits for, nobody can see
 * when it is over.
 */
function holdForNow(operation: OperationCore, call: Call): (() => Call | undefined) | undefined {
  const { plan, breaker, shared } = operation;
  if (plan.concurrency === 0 && breaker.isClosed) return letGo(operation, call);
  const { ticket } = call;
  let held: Call | undefined = call;
  const cancel = shared.tools.timers.after(0, () => {
    held = undefined;
    breaker.dismissed(ticket);
    letGo(operation, call);
  });
  return () => {
    const taken = held;
    held = undefined;
    if (taken !== undefined) cancel();
    return taken;
  };
}

interface Watched {
  readonly operation: OperationCore;
  readonly result: Lazy;
  readonly begin: Begin;
}

/** All that is looked at, before anything is changed. */
interface Parts {
  readonly ownThen: Then;
  readonly hasOwnCatch: boolean;
  readonly hasOwnFinally: boolean;
  readonly exec: Exec | undefined;
  readonly read: (() => object) | undefined;
}

/** Undefined: nothing can be changed about it, or it throws when it is looked at. */
function partsOf(result: Lazy): Parts | undefined {
  try {
    if (!Object.isExtensible(result)) return undefined;
    const { exec } = result;
    const read: unknown = isStreaming(result)
      ? Reflect.get(result, Symbol.asyncIterator)
      : undefined;
    return {
      ownThen: Reflect.get(result, "then") as Then,
      hasOwnCatch: isOwnWay(result, "catch"),
      hasOwnFinally: isOwnWay(result, "finally"),
      exec: typeof exec === "function" ? exec : undefined,
      read: typeof read === "function" ? (read as () => object) : undefined,
    };
  } catch {
    return undefined;
  }
}

/** Undefined: it is under way already. */
type Begin = () => Entry | undefined;

/** What its caller waits for. A class of its own, such as one that can be cancelled, stays one. */
function answerOf({ plan }: OperationCore, call: Call, work: Promise<unknown>): Promise<unknown> {
  if (plan.answer === "owned" && work.constructor === Promise) {
    if (plan.keepsContext) call.context = keptContext();
    return own(call, work);
  }
  call.answer = "derived";
  return work.then(call.fulfilled, call.rejected);
}

function watchThen({ operation, result, begin }: Watched, parts: Parts): void {
  const { ownThen: then } = parts;
  const watchedThen: Then = function (this: unknown, answered, failed) {
    const call = begin();
    if (call === undefined) return then.call(this, answered, failed);
    if (typeof call === "function") {
      const work = (): unknown =>
        new Promise((resolve, reject) => then.call(this, resolve, reject));
      return thenOf(call(work), answered, failed);
    }
    const { fulfilled, rejected, outcome } = settleOnce(call);
    const whenDone: Done = (value) => {
      if (outcome.isAwaited) return value;
      const seen = fulfilled(value);
      return typeof answered === "function" ? answered(seen) : seen;
    };
    const whenFailed: Failed = (error) => {
      if (outcome.isAwaited) throw error;
      rejected(error);
      if (typeof failed === "function") return failed(error);
      throw error;
    };
    const answer = orFails(rejected, () => then.call(this, whenDone, whenFailed));
    // Some thenables answer with nothing, or at once.
    if (!(answer instanceof Promise) || outcome.isOver) return answer;
    outcome.isAwaited = true;
    return answerOf(operation, call, answer).then(answered, failed);
  };
  put(result, "then", watchedThen);
  // Those of `Promise` ask `then`; others have ways of their own.
  if (parts.hasOwnCatch)
    put(result, "catch", (failed?: Failed) => watchedThen.call(result, undefined, failed));
  if (parts.hasOwnFinally)
    put(result, "finally", (last?: () => unknown) => finallyBy(watchedThen.bind(result), last));
}

async function thenOf(work: PromiseLike<unknown>, done?: Done, failed?: Failed): Promise<unknown> {
  let value: unknown;
  try {
    value = await work;
  } catch (error) {
    if (typeof failed === "function") return failed(error);
    throw error;
  }
  return typeof done === "function" ? done(value) : value;
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

function watchExec({ operation, result, begin }: Watched, exec: Exec): void {
  put(result, "exec", (...words: unknown[]) => {
    const call = begin();
    if (typeof call === "function") return call(() => exec.apply(result, words));
    if (call === undefined) return exec.apply(result, words);
    const answer = orFails(call.rejected, () => exec.apply(result, words));
    if (answer instanceof Promise) return answerOf(operation, call, answer);
    call.fulfilled(answer);
    return answer;
  });
}

/** Reading it one after the other is a way to begin it, too. */
function watchReading({ operation, result, begin }: Watched, read: () => object): void {
  put(result, Symbol.asyncIterator, (): object => {
    const call = begin();
    if (typeof call === "function") return readLater(call(() => read.call(result)));
    if (call === undefined) return read.call(result);
    const iterator = orFails(call.rejected, () => read.call(result)) as object;
    return watchStream(operation, call, iterator);
  });
}

async function* readLater(opening: PromiseLike<unknown>): AsyncGenerator<unknown, unknown> {
  const opened = (await opening) as AsyncGenerator<unknown, unknown>;
  return yield* opened;
}

/** What cannot even be begun has failed. */
function orFails(rejected: Failed, begin: () => unknown): unknown {
  try {
    return begin();
  } catch (error) {
    rejected(error);
    throw error;
  }
}

interface Once extends Pick<Call, "fulfilled" | "rejected"> {
  readonly outcome: { isOver: boolean; isAwaited: boolean };
}

/** A thenable of somebody else may settle twice; the record of its call is another's by then. */
function settleOnce({ fulfilled, rejected }: Call): Once {
  const outcome = { isOver: false, isAwaited: false };
  const once = (settle: Done): Done => {
    return (value) => {
      if (outcome.isOver) return value;
      outcome.isOver = true;
      return settle(value);
    };
  };
  return { fulfilled: once(fulfilled), rejected: once(rejected), outcome };
}

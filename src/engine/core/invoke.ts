/**
 * A method on its way through the engine. The path is chosen on each call, so that modes and
 * switches take effect at once, and the function that the caller holds stays the same.
 *
 * I1. What is synchronous stays so: no promise is made where there was none.
 * I2. The caller gets the result, the error and the `this` that he would get without the engine.
 * I3. In shadow the caller has the very promise of the work.
 */
import { refused } from "../../resilience/index.ts";
import { isThenable } from "../streams/is-thenable.ts";
import { watchThenable } from "../streams/thenable.ts";
import { answerInstead } from "./answer-instead.ts";
import { type Call, disown, isStreaming } from "./call.ts";
import { signalOf } from "./callers-signal.ts";
import { circuitError, tellRefusal } from "./circuit-error.ts";
import { mayFallBack } from "./give-up.ts";
import type { OperationCore } from "./operation-core.ts";
import { own } from "./own.ts";
import { tooFast } from "./pace.ts";
import { turnAway } from "./turn-away.ts";
import { keptContext, mustWait } from "./turns.ts";
import { bulkheadError, waitForRoom } from "./wait-for-room.ts";

export type Method = (this: unknown, ...words: never[]) => unknown;

/** Which receivers are meant for another one: calls on a wrapper mean what it wraps. */
export interface Receivers {
  readonly wrapper: object;
  readonly target: object;
}

export function makeMethod(
  operation: OperationCore,
  work: Method,
  { wrapper, target }: Receivers,
): Method {
  const { breaker, counts } = operation;
  operation.answersLater ||= isAsync(work);
  operation.isMade = true;
  operation.isMeasuredOnly = false;
  return function (this: unknown): unknown {
    const receiver = this === wrapper ? target : this;
    const { plan } = operation;
    if (plan.path === "off") {
      const result: unknown = work.apply(receiver, arguments as never);
      return result === target ? wrapper : result;
    }
    counts.calls += 1;
    let { ticket } = breaker;
    // Of what is lazy nothing has begun yet: it is asked when it does.
    if (!breaker.isClosed && !operation.answersLazily) {
      ticket = breaker.admit(operation.shared.pulse.monotonicMs());
      if (ticket === refused && tellRefusal(operation)) {
        return turnAway(operation, circuitError(operation));
      }
    }
    if (plan.perSecond > 0 && !operation.answersLazily) {
      const error = tooFast(operation, ticket);
      if (error !== undefined) return turnAway(operation, error);
    }
    if (plan.concurrency > 0 && !operation.answersLazily && mustWait(operation)) {
      const asked = { work, receiver, words: arguments, ticket };
      return waitForRoom(operation, asked) ?? turnAway(operation, bulkheadError(operation));
    }
    const call = operation.start(ticket);
    const last: unknown = arguments[arguments.length - 1];
    if (typeof last === "object" && last !== null) call.signal = signalOf(last);
    let result: unknown;
    try {
      result = work.apply(receiver, arguments as never);
    } catch (error) {
      const judgement = operation.workRejected(call, error);
      if (plan.fallback === undefined || !mayFallBack(judgement)) throw error;
      const { fallback } = plan;
      return answerInstead(operation, { error, judgement, fallback, attempts: 1 });
    }
    if (!isPlainPromise(result)) {
      if (typeof result === "object" && result !== null && result !== target) {
        // A query can be iterated as well; that it can be awaited says more.
        if (isThenable(result)) return watchThenable(operation, call, result);
        if (isStreaming(result)) return operation.streamOpened(call, result);
      }
      operation.workFulfilled(call, result);
      return result === target ? wrapper : result;
    }
    operation.answersLater = true;
    operation.answersLazily = false;
    try {
      switch (plan.answer) {
        case "watched":
          result.then(call.fulfilled, call.rejected);
          return result;
        case "derived":
          call.answer = "derived";
          return result.then(call.fulfilled, call.rejected);
        case "owned":
          if (plan.retry !== undefined) {
            plan.retry.budget.deposit(call.startedMs);
            call.work = work;
            call.words = arguments;
          }
          call.receiver = receiver;
          if (plan.keepsContext) call.context = keptContext();
          return own(call, result);
      }
    } catch {
      // Its own `then` throws: who awaits it does not ask that one.
      return unwatched(call, result);
    }
  };
}

/** What cannot be watched has succeeded, unless its handlers were called before. */
function unwatched(call: Call, result: unknown): unknown {
  const { owner } = call;
  disown(call);
  owner?.workFulfilled(call, undefined);
  return result;
}

/** What throws when it is looked at is none, and is the caller's as it is. */
function isPlainPromise(result: unknown): result is Promise<unknown> {
  try {
    return result instanceof Promise && result.constructor === Promise;
  } catch {
    return false;
  }
}

function isAsync(work: Method): boolean {
  return Object.prototype.toString.call(work) === "[object AsyncFunction]";
}

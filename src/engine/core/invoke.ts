/**
 * A method on its way through the engine. The path is chosen on each call, so that modes and
 * switches take effect at once, and the function that the caller holds stays the same.
 *
 * I1. What is synchronous stays so: no promise is made where there was none.
 * I2. The caller gets the result, the error and the `this` that he would get without the engine.
 * I3. In shadow the caller has the very promise of the work.
 */
import { CircuitBreakerError, type Judgement, refused } from "../../resilience/index.ts";
import { isThenable, watchThenable } from "../streams/thenable.ts";
import type { Call } from "./call.ts";
import { isStreaming } from "./call.ts";
import type { Fallback } from "./call-plan.ts";
import { signalOf } from "./callers-signal.ts";
import type { OperationCore } from "./operation-core.ts";
import { mayFallBack } from "./recovery.ts";
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
  return function (this: unknown): unknown {
    const receiver = this === wrapper ? target : this;
    const { plan } = operation;
    if (plan.path === "off") return work.apply(receiver, arguments as never);
    counts.calls += 1;
    let { ticket } = breaker;
    if (!breaker.isClosed) {
      ticket = breaker.admit(operation.shared.pulse.monotonicMs());
      if (ticket === refused && refuse(operation)) return circuitIsOpen(operation);
    }
    if (plan.concurrency > 0 && operation.occupied >= plan.concurrency && plan.acts.bulkhead) {
      if (!operation.answersLater) return turnAway(operation, bulkheadError(operation));
      const waiting = waitForRoom(operation, { work, receiver, words: arguments, ticket });
      return waiting ?? turnAway(operation, bulkheadError(operation));
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
      return fallBack(operation, { error, judgement, fallback: plan.fallback });
    }
    if (!(result instanceof Promise && result.constructor === Promise)) {
      if (typeof result === "object" && result !== null && result !== target) {
        // A query can be iterated as well; that it can be awaited says more.
        if (isThenable(result)) return watchThenable(operation, call, result);
        if (isStreaming(result)) return operation.streamOpened(call, result);
      }
      operation.workFulfilled(call, result);
      return result === target ? wrapper : result;
    }
    operation.answersLater = true;
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
          call.receiver = receiver;
          call.work = work;
          call.words = arguments;
        }
        return own(call, result);
    }
  };
}

function isAsync(work: Method): boolean {
  return Object.prototype.toString.call(work) === "[object AsyncFunction]";
}

/** Handed from the executor to whoever has just made a promise: no closure is needed. */
let madeResolve: (value: unknown) => void;
let madeReject: (error: unknown) => void;
function keepMade(resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
  madeResolve = resolve;
  madeReject = reject;
}

function own(call: Call, result: Promise<unknown>): Promise<unknown> {
  const promise = new Promise(keepMade);
  call.answer = "owned";
  call.resolve = madeResolve;
  call.reject = madeReject;
  result.then(call.fulfilled, call.rejected);
  return promise;
}

/** Whether the refusal takes effect; it is told and counted either way. */
function refuse(operation: OperationCore): boolean {
  const retryAfterMs = operation.breaker.openLeftMs(operation.shared.pulse.nowMs);
  const isEnforced = operation.plan.acts.breaker;
  const reason = `the circuit is ${operation.breaker.phase}`;
  operation.decided({ kind: "rejected", by: "breaker", reason, retryAfterMs }, isEnforced);
  return isEnforced;
}

function circuitIsOpen(operation: OperationCore): unknown {
  const { breaker, name, shared } = operation;
  const { isolatedBecause } = breaker;
  const leftMs = isolatedBecause === undefined ? breaker.openLeftMs(shared.pulse.nowMs) : undefined;
  return turnAway(operation, new CircuitBreakerError(name, leftMs, { isolatedBecause }));
}

interface FallingBack {
  readonly error: unknown;
  readonly judgement: Judgement | undefined;
  readonly fallback: Fallback;
}

/** Of a call that has thrown at once; a fallback that fails says less than what it stands for. */
function fallBack(operation: OperationCore, { error, judgement, fallback }: FallingBack): unknown {
  const category = judgement?.category ?? "unknown";
  operation.decided({ kind: "fallback", category, error }, true);
  try {
    return fallback(error);
  } catch {
    throw error;
  }
}

function turnAway(operation: OperationCore, error: unknown): unknown {
  const judgement = operation.shared.classify(error);
  operation.callFailed({ error, attempts: 0, elapsedMs: -1 }, judgement);
  const { fallback } = operation.plan;
  const answer = (): unknown => {
    if (fallback === undefined) throw error;
    return fallBack(operation, { error, judgement, fallback });
  };
  // I1: it has always answered at once, or nobody knows yet how it answers.
  return operation.answersLater ? later(answer) : answer();
}

async function later(answer: () => unknown): Promise<unknown> {
  return answer();
}

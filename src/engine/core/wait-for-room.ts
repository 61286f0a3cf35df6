/**
 * A call waits until another one has ended, because as many are under way as may be.
 *
 * Q1. Who waits is answered when he gives up, or when the time of a call is over; his work is then
 *     never begun.
 * Q2. First come, first served; so many wait at most.
 * Q3. Whether the circuit is closed is asked once more when its turn has come.
 * Q4. The work has the async context of its own caller, not of whoever makes room.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import {
  BulkheadError,
  CallTimeoutError,
  CircuitBreakerError,
  judgeCall,
  type PolicyError,
  refused,
} from "../../resilience/index.ts";
import type { Call } from "./call.ts";
import { callersSignal } from "./callers-signal.ts";
import type { OperationCore } from "./operation-core.ts";

export interface Waiting {
  readonly work: NonNullable<Call["work"]>;
  readonly receiver: unknown;
  readonly words: IArguments;
  readonly ticket: number;
}

export function bulkheadError({ name, plan }: OperationCore): PolicyError {
  return new BulkheadError(name, plan.concurrency, plan.queue);
}

/** Undefined: there is no place to wait either. */
export function waitForRoom(
  operation: OperationCore,
  { work, receiver, words, ticket }: Waiting,
): Promise<unknown> | undefined {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const ends: (() => void)[] = [];
  const signal = callersSignal(words);
  const inContext = AsyncLocalStorage.snapshot(); // Q4.
  const begin = (): void =>
    inContext(() => {
      for (const end of ends) end();
      const now = admitAgain(operation, ticket);
      if (now === refused) {
        giveUp(new CircuitBreakerError(operation.name));
        return;
      }
      const call = operation.start(now);
      call.signal = signal;
      Object.assign(call, { resolve, reject, receiver, work, words, answer: "owned" });
      try {
        Promise.resolve(work.apply(receiver, words as never)).then(call.fulfilled, call.rejected);
      } catch (error) {
        operation.workRejected(call, error);
      }
    });
  const leave = operation.enqueue(begin);
  if (leave === undefined) {
    operation.breaker.dismissed(ticket);
    const { concurrency, queue } = operation.plan;
    const reason = `${concurrency} calls are under way and ${queue} wait`;
    operation.decided({ kind: "rejected", by: "bulkhead", reason }, true);
    return undefined;
  }
  const giveUp = (error: unknown): void => {
    leave();
    for (const end of ends) end();
    operation.breaker.dismissed(ticket);
    const judgement = judgeCall(operation.shared.classify, error, signal);
    operation.callFailed({ error, attempts: 0, elapsedMs: -1 }, judgement);
    reject(error);
  };
  limitWait(operation, giveUp, ends);
  if (signal !== undefined) {
    const abort = (): void => giveUp(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    ends.push(() => signal.removeEventListener("abort", abort));
  }
  return promise;
}

function limitWait(
  operation: OperationCore,
  giveUp: (error: unknown) => void,
  ends: (() => void)[],
): void {
  const { timeoutMs, acts } = operation.plan;
  if (timeoutMs <= 0 || !acts.timeout) return;
  const cancel = operation.shared.tools.background.after(timeoutMs, () => {
    operation.decided({ kind: "timeout", timeoutMs, elapsedMs: timeoutMs }, true);
    giveUp(new CallTimeoutError(operation.name, timeoutMs));
  });
  ends.push(cancel);
}

/** Q3. */
function admitAgain({ breaker, plan, shared }: OperationCore, ticket: number): number {
  if (breaker.isClosed) return breaker.ticket;
  if (ticket === breaker.ticket && breaker.phase === "half_open") return ticket;
  const now = breaker.admit(shared.pulse.monotonicMs());
  return now === refused && !plan.acts.breaker ? ticket : now;
}

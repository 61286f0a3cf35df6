/**
 * As many calls are under way as may be: whoever comes now, for the first time or again, waits
 * until one of them has ended.
 *
 * Q1. Who waits is answered when he gives up, or when the time of a call is over; his work is then
 *     never begun.
 * Q2. First come, first served; so many wait at most.
 * Q4. What is done when the turn has come has the async context of its own caller, not of whoever
 *     makes room.
 */
import { AsyncResource } from "node:async_hooks";
import { CallTimeoutError } from "../../resilience/index.ts";
import type { WorkingOperation } from "./working-operation.ts";

export interface Waiter {
  readonly signal: AbortSignal | undefined;
  readonly context: AsyncResource;
  /** Its turn has come. */
  readonly begin: () => void;
  /** Q1. */
  readonly giveUp: (error: unknown) => void;
}

/** Tools that follow resources are told of its end when it is thrown away. */
export function keptContext(): AsyncResource {
  return new AsyncResource("SoulMirrorCall");
}

export function hasRoom({ plan, occupied }: WorkingOperation): boolean {
  return plan.concurrency === 0 || !plan.acts.bulkhead || occupied < plan.concurrency;
}

/**
 * Of a call that comes now, for the first time or again: there is no room, or others came first
 * (Q2). Where the limit may not act it is told who would be turned away.
 */
export function mustWait(operation: WorkingOperation): boolean {
  const { concurrency, queue, acts } = operation.plan;
  if (concurrency === 0) return false;
  const { occupied } = operation;
  if (acts.bulkhead) return occupied >= concurrency || operation.waiting > 0;
  const places = operation.answersLater ? concurrency + queue : concurrency;
  if (occupied >= places) tellNoRoom(operation, false);
  return false;
}

export function tellNoRoom(operation: WorkingOperation, isEnforced: boolean): void {
  const { concurrency, queue } = operation.plan;
  const waiting = operation.answersLater ? ` and ${queue} wait` : "";
  const reason = `${concurrency} calls are under way${waiting}`;
  operation.decided({ kind: "rejected", by: "bulkhead", reason }, isEnforced);
}

/** False: there is no place to wait either; that is told, and nothing of the waiter is called. */
export function waitForTurn(operation: WorkingOperation, waiter: Waiter): boolean {
  const ends: (() => void)[] = [];
  const end = (): void => {
    for (const each of ends.splice(0)) each();
  };
  const leave = operation.enqueue(() => {
    end();
    waiter.context.runInAsyncScope(waiter.begin);
  });
  if (leave === undefined) {
    tellNoRoom(operation, true);
    return false;
  }
  ends.push(leave);
  const giveUp = (error: unknown): void => {
    end();
    waiter.context.runInAsyncScope(waiter.giveUp, undefined, error);
  };
  const cancel = limitWait(operation, giveUp);
  if (cancel !== undefined) ends.push(cancel);
  const { signal } = waiter;
  if (signal === undefined) return true;
  const abort = (): void => giveUp(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  ends.push(() => signal.removeEventListener("abort", abort));
  // Of one that is aborted already nothing more is heard.
  if (signal.aborted) abort();
  return true;
}

function limitWait(
  operation: WorkingOperation,
  giveUp: (error: unknown) => void,
): (() => void) | undefined {
  const { timeoutMs, acts } = operation.plan;
  if (timeoutMs <= 0 || !acts.timeout) return undefined;
  return operation.shared.tools.background.after(timeoutMs, () => {
    operation.decided({ kind: "timeout", timeoutMs, elapsedMs: timeoutMs }, true);
    giveUp(new CallTimeoutError(operation.name, timeoutMs));
  });
}

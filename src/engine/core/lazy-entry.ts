/**
 * What begins only when somebody waits for it asks then whether it may: what it was made by has
 * neither burdened the dependency nor asked its circuit or its rate, and could not have waited
 * without becoming something else than a query.
 */
import { refused } from "../../resilience/index.ts";
import type { Call } from "./call.ts";
import { circuitError, tellRefusal } from "./circuit-error.ts";
import type { OperationCore } from "./operation-core.ts";
import { tooFast } from "./pace.ts";
import { turnAway } from "./turn-away.ts";
import { mustWait } from "./turns.ts";
import { bulkheadError, waitForRoom } from "./wait-for-room.ts";

type Work = () => unknown;

/** A call that has begun, or how work is answered that may begin later, or not at all. */
export type Entry = Call | ((work: Work) => PromiseLike<unknown>);

export function enterLazily(operation: OperationCore): Entry {
  const { breaker } = operation;
  let { ticket } = breaker;
  if (!breaker.isClosed) {
    ticket = breaker.admit(operation.shared.pulse.monotonicMs());
    if (ticket === refused && tellRefusal(operation))
      return () => turnAway(operation, circuitError(operation)) as Promise<unknown>;
  }
  const error = tooFast(operation, ticket);
  if (error !== undefined) return () => turnAway(operation, error) as Promise<unknown>;
  if (!mustWait(operation)) return operation.start(ticket);
  return (work) => {
    const waiting = waitForRoom(operation, { work, receiver: undefined, words: undefined, ticket });
    return waiting ?? (turnAway(operation, bulkheadError(operation)) as Promise<unknown>);
  };
}

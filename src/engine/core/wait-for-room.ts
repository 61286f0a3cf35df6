/**
 * A call that finds no room waits for its turn (`turns.ts`), for the first time.
 *
 * Q3. Whether the circuit is closed is asked once more when its turn has come.
 */
import { deferred } from "../../kernel/index.ts";
import { BulkheadError, judgeCall, type PolicyError, refused } from "../../resilience/index.ts";
import { currentRequestIds } from "../request-ids.ts";
import type { Call } from "./call.ts";
import { callersSignal } from "./callers-signal.ts";
import { circuitError, tellRefusal } from "./circuit-error.ts";
import { giveUp } from "./give-up.ts";
import type { OperationCore } from "./operation-core.ts";
import { begin, type Promised } from "./promised.ts";
import { keptContext, tellNoRoom, waitForTurn } from "./turns.ts";

export interface Waiting {
  readonly work: NonNullable<Call["work"]>;
  readonly receiver: unknown;
  /** Undefined: it is not done again. */
  readonly words: ArrayLike<unknown> | undefined;
  readonly ticket: number;
}

export function bulkheadError({ name, plan }: OperationCore): PolicyError {
  return new BulkheadError(name, plan.concurrency, plan.queue);
}

/** Undefined: there is no place to wait either. */
export function waitForRoom(
  operation: OperationCore,
  { ticket, ...asked }: Waiting,
): Promise<unknown> | undefined {
  if (!operation.answersLater) {
    // Its caller expects the answer at once.
    operation.breaker.dismissed(ticket);
    tellNoRoom(operation, true);
    return undefined;
  }
  const { promise, resolve, reject } = deferred<unknown>();
  const signal = callersSignal(asked.words ?? []);
  const context = keptContext();
  const ids = currentRequestIds();
  const beganMs = operation.shared.pulse.monotonicMs();
  const caller = { resolve, reject, signal, context, ids };
  const promised: Promised = { ...asked, ...caller, beganMs, attempt: 1 };
  const giveUpWaiting = (error: unknown): void => {
    operation.breaker.dismissed(ticket);
    const judgement = judgeCall(operation.shared.classify, error, signal);
    giveUp(operation, promised, { error, judgement, attempts: 0 });
  };
  const isWaiting = waitForTurn(operation, {
    signal,
    context,
    giveUp: giveUpWaiting,
    begin: () => {
      const now = admitAgain(operation, ticket);
      if (now === refused) {
        giveUpWaiting(circuitError(operation));
        return;
      }
      operation.plan.retry?.budget.deposit(operation.shared.pulse.nowMs);
      begin(operation, promised, now);
    },
  });
  if (isWaiting) return promise;
  operation.breaker.dismissed(ticket);
  return undefined;
}

/** Q3. */
function admitAgain(operation: OperationCore, ticket: number): number {
  const { breaker, shared } = operation;
  if (breaker.isClosed) return breaker.ticket;
  if (ticket >= breaker.ticket && breaker.phase === "half_open") return ticket;
  const now = breaker.admit(shared.pulse.monotonicMs());
  return now === refused && !tellRefusal(operation) ? ticket : now;
}

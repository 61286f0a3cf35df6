/**
 * An attempt has failed whose caller holds a promise of ours: it is made again, answered with the
 * fallback, or rejected.
 *
 * R1. It is made again only when its operation is declared idempotent, or when the dependency has
 *     provably not begun; why it is not is told.
 * R2. A caller who aborts gets his answer at once, also in the pause between two attempts, and the
 *     work is not begun again.
 */
import { type Judgement, refused } from "../../resilience/index.ts";
import type { Call } from "./call.ts";
import { callersSignal } from "./callers-signal.ts";
import type { OperationCore } from "./operation-core.ts";

export interface Failed {
  readonly error: unknown;
  readonly judgement: Judgement;
  readonly elapsedMs: number;
}

/** What goes from one attempt to the next. */
interface Promised {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly receiver: unknown;
  readonly work: NonNullable<Call["work"]>;
  readonly words: ArrayLike<unknown>;
  readonly attempt: number;
}

export function recover(operation: OperationCore, call: Call, failed: Failed): void {
  const promised = { ...(call as unknown as Promised) };
  const { retry } = operation.settings;
  const { error, judgement } = failed;
  const { category } = judgement;
  if (retry !== undefined) {
    const verdict = retry.decide(promised.attempt, judgement, operation.shared.pulse.nowMs);
    if (verdict.again) {
      const { delayMs, because } = verdict;
      const attempt = promised.attempt + 1;
      operation.decided({ kind: "retry", attempt, delayMs, category, because, error });
      pauseAndRepeat(operation, { ...promised, attempt }, { ...failed, delayMs });
      return;
    }
    operation.decided({ kind: "retry_refused", because: verdict.because, category, error });
  }
  giveUp(operation, promised, failed);
}

function giveUp(operation: OperationCore, promised: Promised, failed: Failed): void {
  const { error, judgement, elapsedMs } = failed;
  operation.callFailed({ error, attempts: promised.attempt, elapsedMs }, judgement);
  const { fallback } = operation.settings;
  const mayFallBack = judgement.isFault || judgement.category === "rejected";
  if (fallback === undefined || !mayFallBack) promised.reject(error);
  else answerWithFallback(operation, promised, { ...failed, fallback });
}

interface Falling extends Failed {
  readonly fallback: (error: unknown) => unknown;
}

function answerWithFallback(operation: OperationCore, promised: Promised, falling: Falling): void {
  const { error, judgement, fallback } = falling;
  operation.decided({ kind: "fallback", category: judgement.category, error });
  try {
    promised.resolve(fallback(error));
    operation.recovered("fallback", promised.attempt);
  } catch {
    // The first error says more than that of the fallback.
    promised.reject(error);
  }
}

interface Pausing extends Failed {
  readonly delayMs: number;
}

function pauseAndRepeat(operation: OperationCore, promised: Promised, pausing: Pausing): void {
  const { timers } = operation.shared.tools;
  const signal = callersSignal(promised.words);
  const cancel = timers.after(pausing.delayMs, () => {
    signal?.removeEventListener("abort", abort);
    repeat(operation, promised, pausing);
  });
  const abort = (): void => {
    cancel();
    const { error } = pausing;
    operation.decided({
      kind: "retry_refused",
      because: "cancelled",
      category: "cancelled",
      error,
    });
    const judgement: Judgement = {
      category: "cancelled",
      isFault: false,
      isTransient: false,
      neverStarted: false,
    };
    giveUp(operation, promised, { error: signal?.reason, judgement, elapsedMs: -1 });
  };
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort, { once: true });
}

function repeat(operation: OperationCore, promised: Promised, failed: Failed): void {
  const { breaker, settings } = operation;
  const ticket = breaker.isClosed
    ? breaker.ticket
    : breaker.admit(operation.shared.pulse.monotonicMs());
  if (ticket === refused && settings.path === "act") {
    // The first error says what is wrong; that the circuit has opened meanwhile is its consequence.
    giveUp(operation, promised, failed);
    return;
  }
  const call = operation.start(ticket);
  Object.assign(call, promised, { answer: "owned" });
  let result: unknown;
  try {
    result = promised.work.apply(promised.receiver, promised.words as never);
  } catch (error) {
    operation.workRejected(call, error);
    return;
  }
  Promise.resolve(result).then(call.fulfilled, call.rejected);
}

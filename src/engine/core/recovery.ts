/**
 * An attempt has failed whose caller holds a promise of ours: it is made again, answered with the
 * fallback, or rejected.
 *
 * R1. It is made again only when its operation is declared idempotent, or when the dependency has
 *     provably not begun; why it is not is told.
 * R2. A caller who aborts gets his answer at once, also in the pause between two attempts, and the
 *     work is not begun again.
 */
import { AsyncResource } from "node:async_hooks";
import type { Random } from "../../kernel/index.ts";
import {
  type Backoff,
  decideRetry,
  type Judgement,
  type RetryVerdict,
  refused,
} from "../../resilience/index.ts";
import type { Call } from "./call.ts";
import type { RetryPlan } from "./call-plan.ts";
import { callersSignal } from "./callers-signal.ts";
import type { OperationCore } from "./operation-core.ts";

/** Who asks for a longer pause is not called again. */
const maxRetryAfterMs = 30_000;

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

/** What would be done, where nothing may act. */
export function wouldRetry(operation: OperationCore, judgement: Judgement, error: unknown): void {
  const { category } = judgement;
  const verdict = verdictOn(operation, { attempt: 1, judgement, isCancelled: false });
  if (verdict.kind === "refused") {
    operation.decided({ kind: "retry_refused", because: verdict.because, category, error }, false);
  } else {
    const { delayMs, because } = verdict;
    operation.decided({ kind: "retry", attempt: 2, delayMs, category, because, error }, false);
  }
}

export function recover(operation: OperationCore, call: Call, failed: Failed): void {
  const { resolve, reject, receiver, work, words, attempt } = call as Promised;
  const promised: Promised = { resolve, reject, receiver, work, words, attempt };
  if (operation.plan.retry !== undefined && words !== undefined) {
    const { error, judgement } = failed;
    const { category } = judgement;
    const isCancelled = callersSignal(words)?.aborted === true;
    const verdict = verdictOn(operation, { attempt, judgement, isCancelled });
    if (verdict.kind === "retry" && operation.plan.acts.retry) {
      const { delayMs, because } = verdict;
      const next = attempt + 1;
      operation.decided({ kind: "retry", attempt: next, delayMs, category, because, error }, true);
      pauseAndRepeat(operation, { ...promised, attempt: next }, { ...failed, delayMs });
      return;
    }
    const because = verdict.kind === "refused" ? verdict.because : "switched_off";
    operation.decided({ kind: "retry_refused", because, category, error }, true);
  }
  giveUp(operation, promised, failed);
}

interface Asked {
  readonly attempt: number;
  readonly judgement: Judgement;
  readonly isCancelled: boolean;
}

function verdictOn(operation: OperationCore, asked: Asked): RetryVerdict {
  const { isIdempotent, attempts, backoff, budget } = operation.plan.retry as RetryPlan;
  const { random, monotonicMs } = operation.shared.tools;
  return decideRetry({
    ...asked,
    attempts,
    isIdempotent,
    isOn: true,
    backoffMs: delayAfter(backoff, asked.attempt, random),
    maxRetryAfterMs,
    leftMs: Number.POSITIVE_INFINITY,
    chance: random.next(),
    spend: () => budget.spend(monotonicMs()),
  });
}

function delayAfter(backoff: Backoff, attempt: number, random: Random): number {
  let step = backoff;
  for (let taken = 0; taken < attempt; taken += 1) step = step.next(random);
  return step.delayMs;
}

/** The caller's own mistakes, and what he has cancelled, are answered as they are. */
export function mayFallBack(judgement: Judgement | undefined): boolean {
  return judgement !== undefined && (judgement.isFault || judgement.category === "rejected");
}

function giveUp(operation: OperationCore, promised: Promised, failed: Failed): void {
  const { error, judgement, elapsedMs } = failed;
  operation.callFailed({ error, attempts: promised.attempt, elapsedMs }, judgement);
  const { fallback } = operation.plan;
  if (fallback === undefined || !mayFallBack(judgement)) promised.reject(error);
  else answerWithFallback(operation, promised, { ...failed, fallback });
}

interface Falling extends Failed {
  readonly fallback: (error: unknown) => unknown;
}

function answerWithFallback(operation: OperationCore, promised: Promised, falling: Falling): void {
  const { error, judgement, fallback } = falling;
  operation.decided({ kind: "fallback", category: judgement.category, error }, true);
  const answer = async (): Promise<void> => {
    try {
      promised.resolve(await fallback(error));
      operation.recovered("fallback", promised.attempt);
    } catch {
      // The first error says more than that of the fallback.
      promised.reject(error);
    }
  };
  void answer();
}

interface Pausing extends Failed {
  readonly delayMs: number;
}

function pauseAndRepeat(operation: OperationCore, promised: Promised, pausing: Pausing): void {
  const { timers } = operation.shared.tools;
  const signal = callersSignal(promised.words);
  const cancel = timers.after(pausing.delayMs, () => {
    signal?.removeEventListener("abort", abort);
    repeatInTurn(operation, promised, pausing);
  });
  const abort = (): void => {
    cancel();
    const { error } = pausing;
    const category = "cancelled";
    operation.decided({ kind: "retry_refused", because: "cancelled", category, error }, true);
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

/** A further attempt is a call like any other: it waits for its turn, and may find none. */
function repeatInTurn(operation: OperationCore, promised: Promised, failed: Failed): void {
  const { concurrency, acts } = operation.plan;
  if (concurrency === 0 || !acts.bulkhead || operation.occupied < concurrency) {
    repeat(operation, promised, failed);
    return;
  }
  const begin = AsyncResource.bind(() => repeat(operation, promised, failed));
  if (operation.enqueue(begin) === undefined) giveUp(operation, promised, failed);
}

function repeat(operation: OperationCore, promised: Promised, failed: Failed): void {
  const { breaker, plan } = operation;
  const ticket = breaker.isClosed
    ? breaker.ticket
    : breaker.admit(operation.shared.pulse.monotonicMs());
  if (ticket === refused && plan.acts.breaker) {
    // The first error says what is wrong; that the circuit has opened meanwhile is its consequence.
    giveUp(operation, promised, failed);
    return;
  }
  const call = operation.start(ticket);
  Object.assign(call, promised, { answer: "owned", signal: callersSignal(promised.words) });
  let result: unknown;
  try {
    result = promised.work.apply(promised.receiver, promised.words as never);
  } catch (error) {
    operation.workRejected(call, error);
    return;
  }
  Promise.resolve(result).then(call.fulfilled, call.rejected);
}

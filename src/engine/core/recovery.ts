/**
 * An attempt has failed whose caller holds a promise of ours: it is made again, answered with the
 * fallback, or rejected.
 *
 * R1. It is made again only when its operation is declared idempotent, or when the dependency has
 *     provably not begun; why it is not is told.
 * R2. A caller who aborts gets his answer at once, also in the pause between two attempts, and the
 *     work is not begun again.
 * R3. When the engine is closed nothing is begun again: who waits for that has the last error at
 *     once.
 */
import type { Random } from "../../kernel/index.ts";
import {
  type Backoff,
  decideRetry,
  type Judgement,
  judgeCall,
  type RetryRefusal,
  type RetryVerdict,
  refused,
} from "../../resilience/index.ts";
import type { Call } from "./call.ts";
import type { RetryPlan } from "./call-plan.ts";
import { tellRefusal } from "./circuit-error.ts";
import { type Failed, giveUp } from "./give-up.ts";
import { tooFast } from "./pace.ts";
import { begin, type Promised, promisedOf } from "./promised.ts";
import { keptContext, mustWait, waitForTurn } from "./turns.ts";
import type { WorkingOperation } from "./working-operation.ts";

/** Who asks for a longer pause is not called again. */
const maxRetryAfterMs = 30_000;

/** What would be done, where nothing may act: `spend` takes nothing from those that do. */
export function wouldRetry(
  operation: WorkingOperation,
  { error, judgement }: Pick<Failed, "error" | "judgement">,
  spend: () => boolean,
): void {
  const { category } = judgement;
  const verdict = verdictOn(operation, { attempt: 1, judgement, isCancelled: false, spend });
  if (verdict.kind === "refused") {
    operation.decided({ kind: "retry_refused", because: verdict.because, category, error }, false);
  } else {
    const { delayMs, because } = verdict;
    operation.decided({ kind: "retry", attempt: 2, delayMs, category, because, error }, false);
  }
}

export function recover(operation: WorkingOperation, call: Call, failed: Failed): void {
  const { attempt, words } = call;
  const promised = promisedOf(call);
  if (operation.plan.retry !== undefined && words !== undefined) {
    const { error, judgement } = failed;
    const { category } = judgement;
    const isCancelled = promised.signal?.aborted === true;
    const { budget } = operation.plan.retry;
    const spend = (): boolean => budget.spend(operation.shared.pulse.monotonicMs());
    const verdict = verdictOn(operation, { attempt, judgement, isCancelled, spend });
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
  giveUp(operation, promised, { ...failed, attempts: attempt });
}

interface Asked {
  readonly attempt: number;
  readonly judgement: Judgement;
  readonly isCancelled: boolean;
  readonly spend: () => boolean;
}

function verdictOn(operation: WorkingOperation, asked: Asked): RetryVerdict {
  const { isIdempotent, attempts, backoff } = operation.plan.retry as RetryPlan;
  const { random } = operation.shared.tools;
  return decideRetry({
    ...asked,
    attempts,
    isIdempotent,
    isOn: !operation.shared.pending.isClosed,
    backoffMs: delayAfter(backoff, asked.attempt, random),
    maxRetryAfterMs,
    leftMs: Number.POSITIVE_INFINITY,
    circuitOpenMs: circuitOpenMs(operation),
    chance: random.next(),
  });
}

function circuitOpenMs({ breaker, plan, shared }: WorkingOperation): number {
  if (breaker.isClosed || !plan.acts.breaker) return 0;
  const isIsolated = breaker.isolatedBecause !== undefined;
  return isIsolated ? Number.POSITIVE_INFINITY : breaker.openLeftMs(shared.pulse.monotonicMs());
}

function delayAfter(backoff: Backoff, attempt: number, random: Random): number {
  let step = backoff;
  for (let taken = 0; taken < attempt; taken += 1) step = step.next(random);
  return step.delayMs;
}

interface Pausing extends Failed {
  readonly delayMs: number;
}

function pauseAndRepeat(operation: WorkingOperation, promised: Promised, pausing: Pausing): void {
  const { tools, pending } = operation.shared;
  const { signal } = promised;
  // Whoever closes, or aborts, has one of his own.
  const context = promised.context ?? keptContext();
  const { delayMs, ...failed } = pausing;
  const end = (): void => {
    cancel();
    leave();
    signal?.removeEventListener("abort", abort);
  };
  const refuse = (because: RetryRefusal): void => {
    end();
    tellNoRetry(operation, failed, because);
  };
  const inContext = (answer: () => void) => (): void => context.runInAsyncScope(answer);
  const abort = inContext(() => {
    refuse("cancelled");
    endWaiting(operation, promised, signal?.reason);
  });
  const cancel = tools.timers.after(delayMs, () => {
    end();
    repeatInTurn(operation, promised, failed);
  });
  // R3.
  const close = inContext(() => {
    refuse("switched_off");
    giveUp(operation, promised, { ...failed, attempts: promised.attempt - 1 });
  });
  const leave = pending.add(close);
  // Who was told of the pause may have closed the engine, or aborted.
  if (pending.isClosed) close();
  else if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort, { once: true });
}

/** A further attempt is a call like any other: it waits for its turn, and may find none. */
function repeatInTurn(operation: WorkingOperation, promised: Promised, failed: Failed): void {
  if (!mustWait(operation)) {
    repeat(operation, promised, failed);
    return;
  }
  const { signal, context = keptContext() } = promised;
  // R3.
  const closing = new AbortController();
  const leave = operation.shared.pending.add(() => closing.abort(failed.error));
  const isWaiting = waitForTurn(operation, {
    signal: signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]),
    context,
    begin: () => {
      leave();
      repeat(operation, { ...promised, context }, failed);
    },
    giveUp: (error) => {
      leave();
      endWaiting(operation, promised, error);
    },
  });
  if (isWaiting) return;
  leave();
  // The first error says what is wrong; that nobody else finds room is its consequence.
  giveUp(operation, promised, { ...failed, attempts: promised.attempt - 1 });
}

/** Its caller, or its time, did not wait for the attempt that was to come. */
function endWaiting(operation: WorkingOperation, promised: Promised, error: unknown): void {
  const judgement = judgeCall(operation.shared.classify, error, promised.signal);
  const attempts = promised.attempt - 1;
  giveUp(operation, promised, { error, judgement, attempts });
}

function repeat(operation: WorkingOperation, promised: Promised, failed: Failed): void {
  const { breaker, shared } = operation;
  const ticket = breaker.isClosed ? breaker.ticket : breaker.admit(shared.pulse.monotonicMs());
  const isRefused = ticket === refused && tellRefusal(operation);
  // As above: that the circuit has opened meanwhile, or others were faster, is a consequence.
  if (isRefused || tooFast(operation, ticket) !== undefined) {
    giveUp(operation, promised, { ...failed, attempts: promised.attempt - 1 });
    return;
  }
  // R3: who was told of a circuit or a rate just now may have closed the engine.
  if (shared.pending.isClosed) {
    breaker.dismissed(ticket);
    tellNoRetry(operation, failed, "switched_off");
    giveUp(operation, promised, { ...failed, attempts: promised.attempt - 1 });
    return;
  }
  begin(operation, promised, ticket);
}

function tellNoRetry(
  operation: WorkingOperation,
  { error, judgement }: Failed,
  because: RetryRefusal,
): void {
  const category = because === "cancelled" ? because : judgement.category;
  operation.decided({ kind: "retry_refused", because, category, error }, true);
}

/**
 * The fallback: what stands for the answer of a dependency at fault, or of a call that was refused.
 *
 * F1. One that fails says less than the error that it stands for.
 * F2. It has the time that a call has, anew: nobody waits longer for what stands for an answer than
 *     for the answer.
 */
import { deferred } from "../../kernel/index.ts";
import { CallTimeoutError, type Judgement } from "../../resilience/index.ts";
import { isThenable } from "../streams/is-thenable.ts";
import type { Fallback } from "./call-plan.ts";
import type { WorkingOperation } from "./working-operation.ts";

export interface Instead {
  readonly error: unknown;
  readonly judgement: Judgement;
  readonly fallback: Fallback;
  /** So many were made. */
  readonly attempts: number;
}

/** At once where the fallback answers at once. */
export function answerInstead(operation: WorkingOperation, instead: Instead): unknown {
  const { error, judgement, fallback, attempts } = instead;
  operation.decided({ kind: "fallback", category: judgement.category, error }, true);
  let answer: unknown;
  try {
    answer = fallback(error);
  } catch {
    throw error;
  }
  if (isAwaitable(answer)) return inTime(operation, instead, answer);
  operation.recovered("fallback", attempts);
  return answer;
}

/** Queries, too: nobody but us knows that their time runs. */
function isAwaitable(answer: unknown): answer is PromiseLike<unknown> {
  const isObject = typeof answer === "object" || typeof answer === "function";
  return isObject && answer !== null && isThenable(answer);
}

/** F1 and F2. */
async function inTime(
  operation: WorkingOperation,
  { error, attempts }: Instead,
  answer: PromiseLike<unknown>,
): Promise<unknown> {
  const { timeoutMs, acts } = operation.plan;
  const isLimited = timeoutMs > 0 && acts.timeout;
  const late = deferred<undefined>();
  const { background } = operation.shared.tools;
  const cancel = isLimited ? background.after(timeoutMs, () => late.resolve(undefined)) : undefined;
  const done = valueOf(answer);
  let found: { readonly value: unknown } | undefined;
  try {
    found = await (isLimited ? Promise.race([done, late.promise]) : done);
  } catch {
    throw error;
  } finally {
    cancel?.();
  }
  if (found === undefined) throw tooLate(operation, error);
  operation.recovered("fallback", attempts);
  return found.value;
}

async function valueOf(answer: PromiseLike<unknown>): Promise<{ readonly value: unknown }> {
  return { value: await answer };
}

function tooLate(operation: WorkingOperation, error: unknown): CallTimeoutError {
  const { timeoutMs } = operation.plan;
  operation.decided({ kind: "timeout", timeoutMs, elapsedMs: timeoutMs }, true);
  const late = new CallTimeoutError(`the fallback of ${operation.name}`, timeoutMs);
  const how = { value: error, configurable: true, writable: true, enumerable: false };
  return Object.defineProperty(late, "cause", how);
}

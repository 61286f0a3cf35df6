/**
 * No further attempt is made: the caller is answered with the fallback, or with the error.
 *
 * G1. The fallback stands for a dependency at fault, or a call that was refused, and for nothing
 *     else.
 * G2. A caller is answered once.
 * G3. What is told of the call is told of the whole: the time since he asked, with all attempts,
 *     pauses and waits.
 */
import type { Judgement } from "../../resilience/index.ts";
import { answerInstead } from "./answer-instead.ts";
import type { Promised } from "./promised.ts";
import type { WorkingOperation } from "./working-operation.ts";

export interface Failed {
  readonly error: unknown;
  readonly judgement: Judgement;
}

/** The caller's own mistakes, and what he has cancelled, are answered as they are (G1). */
export function mayFallBack(judgement: Judgement | undefined): judgement is Judgement {
  return judgement !== undefined && (judgement.isFault || judgement.category === "rejected");
}

/** `attempts`: so many were made. */
export function giveUp(
  operation: WorkingOperation,
  promised: Pick<Promised, "resolve" | "reject" | "ids" | "beganMs">,
  { error, judgement, attempts }: Failed & { readonly attempts: number },
): void {
  const { ids, beganMs } = promised;
  const elapsedMs = beganMs < 0 ? -1 : operation.shared.pulse.monotonicMs() - beganMs;
  operation.callFailed({ error, attempts, elapsedMs, ids }, judgement);
  const { fallback } = operation.plan;
  if (fallback === undefined || !mayFallBack(judgement)) {
    promised.reject(error);
    return;
  }
  const answer = async (): Promise<void> => {
    try {
      const instead = { error, judgement, fallback, attempts };
      promised.resolve(await answerInstead(operation, instead));
    } catch (failure) {
      promised.reject(failure);
    }
  };
  void answer();
}

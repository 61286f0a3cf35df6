/** A call that is refused is answered at once: with an error, or with what stands for it. */
import { currentRequestIds } from "../request-ids.ts";
import { answerInstead } from "./answer-instead.ts";
import type { OperationCore } from "./operation-core.ts";

export function turnAway(operation: OperationCore, error: unknown): unknown {
  const judgement = operation.shared.classify(error);
  operation.callFailed({ error, attempts: 0, elapsedMs: -1, ids: currentRequestIds() }, judgement);
  const { fallback } = operation.plan;
  const answer = (): unknown => {
    if (fallback === undefined) throw error;
    return answerInstead(operation, { error, judgement, fallback, attempts: 0 });
  };
  // It has always answered at once, or nobody knows yet how it answers.
  return operation.answersLater ? later(answer) : answer();
}

async function later(answer: () => unknown): Promise<unknown> {
  return answer();
}

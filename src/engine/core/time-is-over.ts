/** What becomes of a call whose deadline has passed. */
import { CallTimeoutError } from "../../resilience/index.ts";
import type { Call } from "./call.ts";
import type { OperationCore } from "./operation-core.ts";

/**
 * The work keeps its place among the late ones until it settles. Its caller is answered now, where
 * the operation may act and has a promise of its own to answer with.
 */
export function timeIsOver(operation: OperationCore, call: Call, nowMs: number): void {
  const { timeoutMs, acts } = operation.plan;
  const elapsedMs = nowMs - call.startedMs;
  const isAnswered = acts.timeout && (call.answer === "owned" || call.cut !== undefined);
  operation.inFlight.end(call);
  operation.late.begin(call);
  call.isLate = true;
  // Who begins and ends his calls himself has time limits of his own.
  if (call.isMetered) return;
  operation.decided({ kind: "timeout", timeoutMs, elapsedMs }, isAnswered);
  if (!isAnswered) return;
  call.isForsaken = true;
  const error = new CallTimeoutError(operation.name, timeoutMs);
  operation.attemptFailed(call, error, elapsedMs);
  call.cut?.(error);
}

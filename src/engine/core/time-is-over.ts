/** What becomes of a call whose deadline has passed. */
import { roundedMs } from "../../kernel/index.ts";
import { CallTimeoutError, harmless } from "../../resilience/index.ts";
import type { Call } from "./call.ts";
import type { WorkingOperation } from "./working-operation.ts";

/**
 * The work keeps its place among the late ones until it settles. Its caller is answered now, where
 * the operation may act and has a promise of its own to answer with.
 */
export function timeIsOver(operation: WorkingOperation, call: Call, nowMs: number): void {
  const { timeoutMs, acts } = operation.plan;
  const elapsedMs = nowMs - call.startedMs;
  const isAnswered = acts.timeout && (call.answer === "owned" || call.cut !== undefined);
  operation.inFlight.end(call);
  operation.late.begin(call);
  // Who begins and ends his calls himself has time limits of his own.
  if (call.isMetered) return;
  const { context } = call;
  const error = isAnswered ? new CallTimeoutError(operation.name, timeoutMs) : undefined;
  const tell = (): void => {
    operation.decided({ kind: "timeout", timeoutMs, elapsedMs: roundedMs(elapsedMs) }, isAnswered);
    if (error === undefined) return;
    call.isForsaken = true;
    operation.attemptFailed(call, error, elapsedMs);
  };
  if (context === undefined) tell();
  else context.runInAsyncScope(tell);
  // How a stream takes its end is somebody else's code.
  if (error !== undefined) harmless(() => call.cut?.(error));
}

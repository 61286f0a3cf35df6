/**
 * How long a stream has taken is how long its reader had to wait for it: for its opening, and for
 * each chunk. What he does with them meanwhile is his own time.
 */
import type { Call } from "../core/call.ts";
import type { StreamOwner } from "./stream-owner.ts";

/** What its reader has waited for is there. */
export function hasCome({ inFlight, late, shared }: StreamOwner, call: Call): void {
  if (call.list !== inFlight && call.list !== late) return;
  const { pulse } = shared;
  // Where not every call is timed somebody has just read the clock.
  const nowMs = call.isTimed ? pulse.monotonicMs() : pulse.nowMs;
  call.waitedMs += Math.max(0, nowMs - call.startedMs);
}

/** It is over: what its operation measures is the time that was waited. */
export function countWaiting(operation: StreamOwner, call: Call): void {
  hasCome(operation, call);
  call.startedMs = operation.shared.pulse.monotonicMs() - call.waitedMs;
  if (call.beganMs >= 0) call.beganMs = call.startedMs - call.beforeMs;
  call.waitedMs = 0;
}

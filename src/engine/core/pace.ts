/** So many calls of an operation per second: a burst of one second may come at once. */
import { CellRate, RateLimitError } from "../../resilience/index.ts";
import type { Pace, WorkingOperation } from "./working-operation.ts";

/** What was admitted counts on, unless the limit is another one. */
export function paceOf(perSecond: number, before: Pace | undefined): Pace | undefined {
  if (perSecond === 0 || before?.perSecond === perSecond)
    return perSecond === 0 ? undefined : before;
  const rate = new CellRate(1000 / perSecond, Math.max(1, Math.floor(perSecond)));
  return { perSecond, rate };
}

/** The error of a call that comes too fast; undefined: it may go on. Told either way. */
export function tooFast(operation: WorkingOperation, ticket: number): RateLimitError | undefined {
  const { breaker, pace, plan, name, shared } = operation;
  if (pace === undefined) return undefined;
  const nowMs = shared.pulse.monotonicMs();
  const retryAfterMs = pace.rate.waitMs(nowMs);
  if (retryAfterMs === 0) {
    pace.rate.take(nowMs);
    return undefined;
  }
  const reason = `${pace.perSecond} calls per second are allowed`;
  const isEnforced = plan.acts.rate_limit;
  operation.decided({ kind: "rejected", by: "rate_limit", reason, retryAfterMs }, isEnforced);
  if (!isEnforced) return undefined;
  breaker.dismissed(ticket);
  return new RateLimitError(name, retryAfterMs);
}

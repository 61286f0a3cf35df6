/**
 * What a verdict means for the recovery of a resource: what was done is remembered, taken back when
 * it did not help, and over when everything that was open is.
 */
import {
  type Failure,
  instanceOf,
  recordVerdict,
  signatureOf,
  type Verdict,
} from "../model/index.ts";
import { withdraw, withdrawAlone } from "./approvals.ts";
import { wait } from "./cases.ts";
import { rememberClosed } from "./relapses.ts";
import { occupy, type PlanState, type PlanTick, type RecoveryCase } from "./state.ts";
import { recordSlot } from "./supervise.ts";

export function hearVerdict(state: PlanState, verdict: Verdict, tick: PlanTick): void {
  const failure = state.failures.get(verdict.failure);
  if (failure === undefined) return;
  const each = state.cases.get(failure.resource);
  const attempt = each?.attempts.at(-1);
  const plan = verdict.action === undefined ? undefined : state.judged.get(verdict.action);
  if (plan) {
    const key = { signature: signatureOf(failure), strategy: plan.strategy };
    recordVerdict(state.book, key, verdict);
  }
  if (verdict.healed) {
    if (attempt && verdict.action !== undefined) attempt.helped = true;
    closeFailure(state, failure, { tick, action: verdict.action });
    if (each) goOn(state, each, verdict.failure);
    return;
  }
  if (each === undefined || verdict.action === undefined || each.phase !== "judging") return;
  if (attempt) attempt.helped = false;
  each.phase = "reverting";
  each.knownMs = tick.now.monotonicMs;
  if (plan?.strategy === "rollback_config") unpin(state, failure, tick);
  // While it is taken back, what it started is not started again.
  if (plan) occupy(state, plan);
  tick.out.rollBacks.push({ action: verdict.action, reason: `not healed: ${verdict.reason}` });
}

/** When all that was judged is healed, what was raised meanwhile has its turn. */
function goOn(state: PlanState, each: RecoveryCase, healed: string): void {
  each.judged.delete(healed);
  if (each.phase !== "judging" || each.judged.size > 0 || each.failures.size === 0) return;
  each.phase = "open";
  wait(state, each, 0);
}

function unpin(state: PlanState, failure: Failure, tick: PlanTick): void {
  const slot = state.slots.get(failure.resource);
  if (slot === undefined) return;
  slot.pinnedHash = undefined;
  recordSlot(state, slot, tick);
}

function closeFailure(
  state: PlanState,
  failure: Failure,
  { tick, action }: { readonly tick: PlanTick; readonly action: string | undefined },
): void {
  state.failures.delete(failure.id);
  const each = state.cases.get(failure.resource);
  each?.failures.delete(failure.id);
  const service = instanceOf(failure.resource)?.service;
  if (service) state.due.set(service, tick.now.monotonicMs);
  if (each === undefined) return;
  if (each.failures.size > 0) return withdrawAlone(state, each, { failure, tick });
  // Before it is remembered: what nobody has approved was not tried.
  withdraw(state, each.resource, { tick, reason: "what it was for is over" });
  state.cases.delete(each.resource);
  forgetEscalation(state, each.incident);
  rememberClosed(state, each, { closedMs: tick.now.monotonicMs, action });
  for (const [judged, plan] of state.judged) {
    if (plan.resource !== each.resource) continue;
    state.judged.delete(judged);
    tick.out.settled.push(judged);
  }
}

/** A person who was told of an incident is not told again as long as any case of it is open. */
function forgetEscalation({ cases, escalated }: PlanState, incident: string): void {
  if (cases.size === 0) escalated.clear();
  for (const each of cases.values()) if (each.incident === incident) return;
  escalated.delete(incident);
}

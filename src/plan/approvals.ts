/**
 * Actions that wait for a person. While one waits nothing else is done to its resource, so it must
 * not wait for longer than it is worth: when what it was for is over, or something worse has come,
 * nobody is asked any more, and what was to be approved counts as not tried. The same holds for
 * actions that wait for the world, for a port that somebody else has, say: nothing is done yet.
 */
import { type Action, type Failure, failureTypes, type ResourceId } from "../model/index.ts";
import type { PlanState, PlanTick, RecoveryCase } from "./state.ts";

export function noteAwaiting(state: PlanState, action: Action): void {
  const { resource } = action.plan;
  if (isYetToBegin(action)) state.awaiting.set(resource, action);
  else if (state.awaiting.get(resource)?.id === action.id) state.awaiting.delete(resource);
}

/** A daemon that died had found that it was over, and had no time to say so. */
export function withdrawOutlived(state: PlanState, tick: PlanTick): void {
  for (const { plan } of state.awaiting.values()) {
    if (state.cases.has(plan.resource)) continue;
    withdraw(state, plan.resource, { tick, reason: "what it was for is over" });
  }
}

/** Something that names the cause more directly is open now: that comes first. */
export function withdrawForWorse(
  state: PlanState,
  each: RecoveryCase,
  { failure, tick }: { readonly failure: Failure; readonly tick: PlanTick },
): void {
  const waiting = state.awaiting.get(each.resource);
  const cause = waiting?.plan.cause;
  if (waiting?.status.kind !== "waiting_for_approval" || cause?.kind !== "failure") return;
  const before = state.failures.get(cause.failure);
  if (before === undefined || specificity(failure) <= specificity(before)) return;
  withdraw(state, each.resource, { tick, reason: `something worse has come: ${failure.reason}` });
}

/** It waits for one part only, and that is over: the others have their turn. */
export function withdrawAlone(
  state: PlanState,
  each: RecoveryCase,
  { failure, tick }: { readonly failure: Failure; readonly tick: PlanTick },
): void {
  const plan = state.awaiting.get(each.resource)?.plan;
  if (plan?.alone !== true || plan.cause.kind !== "failure") return;
  if (plan.cause.failure !== failure.id) return;
  withdraw(state, each.resource, { tick, reason: "what it was for is over" });
}

export function withdraw(
  state: PlanState,
  resource: ResourceId,
  { tick, reason }: { readonly tick: PlanTick; readonly reason: string },
): void {
  const action = state.awaiting.get(resource);
  if (action?.plan.cause.kind !== "failure") return;
  state.awaiting.delete(resource);
  const each = state.cases.get(resource);
  if (each) each.attempts = each.attempts.filter((one) => one.action !== action.plan.id);
  tick.out.withdrawals.push({ action: action.id, reason });
}

function isYetToBegin({ status }: Action): boolean {
  return status.kind === "waiting_for_approval" || status.kind === "initiated";
}

function specificity({ type }: Failure): number {
  return failureTypes[type].specificity;
}

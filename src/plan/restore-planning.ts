import type { Instant } from "../kernel/index.ts";
import type { Action } from "../model/index.ts";
import { noteAwaiting } from "./approvals.ts";
import { restoreBudgets } from "./rations.ts";
import { restoreAttempts, restoreClosed } from "./relapses.ts";
import { restoreScaling } from "./scaling.ts";
import { restoreSlot } from "./slots.ts";
import { occupy, type PlanMemory, type PlanState } from "./state.ts";
import { takeUp } from "./take-up.ts";

/** Takes up what the planner before this one knew. */
export function restorePlanning(
  state: PlanState,
  past: { readonly memory: PlanMemory; readonly now: Instant },
): void {
  const { memory, now } = past;
  for (const [scope, mode] of memory.modes) state.modes.set(scope, mode);
  restoreBudgets(state, memory.spent, now);
  for (const [key, experience] of memory.book) state.book.set(key, experience);
  restoreScaling(state, memory.scaled);
  restoreClosed(state, memory.tried, now);
  for (const record of memory.slots.values()) {
    const slot = state.slots.get(record.resource);
    const service = slot && state.fleet.services[slot.service];
    if (slot && service) restoreSlot(slot, record, service);
  }
  for (const slot of state.slots.values()) slot.starts = memory.starts.get(slot.resource) ?? 0;
  for (const failure of memory.failures.values()) state.failures.set(failure.id, failure);
  for (const incident of memory.incidents.values()) takeUp(state, incident, now);
  restoreAttempts(state, memory);
  // Only the daemon before this one has seen them ill.
  for (const each of state.cases.values()) each.knownMs = Number.NEGATIVE_INFINITY;
  for (const action of memory.actions.values()) goOnWith(state, action);
}

/** It is being taken back, or waits for a person: until that is over, nothing else is tried. */
function goOnWith(state: PlanState, action: Action): void {
  const { plan, status } = action;
  const each = plan.cause.kind === "failure" ? state.cases.get(plan.resource) : undefined;
  const isKnown = each?.attempts.some(({ action: known }) => known === plan.id);
  if (each && !isKnown) {
    const attempt = { strategy: plan.strategy, action: plan.id, helped: undefined };
    each.attempts = [...each.attempts, attempt];
  }
  // What is done already is only to be judged.
  if (status.kind === "succeeded") return;
  occupy(state, plan);
  noteAwaiting(state, action);
  if (each) each.phase = "acting";
}

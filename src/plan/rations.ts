/**
 * Who pays for an action? Every resource that it touches, and the fleet once: a dependency that is
 * restarted for the sake of three others has been restarted three times.
 */
import { formatDuration, type Instant } from "../kernel/index.ts";
import { type Plan, type ResourceId, type Spent, touchedBy } from "../model/index.ts";
import { Budget } from "./budget.ts";
import type { PlanState } from "./state.ts";

/** Which budget is spent, and until when (monotonic); undefined when there is enough of each. */
export function lackingBudget(
  state: PlanState,
  plan: Plan,
  nowMs: number,
): { readonly reason: string; readonly untilMs: number } | undefined {
  const { perResource, perFleet, windowMs } = state.fleet.budgets;
  const limits = [
    { untilMs: state.fleetBudget.affordableMs(nowMs), limit: perFleet, whose: "the fleet" },
    ...[...touchedBy(plan)].map((resource) => ({
      untilMs: budgetOf(state, resource).affordableMs(nowMs),
      limit: perResource,
      whose: resource,
    })),
  ];
  const last = limits.reduce((a, b) => (b.untilMs >= a.untilMs ? b : a));
  if (last.untilMs <= nowMs) return undefined;
  const { limit, whose, untilMs } = last;
  const window = formatDuration(windowMs);
  return { reason: `the budget of ${limit} per ${window} for ${whose} is spent`, untilMs };
}

export function spend(state: PlanState, plan: Plan, nowMs: number): void {
  state.fleetBudget.spend(nowMs);
  for (const resource of touchedBy(plan)) budgetOf(state, resource).spend(nowMs);
}

/** What was spent before this daemon began still counts. */
export function restoreBudgets(state: PlanState, spent: readonly Spent[], now: Instant): void {
  for (const { resource, others = [], at } of spent) {
    const spentMs = now.monotonicMs - Math.max(0, now.wallMs - at);
    state.fleetBudget.spend(spentMs);
    for (const each of [resource, ...others]) budgetOf(state, each).spend(spentMs);
  }
}

function budgetOf(state: PlanState, resource: ResourceId): Budget {
  const known = state.budgets.get(resource);
  if (known) return known;
  const made = new Budget(state.fleet.budgets.perResource, state.fleet.budgets.windowMs);
  state.budgets.set(resource, made);
  return made;
}

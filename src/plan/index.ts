/**
 * Plan: what is to be done, and may it be? Strategies are pure and explain themselves; the planner
 * adds order, budgets, pauses, modes and approval. A new strategy is one file in `strategies/`.
 */
export { plan } from "./plan.ts";
export { restorePlanning } from "./restore-planning.ts";
export type { Slot } from "./slots.ts";
export {
  createPlanState,
  type PlanInputs,
  type Planning,
  type PlanState,
  type World,
} from "./state.ts";

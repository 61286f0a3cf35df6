/**
 * What was healed lately. When it comes back before it was well for long, what seemed to help has
 * not: that is written down, and counts as experience. The verdict stays, for it was true when it
 * was reached.
 */

import type { Instant } from "../kernel/index.ts";
import {
  type Attempted,
  type Failure,
  type HealedBy,
  type Incident,
  type ResourceId,
  recordVerdict,
  signatureOf,
  type Tried,
} from "../model/index.ts";
import { declaredHashOf } from "./slots.ts";
import type { PlanMemory, PlanState, PlanTick, RecoveryCase } from "./state.ts";

/** A case that is closed. */
export interface Closed {
  readonly attempts: readonly Attempted[];
  readonly closedMs: number;
  readonly incident: string;
  /** The action that got the credit, if any did. */
  readonly healedBy: HealedBy | undefined;
}

export function rememberClosed(
  state: PlanState,
  { resource, incident, attempts }: RecoveryCase,
  how: { readonly closedMs: number; readonly action: string | undefined },
): void {
  const { history, judged } = state;
  const { closedMs, action } = how;
  for (const [other, before] of history) {
    if (closedMs - before.closedMs < keptMs(state)) break;
    history.delete(other);
  }
  const strategy = action === undefined ? undefined : judged.get(action)?.strategy;
  const healedBy = action && strategy ? { action, strategy } : undefined;
  history.set(resource, { attempts, closedMs, incident, healedBy });
}

/** What is too old to be a relapse is forgotten. */
function keptMs({ fleet }: PlanState): number {
  return Math.max(fleet.budgets.healthyRunMs, fleet.detection.relapseMs);
}

/** The incident was reopened by this failure: the action that had healed it has not. */
export function noteRelapse(
  state: PlanState,
  { before, incident, failure }: { before: Closed; incident: Incident; failure: Failure },
  { now, out }: PlanTick,
): void {
  const { healedBy, closedMs } = before;
  if (healedBy === undefined || before.incident !== incident.id || incident.relapses === 0) return;
  const relapse = { ...healedBy, failure: failure.id, wellForMs: now.monotonicMs - closedMs };
  const key = { signature: signatureOf(failure), strategy: healedBy.strategy };
  recordVerdict(state.book, key, { healed: false, at: now.wallMs });
  out.entries.push({ kind: "relapse", relapse });
}

/** What the planner before this one had closed lately, oldest first. */
export function restoreClosed(
  state: PlanState,
  tried: ReadonlyMap<string, Tried>,
  now: Instant,
): void {
  for (const [resource, { attempts, closedAt, incident, healedBy }] of tried) {
    if (closedAt === undefined) continue;
    const ageMs = Math.max(0, now.wallMs - closedAt);
    if (ageMs >= keptMs(state)) continue;
    const closedMs = now.monotonicMs - ageMs;
    state.history.set(resource as ResourceId, { attempts, closedMs, incident, healedBy });
  }
}

/** What the planner before this one had tried in what is still open, and is what it was then. */
export function restoreAttempts(state: PlanState, { tried, slots }: PlanMemory): void {
  for (const [resource, { attempts, closedAt, incident }] of tried) {
    const each = state.cases.get(resource as ResourceId);
    if (closedAt !== undefined || each?.incident !== incident) continue;
    const before = slots.get(resource);
    const declaredHash = state.slots.get(each.resource)?.declaredHash;
    if (before && declaredHashOf(before) !== declaredHash) continue;
    each.attempts = attempts.map((one) => ({ ...one, helped: one.helped }));
  }
}

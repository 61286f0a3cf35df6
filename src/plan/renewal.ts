/**
 * Whose turn is it to be renewed, when the configuration of a service has changed? Keeps U2 of
 * `supervise.ts`.
 *
 * Intuition: who changes the configuration of what is ill may well bring the cure. So an ill
 * instance is renewed before anything else is done about it, and before its siblings that are well;
 * but nobody gets a configuration that has made somebody ill. What is ill for want of what it needs
 * waits for that: it could not get ready now, and what could not be applied is not tried again.
 */
import type { ServiceSpec } from "../config/index.ts";
import { isOnlyNoted, type ResourceId } from "../model/index.ts";
import { isAway } from "./needs.ts";
import { modeOf } from "./permission.ts";
import { type Slot, wantedHash } from "./slots.ts";
import { type PlanState, slotsOf } from "./state.ts";

export function isOutdated(slot: Slot, service: ServiceSpec): boolean {
  return slot.run !== undefined && slot.run.started.specHash !== wantedHash(slot, service);
}

/** Now, or as soon as nothing is being done to it and to its siblings. */
export function isToBeRenewed(state: PlanState, slot: Slot): boolean {
  const service = state.fleet.services[slot.service];
  if (service === undefined || !isOutdated(slot, service)) return false;
  if (state.goingDown || slot.desired === "stopped" || slot.quarantine) return false;
  const ill = slotsOf(state, slot.service).filter((each) => hasToHeal(state, each.resource));
  if (!ill.includes(slot)) return ill.length === 0;
  return ill.every((each) => runsOld(each, service)) && mayBeTheCure(state, { slot, service });
}

/** Of the whole service: something is being done to an instance, or it is yet to get ready. */
export function isBusy(state: PlanState, service: ServiceSpec): boolean {
  return slotsOf(state, service.name).some(
    (slot) => isActedUpon(state, slot) || (isStarting(slot) && !isHopeless(state, slot, service)),
  );
}

/** The plan that waits for a person, and keeps everything else away from the resource. */
export function heldBy({ acting, awaiting }: PlanState, { resource }: Slot) {
  const plan = acting.get(resource);
  if (plan === undefined) return undefined;
  return [...awaiting.values()].find(
    (action) => action.plan.id === plan && action.status.kind === "waiting_for_approval",
  );
}

/** What a rollback wants is for the recovery to bring about. */
function runsOld(slot: Slot, service: ServiceSpec): boolean {
  return slot.pinnedHash === undefined && isOutdated(slot, service);
}

function mayBeTheCure(
  state: PlanState,
  { slot, service }: { readonly slot: Slot; readonly service: ServiceSpec },
): boolean {
  const each = state.cases.get(slot.resource);
  // Whether what was done has helped is to be seen first.
  const isOver = each?.phase === "judging" || each?.phase === "reverting";
  if (isOver || each?.asVictim === true || modeOf(state, { service, spec: undefined }) === "off") {
    return false;
  }
  for (const need of state.topology.needs(slot.resource)) {
    if (isAway(state, need as ResourceId)) return false;
  }
  return true;
}

function hasToHeal({ cases }: PlanState, resource: ResourceId): boolean {
  const failures = cases.get(resource)?.failures.values() ?? [];
  return [...failures].some(({ type }) => !isOnlyNoted(type));
}

function isActedUpon(state: PlanState, slot: Slot): boolean {
  return state.acting.has(slot.resource) && heldBy(state, slot) === undefined;
}

function isStarting({ run }: Slot): boolean {
  return run !== undefined && !run.ready;
}

/** It does not get ready with a configuration that is not wanted any more. */
function isHopeless(state: PlanState, slot: Slot, service: ServiceSpec): boolean {
  return runsOld(slot, service) && hasToHeal(state, slot.resource);
}

import { watchesNetwork } from "../config/index.ts";
import { frontProxy, hostClock, hostNetwork, instanceOf, type ResourceId } from "../model/index.ts";
import type { Slot } from "./slots.ts";
import type { PlanState, PlanTick } from "./state.ts";

/**
 * What has failed and is no longer in the fleet: nobody looks at it any more, so nobody would ever
 * say that it is well. Instances are gone when their slot is (`supervise.ts`).
 */
export function tellGone(state: PlanState, tick: PlanTick): void {
  const failing = new Set([...state.failures.values()].map(({ resource }) => resource));
  const reason = "it is no longer in the fleet";
  for (const resource of failing) {
    if (isGone(state, resource)) tick.out.gone.push({ resource, reason });
  }
}

/** It is down because a person wants that: nothing of it waits for anybody's care any more. */
export function tellStopped(state: PlanState, slot: Slot, tick: PlanTick): void {
  const { resource } = slot;
  // All comes up again with the next daemon, but for what is in quarantine.
  if (state.goingDown && slot.quarantine) return;
  const isFailing = [...state.failures.values()].some((each) => each.resource === resource);
  const reason = state.goingDown ? "taken down by a person" : "stopped by a person";
  if (isFailing) tick.out.gone.push({ resource, reason });
}

function isGone({ fleet, slots }: PlanState, resource: ResourceId): boolean {
  if (instanceOf(resource)) return !slots.has(resource);
  if (resource === hostClock) return false;
  if (resource === hostNetwork) return !watchesNetwork(fleet);
  if (resource === frontProxy) return !Object.values(fleet.services).some(({ listen }) => listen);
  return fleet.resources[resource] === undefined;
}

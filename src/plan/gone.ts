import { type Fleet, type ServiceSpec, watchesNetwork } from "../config/index.ts";
import {
  type Failure,
  frontProxy,
  hostClock,
  hostNetwork,
  instanceOf,
  type ResourceId,
} from "../model/index.ts";
import type { Slot } from "./slots.ts";
import type { PlanState, PlanTick } from "./state.ts";

/**
 * What has failed and is no longer in the fleet: nobody looks at it any more, so nobody would ever
 * say that it is well. Instances are gone when their slot is (`supervise.ts`).
 */
export function tellGone(state: PlanState, before: Fleet, tick: PlanTick): void {
  const failing = new Set<ResourceId>();
  for (const failure of state.failures.values()) {
    failing.add(failure.resource);
    if (isPartGone(state.fleet, before, failure)) tick.out.gone.push(partOf(failure));
  }
  const reason = "it is no longer in the fleet";
  for (const resource of failing) {
    if (isGone(state, resource)) tick.out.gone.push({ resource, reason });
  }
}

function partOf({ resource, part = "" }: Failure) {
  return { resource, part, reason: `${part} is no longer looked at as it was` };
}

/**
 * A kind of work, a disk, or a front address that is not declared any more, or is measured by
 * another name.
 */
function isPartGone(
  { services, resources }: Fleet,
  before: Fleet,
  { resource, type, part }: Failure,
): boolean {
  if (part === undefined) return false;
  if (type === "proxy_listen") {
    const address = addressOf(services[part]);
    return address === undefined || address !== addressOf(before.services[part]);
  }
  if (type === "stalled_work") {
    const work = services[instanceOf(resource)?.service ?? ""]?.work ?? [];
    return !work.some(({ name }) => name === part);
  }
  const disks = resources[resource]?.probe.parameters["disks"];
  if (!part.startsWith("disk.") || !Array.isArray(disks)) return false;
  const [, path] = part.split(/:(.*)/s);
  // Only where there are several has each a series of its own.
  return path === undefined ? disks.length > 1 : disks.length < 2 || !disks.includes(path);
}

function addressOf(service: ServiceSpec | undefined): string | undefined {
  return service?.listen && `${service.listen.host}:${service.listen.port}`;
}

/** It is down because a person wants that: nothing of it waits for anybody's care any more. */
export function tellStopped(state: PlanState, slot: Slot, tick: PlanTick): void {
  // All comes up again with the next daemon, but for what is in quarantine.
  if (state.goingDown && slot.quarantine) return;
  const reason = state.goingDown ? "taken down by a person" : "stopped by a person";
  tellDown(state, slot, { tick, reason });
}

/** It runs no more, and that is well: what was open of it is over. */
export function tellDown(
  { failures }: PlanState,
  { resource }: Slot,
  { tick, reason }: { readonly tick: PlanTick; readonly reason: string },
): void {
  const isFailing = [...failures.values()].some((each) => each.resource === resource);
  if (isFailing) tick.out.gone.push({ resource, reason });
}

function isGone({ fleet, slots }: PlanState, resource: ResourceId): boolean {
  if (instanceOf(resource)) return !slots.has(resource);
  if (resource === hostClock) return false;
  if (resource === hostNetwork) return !watchesNetwork(fleet);
  if (resource === frontProxy) return !Object.values(fleet.services).some(({ listen }) => listen);
  return fleet.resources[resource] === undefined;
}

/**
 * What does an instance wait for before it is started? Services that it needs until they are ready,
 * for they are brought back, or put into quarantine in the end. Who brings back a resource is not
 * known: that is waited for no longer than the start itself may take.
 */
import { isJob, type ServiceSpec } from "../config/index.ts";
import { failureTypes, nameOf, type ResourceId } from "../model/index.ts";
import type { Slot } from "./slots.ts";
import { type PlanState, type PlanTick, slotsOf } from "./state.ts";

/** What of its needs is not ready. `sinceMs`: when it began to wait. */
export function lackingOf(
  state: PlanState,
  { service, sinceMs }: { readonly service: ServiceSpec; readonly sinceMs: number },
  tick: PlanTick,
): readonly string[] {
  const isPatient = tick.now.monotonicMs - sinceMs < service.start.timeoutMs;
  return service.dependsOn.filter((need) =>
    need.startsWith("service/")
      ? !isServed(state, nameOf(need as ResourceId), tick)
      : isPatient && !isUp(state, need as ResourceId, tick),
  );
}

function isServed(state: PlanState, name: string, tick: PlanTick): boolean {
  const slots = slotsOf(state, name);
  return (
    slots.some((slot) => serves(slot, state.fleet.services[name], tick)) ||
    slots.every((slot) => slot.quarantine !== undefined || slot.ended)
  );
}

/** It has been seen, and is not away. */
function isUp(state: PlanState, resource: ResourceId, { world }: PlanTick): boolean {
  // Nobody looks at it, so nobody would ever know.
  if (state.fleet.resources[resource]?.mode === "off") return true;
  return world.healthOf(resource) !== "unknown" && !isAway(state, resource);
}

/**
 * A file that is missing is, one that is stale is not: what is there, slow or old, can be begun
 * with, and holds nobody up.
 */
export function isAway({ failures }: PlanState, resource: ResourceId): boolean {
  for (const failure of failures.values()) {
    if (failure.resource === resource && failureTypes[failure.type].down) return true;
  }
  return false;
}

/** A job serves by having ended; what still runs after all the time to start is none. */
function serves({ run }: Slot, service: ServiceSpec | undefined, { now }: PlanTick): boolean {
  if (run?.ready !== true) return false;
  const serving = service === undefined || !isJob(service);
  return serving || now.monotonicMs - run.sinceMs >= service.start.timeoutMs;
}

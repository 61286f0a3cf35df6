/**
 * Instances that recoveries have added to the declared ones. They stay until the action that added
 * one is taken back, or the fleet file says another number: over a restart of the daemon as well.
 */
import type { Fleet } from "../config/index.ts";
import type { Action, Scaled } from "../model/index.ts";
import { fillSlots, type PlanState, type PlanTick } from "./state.ts";

/** An added instance is wanted from now on, and no longer when it is taken back. */
export function noteScale(
  state: PlanState,
  action: Action,
  { service, tick }: { readonly service: string; readonly tick: PlanTick },
): void {
  const before = state.added.get(service);
  const actions = new Set(before);
  if (action.status.kind === "succeeded") actions.add(action.id);
  // What never succeeded was never counted.
  else actions.delete(action.id);
  if (actions.size !== (before?.size ?? 0)) record(state, { service, actions }, tick);
  fillSlots(state);
}

/** Whoever writes another number has thought of it: that number counts. */
export function scaleAsDeclared(state: PlanState, before: Fleet, tick: PlanTick): void {
  for (const service of state.added.keys()) {
    const [was, is] = [before.services[service], state.fleet.services[service]];
    const isSame = was?.instances === is?.instances && was?.scaleMax === is?.scaleMax;
    if (!isSame) record(state, { service, actions: new Set() }, tick);
  }
}

export function restoreScaling(state: PlanState, scaled: ReadonlyMap<string, Scaled>): void {
  for (const { service, actions, instances, scaleMax } of scaled.values()) {
    const declared = state.fleet.services[service];
    if (declared === undefined) continue;
    const isSame = declared.instances === instances && declared.scaleMax === scaleMax;
    // An empty set is remembered too: with the next change it is written down for good.
    state.added.set(service, new Set(isSame ? actions : []));
  }
  fillSlots(state);
}

function record(
  state: PlanState,
  { service, actions }: { readonly service: string; readonly actions: ReadonlySet<string> },
  tick: PlanTick,
): void {
  state.added.set(service, actions);
  const { instances = 0, scaleMax = 0 } = state.fleet.services[service] ?? {};
  const scaled = { service, actions: [...actions], instances, scaleMax };
  tick.out.entries.push({ kind: "scaled", scaled });
}

import { instanceOf, nameOf, type PersonRequest, type ResourceId } from "../model/index.ts";
import { withdraw } from "./approvals.ts";
import type { Slot } from "./slots.ts";
import { type PlanState, type PlanTick, slotsOf } from "./state.ts";
import { recordAnew } from "./supervise.ts";
import { beginAnew } from "./take-up.ts";

/**
 * What a person asks for becomes what supervision wants. Approvals go to the execution directly.
 */
export function heed(state: PlanState, request: PersonRequest, tick: PlanTick): void {
  tick.out.entries.push({
    kind: "request",
    by: request.by,
    what: textOf(request),
    ...("resource" in request ? { resource: request.resource } : {}),
  });
  switch (request.kind) {
    case "approve":
    case "dismiss":
      return;
    case "mode":
      state.modes.set(request.scope, request.mode);
      tick.out.entries.push({ ...request, kind: "mode_changed" });
      for (const each of state.cases.values()) beginAnew(state, each.resource);
      return;
    case "down":
      state.goingDown = true;
      for (const slot of state.slots.values()) {
        withdraw(state, slot.resource, { tick, reason: `${request.by} takes everything down` });
        state.due.set(slot.service, 0);
      }
      return;
    default:
      for (const slot of slotsFor(state, request.resource)) set(state, { slot, request }, tick);
  }
}

function set(
  state: PlanState,
  change: { slot: Slot; request: Extract<PersonRequest, { resource: ResourceId }> },
  tick: PlanTick,
): void {
  const { slot, request } = change;
  // Who asks for this has decided what is to be done.
  withdraw(state, slot.resource, { tick, reason: `${request.by} asks for a ${request.kind}` });
  slot.desired = request.kind === "stop" ? "stopped" : "running";
  slot.isAsked = true;
  slot.surplus = false;
  if (request.kind !== "stop") {
    slot.quarantine = undefined;
    slot.ended = false;
    slot.crashes = 0;
    slot.deedDueMs = 0;
  }
  if (request.kind === "restart" && slot.run) slot.restartBy = request.by;
  recordAnew(state, slot, tick);
  state.due.set(slot.service, 0);
  beginAnew(state, slot.resource);
  const each = state.cases.get(slot.resource);
  if (each) each.askedBy = request.kind === "stop" ? undefined : request.by;
}

function slotsFor(state: PlanState, resource: ResourceId): readonly Slot[] {
  if (instanceOf(resource)) {
    const slot = state.slots.get(resource);
    return slot ? [slot] : [];
  }
  return slotsOf(state, nameOf(resource));
}

function textOf(request: PersonRequest): string {
  if (request.kind === "mode") return `mode ${request.mode} for ${request.scope}`;
  return "action" in request ? `${request.kind} ${request.action}` : request.kind;
}

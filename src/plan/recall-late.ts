/**
 * The past, heard of late: the store was away, and the daemon began with what the fleet file says.
 * From now on holds again what a person had wanted: stopped instances, modes, pins, quarantine.
 *
 * R1. What a person has told this daemon wins, and so does a pin of its own.
 * R2. What runs although it was in quarantine is not ended for that; its crashes count on, so that
 *     the next one brings it back there.
 * R3. What holds again is written down: the journal has other records of it since.
 */
import type { SlotRecord } from "../model/index.ts";
import { withdraw } from "./approvals.ts";
import { restoreSlot, type Slot } from "./slots.ts";
import type { PlanInputs, PlanState, PlanTick } from "./state.ts";
import { recordSlot } from "./supervise.ts";
import { beginAnew } from "./take-up.ts";

export function recallLate(
  state: PlanState,
  past: NonNullable<PlanInputs["past"]>,
  tick: PlanTick,
): void {
  for (const [scope, mode] of past.modes) {
    if (!state.modes.has(scope)) state.modes.set(scope, mode);
  }
  for (const record of past.slots.values()) {
    const slot = state.slots.get(record.resource);
    if (slot && !slot.isAsked) recallSlot(state, { slot, record }, tick);
  }
  // What was decided under other modes is decided once more.
  for (const { resource } of state.cases.values()) beginAnew(state, resource);
}

function recallSlot(
  state: PlanState,
  { slot, record }: { readonly slot: Slot; readonly record: SlotRecord },
  tick: PlanTick,
): void {
  const service = state.fleet.services[slot.service];
  if (service === undefined) return;
  const { desired, crashes, goodHash, ended, pinnedHash, mayLeave, program, surplus } = slot;
  const isUp = slot.run !== undefined || state.acting.has(slot.resource);
  restoreSlot(slot, isUp ? { ...record, quarantined: false } : record, service);
  slot.crashes += crashes;
  slot.ended = ended || (slot.ended && !isUp);
  slot.mayLeave ||= mayLeave;
  slot.goodHash = goodHash ?? slot.goodHash;
  slot.program = program ?? slot.program;
  slot.pinnedHash = pinnedHash ?? slot.pinnedHash;
  const wasStopped = record.desired === "stopped";
  if (!wasStopped) slot.desired = desired;
  slot.surplus = surplus && !wasStopped;
  if (wasStopped) {
    withdraw(state, slot.resource, { tick, reason: "a person had it stopped before" });
  }
  recordSlot(state, slot, tick);
  state.due.set(slot.service, 0);
}

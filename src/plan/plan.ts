/**
 * The third stage: what is to be done, and may it be done? It turns incidents into plans of one
 * strategy each, keeps instances as they should be, and heeds what people ask for.
 */
import type { Instant } from "../kernel/index.ts";
import {
  type Action,
  type ExitedReading,
  type Failure,
  type Incident,
  instanceOf,
  interrupted,
  isFinished,
  isHowKnown,
  namesCause,
  type Observation,
  type Plan,
  type ResourceId,
  touchedBy,
} from "../model/index.ts";
import { noteAwaiting, withdraw, withdrawForWorse, withdrawOutlived } from "./approvals.ts";
import { decide } from "./cases.ts";
import { tellDown, tellGone } from "./gone.ts";
import { recallLate } from "./recall-late.ts";
import { noteRelapse } from "./relapses.ts";
import { heed } from "./requests.ts";
import { noteScale, scaleAsDeclared } from "./scaling.ts";
import {
  createSlot,
  noteDeed,
  noteExited,
  noteFailedStart,
  noteStarted,
  type Slot,
  want,
} from "./slots.ts";
import {
  fillSlots,
  type PlanInputs,
  type Planning,
  type PlanState,
  type PlanTick,
  type RecoveryCase,
  release,
} from "./state.ts";
import { recordAnew, recordSlot, supervise } from "./supervise.ts";
import { beginAnew, takeUp, touch } from "./take-up.ts";
import { hearVerdict } from "./verdicts.ts";

export function plan(state: PlanState, inputs: PlanInputs, now: Instant): Planning {
  const out: Planning = {
    plans: [],
    entries: [],
    looks: [],
    escalations: [],
    rollBacks: [],
    withdrawals: [],
    gone: [],
    settled: [],
    wakeMs: undefined,
  };
  const tick: PlanTick = { now, world: inputs.world, out };
  if (inputs.fleet) adopt(state, inputs.fleet, tick);
  for (const observation of inputs.processes) follow(state, observation, tick);
  for (const failure of inputs.raised) state.failures.set(failure.id, failure);
  for (const incident of inputs.incidents) hearIncident(state, incident, tick);
  for (const action of inputs.actions) followAction(state, action, tick);
  for (const verdict of inputs.verdicts) hearVerdict(state, verdict, tick);
  withdrawOutlived(state, tick);
  if (inputs.past) recallLate(state, inputs.past, tick);
  for (const request of inputs.requests) heed(state, request, tick);
  for (let key = state.due.takeDue(now.monotonicMs); key !== undefined; ) {
    const each = state.cases.get(key as RecoveryCase["resource"]);
    if (each) decide(state, each, tick);
    else supervise(state, key, tick);
    key = state.due.takeDue(now.monotonicMs);
  }
  out.wakeMs = state.due.nextDueMs();
  return out;
}

function adopt(state: PlanState, change: NonNullable<PlanInputs["fleet"]>, tick: PlanTick): void {
  const { budgets } = change.fleet;
  const before = state.fleet;
  state.fleet = change.fleet;
  state.topology = change.topology;
  state.fleetBudget.resize(budgets.perFleet, budgets.windowMs);
  for (const each of state.budgets.values()) each.resize(budgets.perResource, budgets.windowMs);
  for (const slot of state.slots.values()) {
    const service = change.fleet.services[slot.service];
    if (service === undefined) continue;
    if (slot.quarantine && slot.quarantine.specHash !== service.hash) slot.quarantine = undefined;
    // A pin holds against the spec that was bad, not against the next one.
    if (slot.pinnedHash !== undefined && slot.declaredHash !== service.hash)
      slot.pinnedHash = undefined;
    if (slot.declaredHash !== service.hash) {
      // Crashes of what it had been say nothing of what it is to be now.
      slot.crashes = 0;
      renewCase(state, slot, tick);
    }
    slot.declaredHash = service.hash;
  }
  scaleAsDeclared(state, before, tick);
  fillSlots(state);
  for (const { resource, surplus } of state.slots.values()) {
    // It is to stop, and what waits for a person or for the world would keep it.
    if (surplus) withdraw(state, resource, { tick, reason: "it is no longer in the fleet" });
  }
  for (const each of state.cases.values()) touch(state, each, tick.now);
  tellGone(state, before, tick);
}

/** What was tried, or is yet to begin, was for what it had been. */
function renewCase(state: PlanState, slot: Slot, tick: PlanTick): void {
  const { resource } = slot;
  withdraw(state, resource, { tick, reason: "its configuration has changed" });
  const each = state.cases.get(resource);
  if (each === undefined) return;
  beginAnew(state, resource);
  each.attempts = [];
  recordAnew(state, slot, tick);
}

function hearIncident(state: PlanState, incident: Incident, tick: PlanTick): void {
  const before = state.history.get(incident.cause);
  const news = takeUp(state, incident, tick.now);
  const again = news.find(({ resource }) => resource === incident.cause);
  if (before && again) noteRelapse(state, { before, incident, failure: again }, tick);
  for (const failure of news) {
    const each = state.cases.get(failure.resource);
    if (each) withdrawForWorse(state, each, { failure, tick });
  }
}

function follow(state: PlanState, observation: Observation, tick: PlanTick): void {
  const { reading } = observation;
  const slot =
    state.slots.get(observation.resource) ?? strangerSlot(state, observation.resource, reading);
  if (reading.kind === "exited") noteExit(observation.resource, reading, tick);
  if (slot === undefined) return;
  if (reading.kind === "started") {
    noteStarted(slot, reading, { now: tick.now, fleet: state.fleet });
    slot.ended = false;
    const service = state.fleet.services[slot.service];
    const asked = service?.startup ?? service?.readiness ?? service?.liveness;
    if (slot.run && asked === undefined) slot.run.ready = true;
    tick.out.entries.push({
      kind: "process_started",
      adopted: reading.adopted,
      run: {
        resource: slot.resource,
        process: reading.process,
        specHash: reading.specHash,
        ...(reading.port === undefined ? {} : { port: reading.port }),
      },
    });
  } else if (reading.kind === "exited") {
    if (!noteExited(slot, reading, state.fleet)) return;
    slot.ended = !reading.expected && !isRestarted(state, slot.service, reading.code);
    slot.end = slot.ended ? endOf(reading, tick) : undefined;
    if (slot.end?.code === 0) tellDown(state, slot, { tick, reason: "its work is done" });
    recordSlot(state, slot, tick);
    wakeCase(state, slot, tick);
  } else if (reading.kind === "check") {
    if (reading.ok && slot.run) slot.run.ready = true;
    if (reading.program) slot.program = reading.program;
  }
  wakeDependents(state, slot.service);
}

function endOf(reading: ExitedReading, { now }: PlanTick): Slot["end"] {
  const end = { at: now.wallMs, code: reading.code };
  return isHowKnown(reading) ? end : { ...end, isUnseen: true };
}

/** Whatever its recovery waits for: to start what is gone is another matter. */
function wakeCase(state: PlanState, slot: Slot, tick: PlanTick): void {
  const each = state.cases.get(slot.resource);
  if (each === undefined) return;
  each.restedMs = undefined;
  touch(state, each, tick.now);
}

/** Also of what the fleet does not know any more: the journal remembers what runs. */
function noteExit(resource: ResourceId, reading: ExitedReading, { out }: PlanTick): void {
  const { process, code, signal, uptimeMs, expected } = reading;
  const exit = { resource, process, code, signal, uptimeMs, expected };
  out.entries.push({ kind: "process_exited", exit });
}

/** It runs since a time when the fleet file had it: now it is to stop. */
function strangerSlot(
  state: PlanState,
  resource: ResourceId,
  reading: Observation["reading"],
): Slot | undefined {
  const instance = instanceOf(resource);
  if (instance === undefined || reading.kind !== "started") return undefined;
  const slot = createSlot(instance.service, instance.number);
  want(slot, false);
  state.slots.set(resource, slot);
  return slot;
}

/** Its restart policy lets it rest. */
function isRestarted(state: PlanState, service: string, code: number | null): boolean {
  const policy = state.fleet.services[service]?.restart;
  return policy === "always" || (policy === "on-failure" && code !== 0);
}

function wakeDependents(state: PlanState, service: string): void {
  state.due.set(service, 0);
  for (const each of Object.values(state.fleet.services)) {
    if (each.dependsOn.includes(`service/${service}`)) state.due.set(each.name, 0);
  }
}

function followAction(state: PlanState, action: Action, tick: PlanTick): void {
  noteAwaiting(state, action);
  if (!isFinished(action)) return;
  const { resource, strategy, cause } = action.plan;
  release(state, action.plan);
  for (const touched of touchedBy(action.plan)) {
    const near = instanceOf(touched)?.service;
    if (near) state.due.set(near, tick.now.monotonicMs);
  }
  const service = instanceOf(resource)?.service;
  const helped = action.status.kind === "succeeded";
  if (strategy === "scale" && service) noteScale(state, action, { service, tick });
  const slot = state.slots.get(resource);
  if (slot) noteRotation(slot, strategy, helped);
  if (slot && cause.kind !== "failure") {
    const { coolDownMaxMs: pauseMaxMs } = state.fleet.budgets;
    noteDeed(slot, helped, { nowMs: tick.now.monotonicMs, pauseMaxMs });
  }
  if (strategy === "apply_config" && !helped && !isInterrupted(action))
    keepRunning(state, resource, tick);
  if (slot && strategy === "rollback_config" && !helped) letGo(state, { slot, action }, tick);
  const each = state.cases.get(resource);
  if (each === undefined) {
    if (helped) tick.out.settled.push(action.id);
    return;
  }
  if (cause.kind !== "failure") {
    touch(state, each, tick.now);
    return;
  }
  const awaited = helped && action.plan.watch ? awaitedOf(each, action.plan) : [];
  if (awaited.length > 0) {
    each.phase = "judging";
    each.judged.clear();
    for (const { id } of awaited) each.judged.add(id);
    state.judged.set(action.id, action.plan);
    return;
  }
  const isLost = each.phase === "acting" && !helped && !isInterrupted(action) && !isRefused(action);
  if (slot && isLost && action.plan.byPolicy) {
    noteLostStart(state, { slot, each }, tick);
  }
  // None when all strategies have begun anew meanwhile.
  const attempt = each.attempts.find((one) => one.action === action.plan.id);
  if (attempt) attempt.helped = helped;
  state.judged.delete(action.id);
  each.phase = "open";
  touch(state, each, tick.now);
}

/** Whose verdicts say whether it helped. None of a part that is no longer looked at. */
function awaitedOf({ failures }: RecoveryCase, { cause, alone }: Plan): readonly Failure[] {
  const isAwaited = ({ id, type }: Failure): boolean =>
    alone ? cause.kind === "failure" && id === cause.failure : namesCause(type);
  return [...failures.values()].filter(isAwaited);
}

/** A port that somebody else holds says nothing against the instance. */
function noteLostStart(
  state: PlanState,
  { slot, each }: { readonly slot: Slot; readonly each: RecoveryCase },
  tick: PlanTick,
): void {
  for (const { type } of each.failures.values()) if (type === "port_conflict") return;
  noteFailedStart(slot);
  recordSlot(state, slot, tick);
}

function isInterrupted({ status }: Action): boolean {
  return "reason" in status && status.reason === interrupted;
}

/** By a person, or because something else came first: nothing of it was begun. */
function isRefused({ answer }: Action): boolean {
  return answer?.kind === "dismissed" || answer?.kind === "withdrawn";
}

/** A configuration that could not be applied is not tried again until it changes. */
function keepRunning(state: PlanState, resource: ResourceId, tick: PlanTick): void {
  const slot = state.slots.get(resource);
  const hash = slot?.run?.started.specHash ?? slot?.goodHash;
  if (slot === undefined || hash === undefined) return;
  slot.pinnedHash = hash;
  recordSlot(state, slot, tick);
}

/** A rollback that was refused, or has failed, pins nothing but what runs or is to be started. */
function letGo(
  state: PlanState,
  { slot, action }: { readonly slot: Slot; readonly action: Action },
  tick: PlanTick,
): void {
  const hasBegun = !isRefused(action);
  const isKept = slot.run ? slot.run.started.specHash === slot.pinnedHash : hasBegun;
  if (isKept || slot.pinnedHash === undefined) return;
  slot.pinnedHash = undefined;
  recordSlot(state, slot, tick);
}

/** Whether requests reach it, as far as that was the purpose. */
function noteRotation(slot: Slot, strategy: string, helped: boolean): void {
  if (strategy === "eject") slot.ejected &&= helped;
  if (strategy === "readmit" && helped) slot.ejected = false;
}

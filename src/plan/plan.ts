/**
 * The third stage: what is to be done, and may it be done? It turns incidents into plans of one
 * strategy each, keeps instances as they should be, and heeds what people ask for.
 */

import type { Instant } from "../kernel/index.ts";
import type { Action, Incident, Observation, ResourceId } from "../model/index.ts";
import { instanceOf, interrupted, isFinished, namesCause } from "../model/index.ts";
import { decide, hearVerdict, restoreBudgets } from "./cases.ts";
import { heed } from "./requests.ts";
import { createSlot, noteDeed, noteExited, noteStarted, restoreSlot, type Slot } from "./slots.ts";
import {
  fillSlots,
  type PlanInputs,
  type PlanMemory,
  type Planning,
  type PlanState,
  type PlanTick,
  type RecoveryCase,
} from "./state.ts";
import { recordSlot, supervise } from "./supervise.ts";

export function plan(state: PlanState, inputs: PlanInputs, now: Instant): Planning {
  const out: Planning = {
    plans: [],
    entries: [],
    looks: [],
    escalations: [],
    rollBacks: [],
    settled: [],
    wakeMs: undefined,
  };
  const tick: PlanTick = { now, world: inputs.world, out };
  if (inputs.fleet) adopt(state, inputs.fleet, now);
  for (const observation of inputs.processes) follow(state, observation, tick);
  for (const failure of inputs.raised) state.failures.set(failure.id, failure);
  for (const incident of inputs.incidents) takeUp(state, incident, now);
  for (const action of inputs.actions) followAction(state, action, tick);
  for (const verdict of inputs.verdicts) hearVerdict(state, verdict, tick);
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

function adopt(state: PlanState, change: NonNullable<PlanInputs["fleet"]>, now: Instant): void {
  const { budgets } = change.fleet;
  state.fleet = change.fleet;
  state.topology = change.topology;
  state.fleetBudget.resize(budgets.perFleet, budgets.windowMs);
  for (const each of state.budgets.values()) each.resize(budgets.perResource, budgets.windowMs);
  for (const slot of state.slots.values()) {
    const service = change.fleet.services[slot.service];
    if (service === undefined) continue;
    if (slot.quarantine && slot.quarantine.specHash !== service.hash) {
      slot.quarantine = undefined;
      slot.crashes = 0;
    }
    // A pin holds against the spec that was bad, not against the next one.
    if (slot.pinnedHash !== undefined && slot.declaredHash !== service.hash)
      slot.pinnedHash = undefined;
    slot.declaredHash = service.hash;
  }
  fillSlots(state);
  for (const each of state.cases.values()) touch(state, each, now);
}

function follow(state: PlanState, observation: Observation, tick: PlanTick): void {
  const { reading } = observation;
  const slot =
    state.slots.get(observation.resource) ?? strangerSlot(state, observation.resource, reading);
  if (slot === undefined) return;
  if (reading.kind === "started") {
    noteStarted(slot, reading, tick.now);
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
    const { process, code, signal, uptimeMs, expected } = reading;
    tick.out.entries.push({
      kind: "process_exited",
      exit: { resource: slot.resource, process, code, signal, uptimeMs, expected },
    });
    if (!noteExited(slot, reading, state.fleet)) return;
    slot.ended = !expected && !isRestarted(state, slot.service, code);
    recordSlot(state, slot, tick);
  } else if (reading.kind === "check" && reading.ok && slot.run) {
    slot.run.ready = true;
  }
  wakeDependents(state, slot.service);
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
  slot.desired = "stopped";
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

/** An incident is new, has new failures, or has become somebody else's. */
function takeUp(state: PlanState, incident: Incident, now: Instant): void {
  if (incident.state.kind === "resolved") return;
  const lists = [
    { ids: incident.failures, asVictim: false },
    { ids: incident.victims, asVictim: true },
  ];
  for (const { ids, asVictim } of lists) {
    for (const id of ids) {
      const failure = state.failures.get(id);
      if (failure === undefined) continue;
      const known = state.cases.get(failure.resource);
      const isNews = known?.failures.has(id) !== true || known.incident !== incident.id;
      const each =
        known ?? openCase(state, { incident, resource: failure.resource, asVictim }, now);
      each.incident = incident.id;
      each.asVictim = asVictim;
      each.failures.set(id, failure);
      if (isNews) touch(state, each, now);
    }
  }
}

function openCase(
  state: PlanState,
  made: { incident: Incident; resource: RecoveryCase["resource"]; asVictim: boolean },
  now: Instant,
): RecoveryCase {
  const { resource, incident, asVictim } = made;
  const before = state.history.get(resource);
  const isRelapse =
    before !== undefined && now.monotonicMs - before.closedMs < state.fleet.budgets.healthyRunMs;
  const each: RecoveryCase = {
    resource,
    incident: incident.id,
    asVictim,
    failures: new Map(),
    // A relapse before a healthy run means that what seemed to help has not.
    attempts: isRelapse ? before.attempts.map((attempt) => ({ ...attempt, helped: false })) : [],
    phase: "open",
    sinceMs: now.monotonicMs,
    dueMs: 0,
    judged: new Set(),
    restedMs: undefined,
    askedMs: undefined,
    heldMs: undefined,
    lookedMs: undefined,
    withheld: new Set(),
  };
  state.history.delete(resource);
  state.cases.set(resource, each);
  return each;
}

function touch(state: PlanState, each: RecoveryCase, now: Instant): void {
  each.dueMs = 0;
  state.due.set(each.resource, now.monotonicMs);
}

function followAction(state: PlanState, action: Action, tick: PlanTick): void {
  if (!isFinished(action)) return;
  const { resource, strategy, cause } = action.plan;
  if (state.acting.get(resource) === action.plan.id) state.acting.delete(resource);
  const service = instanceOf(resource)?.service;
  if (service) state.due.set(service, tick.now.monotonicMs);
  const helped = action.status.kind === "succeeded";
  if (strategy === "scale" && service) noteScale(state, service, action);
  const slot = state.slots.get(resource);
  if (slot) noteRotation(slot, strategy, helped);
  if (slot && cause.kind !== "failure") {
    const { coolDownMaxMs: pauseMaxMs } = state.fleet.budgets;
    noteDeed(slot, helped, { nowMs: tick.now.monotonicMs, pauseMaxMs });
  }
  if (strategy === "apply_config" && !helped && !isInterrupted(action))
    keepRunning(state, resource);
  const each = state.cases.get(resource);
  if (each === undefined) {
    if (helped) tick.out.settled.push(action.id);
    return;
  }
  if (cause.kind !== "failure") {
    touch(state, each, tick.now);
    return;
  }
  if (helped && action.plan.watch) {
    each.phase = "judging";
    each.judged.clear();
    for (const { id, type } of each.failures.values()) if (namesCause(type)) each.judged.add(id);
    state.judged.set(action.id, action.plan);
    return;
  }
  const attempt = each.attempts.at(-1);
  if (attempt) attempt.helped = helped;
  state.judged.delete(action.id);
  each.phase = "open";
  touch(state, each, tick.now);
}

/** Takes up what the planner before this one knew. */
export function restorePlanning(
  state: PlanState,
  past: { readonly memory: PlanMemory; readonly now: Instant },
): void {
  const { memory, now } = past;
  for (const [scope, mode] of memory.modes) state.modes.set(scope, mode);
  restoreBudgets(state, memory.spent, now);
  for (const [key, experience] of memory.book) state.book.set(key, experience);
  for (const record of memory.slots.values()) {
    const slot = state.slots.get(record.resource);
    const service = slot && state.fleet.services[slot.service];
    if (slot && service) restoreSlot(slot, record, service);
  }
  for (const slot of state.slots.values()) slot.starts = memory.starts.get(slot.resource) ?? 0;
  // They are being taken back: until that is over, their resources are not free.
  for (const { plan: before, status } of memory.actions.values()) {
    if (status.kind !== "succeeded") state.acting.set(before.resource, before.id);
  }
  for (const failure of memory.failures.values()) state.failures.set(failure.id, failure);
  for (const incident of memory.incidents.values()) takeUp(state, incident, now);
}

function isInterrupted({ status }: Action): boolean {
  return "reason" in status && status.reason === interrupted;
}

/** A configuration that could not be applied is not tried again until it changes. */
function keepRunning(state: PlanState, resource: ResourceId): void {
  const slot = state.slots.get(resource);
  const hash = slot?.run?.started.specHash ?? slot?.goodHash;
  if (slot && hash !== undefined) slot.pinnedHash = hash;
}

/** Whether requests reach it, as far as that was the purpose. */
function noteRotation(slot: Slot, strategy: string, helped: boolean): void {
  if (strategy === "eject") slot.ejected &&= helped;
  if (strategy === "readmit" && helped) slot.ejected = false;
}

/** An added instance is wanted from now on, and no longer when it is taken back. */
function noteScale(state: PlanState, service: string, action: Action): void {
  const added = state.added.get(service) ?? 0;
  if (action.status.kind === "succeeded") state.added.set(service, added + 1);
  if (action.status.kind === "rolled_back" && added > 0) state.added.set(service, added - 1);
  fillSlots(state);
}

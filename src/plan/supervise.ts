/**
 * Brings instances to what they should be when nothing is wrong: started in the order of their
 * needs, stopped in the reverse, renewed one at a time when their spec has changed or a person
 * asks. What has failed is not its business but a case of recovery.
 *
 * U1. An instance starts when what its service needs is ready; a job is when it has ended. For what
 *     is none of our services it waits no longer than it may take to start itself.
 * U2. Of one service, at most one instance is being renewed at a time, and none while an instance
 *     that does not run an old configuration is ill with more than a note. Who is ill and does is
 *     renewed first, before anything else is done about it (`renewal.ts`).
 * U3. An instance stops when nothing that runs needs it any more.
 * U4. What was taken out of the rotation because it was not ready is put back when it is ready.
 * U5. What a person has stopped, or the fleet no longer wants, asks for nobody's care.
 * U6. A case keeps a start away only when the case itself brings back what is dead: not when a
 *     person asks for what is never restarted.
 * U7. A renewal that a dead daemon has left half done is brought to its end: of two processes of an
 *     instance, the older one ends when the other is ready.
 * U8. When what has ended by itself is to be stopped, what it has started ends, too.
 */
import type { ServiceSpec } from "../config/index.ts";
import {
  failureTypes,
  type Plan,
  type PlanCause,
  type ResourceId,
  type Step,
} from "../model/index.ts";
import { withdraw } from "./approvals.ts";
import { tellStopped } from "./gone.ts";
import { lackingOf } from "./needs.ts";
import { heldBy, isBusy, isOutdated, isToBeRenewed } from "./renewal.ts";
import { recordOf, type Slot, wantedHash } from "./slots.ts";
import { occupy, type PlanState, type PlanTick, slotsOf, wantedOf } from "./state.ts";
import { restart } from "./strategies/restart.ts";
import { drainStep, readyStep, startStep, stopStep } from "./strategies/steps.ts";
import { waitForPort } from "./strategies/wait-for-port.ts";

/** So often a service that waits for something is looked at again. */
const againMs = 100;

export function supervise(state: PlanState, name: string, tick: PlanTick): void {
  const service = state.fleet.services[name];
  const nowMs = tick.now.monotonicMs;
  let again = false;
  let pausedMs = Number.POSITIVE_INFINITY;
  for (const slot of slotsOf(state, name)) {
    if (state.acting.has(slot.resource)) {
      again = makeWay(state, slot, tick) || again;
      continue;
    }
    if (nowMs < slot.deedDueMs) {
      pausedMs = Math.min(pausedMs, slot.deedDueMs);
      continue;
    }
    // Going down is not remembered: the next daemon brings up what was up.
    if (state.goingDown || slot.desired === "stopped") again = stop(state, slot, tick) || again;
    else if (service && slot.run === undefined)
      again = start(state, { slot, service }, tick) || again;
    else if (slot.ejected && isReadyAgain(state, slot)) readmit(state, slot, tick);
    else if (slot.isDoubled && service) finishRenewal(state, { slot, service }, tick);
    else if (service) again = renew(state, { slot, service }, tick) || again;
  }
  const dueMs = again ? Math.min(pausedMs, nowMs + againMs) : pausedMs;
  if (Number.isFinite(dueMs)) state.due.set(name, dueMs);
}

type Place = { readonly slot: Slot; readonly service: ServiceSpec };

/** Each returns true when it has to be looked at again. */
function start(state: PlanState, { slot, service }: Place, tick: PlanTick): boolean {
  const sinceMs = slot.waiting?.sinceMs ?? tick.now.monotonicMs;
  slot.waiting = undefined;
  if (state.goingDown || isRevived(state, slot) || slot.quarantine || slot.ended) return false;
  if (service.mode === "off" || state.fleet.mode === "off") return false;
  const needs = lackingOf(state, { service, sinceMs }, tick);
  if (needs.length > 0) {
    slot.waiting = { needs, sinceMs };
    return true;
  }
  const steps = [startStep(slot.resource, wantedHash(slot, service))];
  emit(state, slot, { strategy: "start", reason: "it is to run and does not", steps, tick });
  const each = state.cases.get(slot.resource);
  if (each) each.askedBy = undefined;
  return false;
}

/**
 * Keeps U6. Neither that it was slow, say, nor that a check of it failed says that it is to be
 * revived: whom a recovery has ended that was taken back would stay dead.
 */
export function isRevived({ cases, fleet }: PlanState, slot: Slot): boolean {
  const each = cases.get(slot.resource);
  if (each === undefined) return false;
  const isOnlyAsked =
    each.askedBy !== undefined && fleet.services[slot.service]?.restart === "never";
  if (isOnlyAsked && each.phase === "open") return false;
  const facts = [...each.failures.values()].filter(({ type }) => failureTypes[type].decisive);
  return (
    each.phase !== "open" ||
    facts.some(({ type }) => type in restart.heals || type in waitForPort.heals)
  );
}

function stop(state: PlanState, slot: Slot, tick: PlanTick): boolean {
  const service = state.fleet.services[slot.service];
  if (slot.run === undefined) {
    slot.waiting = undefined;
    if (slot.mayLeave) clearAway(state, slot, tick);
    if (!state.acting.has(slot.resource) || isWanted(state, slot)) forget(state, slot, tick);
    return false;
  }
  if (dependentsRun(state, slot)) return true;
  const drain = service ? [drainStep(slot.resource, service, "current")] : [];
  const steps = [...drain, endStep(slot.resource, service)];
  emit(state, slot, { strategy: "stop", reason: "it runs and is to be stopped", steps, tick });
  return false;
}

/** Also of a service that the fleet does not know any more. */
function endStep(resource: ResourceId, service: ServiceSpec | undefined): Step {
  if (service) return stopStep(resource, service, { which: "all" });
  const parameters = { which: "all", graceMs: 10_000, signal: "SIGTERM" };
  return { kind: "stop", resource, parameters, deadlineMs: 15_000 };
}

/** Keeps U8. */
function clearAway(state: PlanState, slot: Slot, tick: PlanTick): void {
  slot.mayLeave = false;
  const steps = [endStep(slot.resource, state.fleet.services[slot.service])];
  const reason = "what its process has left behind is to end";
  emit(state, slot, { strategy: "stop", reason, steps, tick });
}

function isReadyAgain(state: PlanState, slot: Slot): boolean {
  const failures = state.cases.get(slot.resource)?.failures.values() ?? [];
  return ![...failures].some(({ type }) => type === "not_ready");
}

function readmit(state: PlanState, slot: Slot, tick: PlanTick): void {
  const steps = [
    { kind: "readmit", resource: slot.resource, parameters: {}, deadlineMs: 2000 } as const,
  ];
  emit(state, slot, { strategy: "readmit", reason: "it is ready again", steps, tick });
}

/** Slots that the fleet no longer wants are gone once they are stopped (U5). */
function forget(state: PlanState, slot: Slot, tick: PlanTick): void {
  const { resource } = slot;
  if (isWanted(state, slot)) return tellStopped(state, slot, tick);
  state.slots.delete(resource);
  tick.out.gone.push({ resource, reason: "it is no longer in the fleet" });
}

function isWanted(state: PlanState, { number, service }: Slot): boolean {
  return number <= wantedOf(state, service);
}

/** Only when everything goes down does the order matter: a person may stop one thing alone. */
function dependentsRun(state: PlanState, slot: Slot): boolean {
  if (!state.goingDown) return false;
  const needed = `service/${slot.service}`;
  return Object.values(state.fleet.services).some(
    (service) =>
      service.dependsOn.includes(needed) && slotsOf(state, service.name).some((each) => each.run),
  );
}

function renew(state: PlanState, { slot, service }: Place, tick: PlanTick): boolean {
  const { restartBy } = slot;
  if (restartBy === undefined && !isOutdated(slot, service)) return false;
  if (isBusy(state, service) || (restartBy === undefined && !isToBeRenewed(state, slot))) {
    return true;
  }
  slot.restartBy = undefined;
  emit(state, slot, {
    strategy: restartBy === undefined ? "apply_config" : "restart",
    reason: restartBy === undefined ? "its configuration has changed" : `asked for by ${restartBy}`,
    steps: renewal({ slot, service }),
    tick,
    ...(restartBy === undefined ? {} : { by: restartBy }),
  });
  return true;
}

/** A question that nobody has answered yet keeps no instance from its new configuration. */
function makeWay(state: PlanState, slot: Slot, tick: PlanTick): boolean {
  const service = state.fleet.services[slot.service];
  const held = service && isOutdated(slot, service) ? heldBy(state, slot) : undefined;
  if (held === undefined) return false;
  if (isToBeRenewed(state, slot)) {
    const reason = `the changed configuration of ${slot.resource} is applied first`;
    withdraw(state, held.plan.resource, { tick, reason });
  }
  return true;
}

function renewal({ slot, service }: Place): readonly Step[] {
  const { resource } = slot;
  const hash = wantedHash(slot, service);
  if (service.listen === undefined) {
    return [stopStep(resource, service, { which: "all" }), startStep(resource, hash)];
  }
  return [startStep(resource, hash, { beside: true }), ...afterStart(slot, service)];
}

/** Keeps U7. */
function finishRenewal(state: PlanState, { slot, service }: Place, tick: PlanTick): void {
  const reason = "the process that it was to replace runs beside it";
  const steps = afterStart(slot, service);
  emit(state, slot, { strategy: "finish_renewal", reason, steps, tick });
}

/** Of a renewal by a process that takes the place of another. */
function afterStart({ resource }: Slot, service: ServiceSpec): readonly Step[] {
  return [
    readyStep(resource, service),
    drainStep(resource, service, "previous"),
    stopStep(resource, service, { which: "previous" }),
  ];
}

interface Emission {
  readonly strategy: string;
  readonly reason: string;
  readonly steps: readonly Step[];
  readonly tick: PlanTick;
  readonly by?: string;
}

function emit(state: PlanState, slot: Slot, emission: Emission): void {
  const { strategy, reason, steps, by, tick } = emission;
  const cause: PlanCause = by === undefined ? { kind: "supervision" } : { kind: "person", by };
  const plan: Plan = {
    id: state.ids.next("plan"),
    strategy,
    resource: slot.resource,
    cause,
    reason,
    steps,
    irreversible: false,
    reverts: false,
  };
  occupy(state, plan);
  tick.out.plans.push({ plan, needsApproval: false });
  tick.out.entries.push({ kind: "plan", plan });
}

/** Written down whenever it changes, so that a new daemon knows. */
export function recordSlot(state: PlanState, slot: Slot, tick: PlanTick): void {
  const service = state.fleet.services[slot.service];
  if (service) tick.out.entries.push({ kind: "supervision", slot: recordOf(slot, service) });
}

/** All strategies have their turn again, whoever supervises it then. */
export function recordAnew(state: PlanState, slot: Slot, tick: PlanTick): void {
  const service = state.fleet.services[slot.service];
  if (service === undefined) return;
  tick.out.entries.push({ kind: "supervision", slot: recordOf(slot, service), anew: true });
}

/**
 * May a case be acted upon already, or is what it suffers from somebody else's doing?
 *
 * Intuition: a service that does not answer may be the victim of a database that does not. So each
 * dependency is asked for fresh evidence first; those that prove themselves well are acquitted, and
 * those that are known to be ill are being healed as cases of their own.
 *
 * A dependency that is being restarted or deployed on purpose is waited for as long as it may take
 * to start; then the case is looked at afresh before anything is done about it.
 *
 * What is to be done after a pause, or by another daemon, needs fresh evidence in the same way: who
 * has waited for budget, or for the end of an attempt, may be well by now.
 *
 * Waiting always ends: after `acquittalMs`, after `victimPatienceMs`, at the start timeout, when
 * the incident is escalated, or when this machine has its network again.
 */
import { asksOf, isRemote } from "../config/index.ts";
import { type Failure, failureTypes, hostNetwork, type ResourceId } from "../model/index.ts";
import { type PlanState, type PlanTick, type RecoveryCase, slotsOf } from "./state.ts";
import { type Context, isDead } from "./strategy.ts";

/** How long a dependency has to prove itself before its dependents are acted upon all the same. */
const acquittalMs = 3000;
/** What took longer than this is old: the case itself is looked at once more. */
const promptMs = 1000;
/** And how long the victims of a cause wait for its recovery. */
const victimPatienceMs = 120_000;

/** And who needs somebody far away, for the network of this machine. */
const cutOffPatienceMs = 3_600_000;

interface Scope {
  readonly each: RecoveryCase;
  readonly tick: PlanTick;
}

/** True while the case has to wait: for what the resource needs, or for fresh evidence. */
export function mustWait(state: PlanState, context: Context, scope: Scope): boolean {
  const { each, tick } = scope;
  if (waitsForOthers(state, context, scope)) return true;
  if (isSucceeded(each, context, tick)) return true;
  return !isDead(context) && isStale(each, tick) && isOpenAgain(each, tick);
}

function waitsForOthers(state: PlanState, context: Context, { each, tick }: Scope): boolean {
  // It runs again: whether that helped is for the verdict to say.
  if (isAboutDeath(context.failure) && context.slot?.run) return true;
  if (isAboutPredecessor(context, tick)) return true;
  const needs = neededBy(state, context);
  const waitedMs = tick.now.monotonicMs - each.sinceMs;
  const ill = needs.filter((need) => isIll(state, need));
  if (failureTypes[context.failure.type].decisive) {
    const patienceMs = context.service?.start.timeoutMs ?? 0;
    const isStart = isDead(context) && context.failure.type !== "port_conflict";
    return (
      isStart && ill.length > 0 && waitedMs < patienceMs && !state.escalated.has(each.incident)
    );
  }
  if (isCutOff(state, context, waitedMs)) return true;
  const causeIsHopeless = state.escalated.has(each.incident) || waitedMs > victimPatienceMs;
  if (each.asVictim && !causeIsHopeless) return true;
  return mayBeInnocent(
    state,
    { each, context, needs: withNetwork(state, context, needs), ill },
    tick,
  );
}

interface Suspicion {
  readonly each: RecoveryCase;
  readonly context: Context;
  readonly needs: readonly ResourceId[];
  readonly ill: readonly ResourceId[];
}

/** What it needs is heard first; and when that took a while, it is looked at once more itself. */
function mayBeInnocent(state: PlanState, suspicion: Suspicion, tick: PlanTick): boolean {
  const { each, context, needs, ill } = suspicion;
  const { now, world, out } = tick;
  const waitedMs = now.monotonicMs - each.sinceMs;
  const changing = needs.filter((need) => isChanging(state, need));
  const unproven = needs.filter((need) => !ill.includes(need) && world.goodMs(need) < each.sinceMs);
  const patienceMs = changing.length > 0 ? startPatienceMs(state, context) : acquittalMs;
  if (unproven.length + changing.length > 0 && waitedMs <= patienceMs) {
    each.heldMs = now.monotonicMs;
    if (each.askedMs === undefined) out.looks.push(...unproven);
    each.askedMs ??= now.monotonicMs;
    return true;
  }
  const heldFor = (each.heldMs ?? each.sinceMs) - each.sinceMs;
  return heldFor > promptMs && isOpenAgain(each, tick);
}

/**
 * Another process than the one that was ill has come meanwhile: it has its time to start, and then
 * it is ill only when it looks so itself.
 */
function isSucceeded(
  each: RecoveryCase,
  { slot, resource }: Context,
  { world }: PlanTick,
): boolean {
  if (slot?.run === undefined || each.askedBy !== undefined) return false;
  if (slot.run.started.adopted || each.knownMs >= slot.run.sinceMs) return false;
  return !slot.run.ready || world.badMs(resource) < world.goodMs(resource);
}

/** It was ill when it was last known, and that is a while ago: who waits may get well. */
function isStale(each: RecoveryCase, { now, world }: PlanTick): boolean {
  if (each.askedBy !== undefined) return false;
  const knownMs = Math.max(each.knownMs, world.badMs(each.resource));
  return now.monotonicMs - knownMs > promptMs;
}

/** Its own last look may be older than the recovery of what it needs. */
function isOpenAgain(each: RecoveryCase, { now, world, out }: PlanTick): boolean {
  if (each.lookedMs === undefined) {
    each.lookedMs = now.monotonicMs;
    out.looks.push(each.resource);
  }
  if (world.badMs(each.resource) >= each.lookedMs) return false;
  const isWell = world.goodMs(each.resource) >= each.lookedMs;
  return isWell || now.monotonicMs - each.lookedMs <= acquittalMs;
}

/** It is being started, restarted or renewed on purpose: not ill, and not well yet. */
function isChanging(state: PlanState, resource: ResourceId): boolean {
  const slot = state.slots.get(resource);
  if (slot === undefined || slot.quarantine !== undefined) return false;
  return state.acting.has(resource) || slot.run?.ready !== true;
}

function startPatienceMs(state: PlanState, { service, spec }: Context): number {
  const times = ((service ?? spec)?.dependsOn ?? []).map(
    (need) => state.fleet.services[need.slice("service/".length)]?.start.timeoutMs ?? 0,
  );
  return Math.max(acquittalMs, ...times);
}

export function isAboutDeath({ type }: Failure): boolean {
  return type === "process_exited" || type === "crash_loop" || type === "start_failed";
}

/** That its predecessor was not ready says nothing about the process that runs now. */
function isAboutPredecessor({ failure, slot, resource }: Context, { world }: PlanTick): boolean {
  if (failure.type !== "not_ready" || slot?.run === undefined) return false;
  return world.badMs(resource) < slot.run.sinceMs;
}

/** What it declares to need, with services as their instances. */
function neededBy(state: PlanState, context: Context): readonly ResourceId[] {
  const declared = (context.service ?? context.spec)?.dependsOn ?? [];
  return declared.flatMap((need): readonly ResourceId[] => {
    if (!need.startsWith("service/")) return [need as ResourceId];
    return (
      slotsOf(state, need.slice("service/".length))
        // A job that has ended has done what it is needed for.
        .filter((slot) => slot.desired === "running" && !slot.ended)
        .map((slot) => slot.resource)
    );
  });
}

/**
 * While this machine has no network: what is asked over it cannot be judged from here. What only
 * needs somebody far away may have fallen ill by itself: that is thought of in the end.
 */
function isCutOff(state: PlanState, context: Context, waitedMs: number): boolean {
  if (!isIll(state, hostNetwork)) return false;
  if (isAskedAfar(state, context)) return true;
  const needsNetwork = state.topology.needs(context.resource).has(hostNetwork);
  return needsNetwork && waitedMs <= cutOffPatienceMs;
}

/** This machine may have no network itself; that is asked first of all. */
function withNetwork(
  state: PlanState,
  context: Context,
  needs: readonly ResourceId[],
): readonly ResourceId[] {
  return isAskedAfar(state, context) ? [...needs, hostNetwork] : needs;
}

/** The look that found the failure went over the network. */
function isAskedAfar({ fleet }: PlanState, { failure, resource }: Context): boolean {
  return asksOf(fleet, resource, failure.sensor).some(isRemote);
}

function isIll(state: PlanState, resource: ResourceId): boolean {
  const each = state.cases.get(resource);
  return each !== undefined && each.failures.size > 0;
}

/**
 * May a case be acted upon already, or is what it suffers from somebody else's doing?
 *
 * Intuition: a service that does not answer may be the victim of a database that does not. So each
 * dependency is asked for fresh evidence first; those that prove themselves well are acquitted, and
 * those that are known to be ill are being healed as cases of their own.
 *
 * Waiting always ends: after `acquittalMs`, after `victimPatienceMs`, at the start timeout, or when
 * the incident is escalated.
 */
import { type Failure, failureTypes, type ResourceId } from "../model/index.ts";
import { type PlanState, type PlanTick, type RecoveryCase, slotsOf } from "./state.ts";
import { type Context, isDead } from "./strategy.ts";

/** How long a dependency has to prove itself before its dependents are acted upon all the same. */
const acquittalMs = 3000;
/** And how long the victims of a cause wait for its recovery. */
const victimPatienceMs = 120_000;

/** True while the case has to wait for what the resource needs. */
export function mustWait(
  state: PlanState,
  context: Context,
  scope: { each: RecoveryCase; tick: PlanTick },
): boolean {
  const { each, tick } = scope;
  // It runs again: whether that helped is for the verdict to say.
  if (isAboutDeath(context.failure) && context.slot?.run) return true;
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
  const causeIsHopeless = state.escalated.has(each.incident) || waitedMs > victimPatienceMs;
  if (each.asVictim && !causeIsHopeless) return true;
  const unproven = needs.filter(
    (need) => !ill.includes(need) && tick.world.goodMs(need) < each.sinceMs,
  );
  if (unproven.length === 0 || waitedMs > acquittalMs) return false;
  if (each.askedMs === undefined) {
    each.askedMs = tick.now.monotonicMs;
    tick.out.looks.push(...unproven);
  }
  return true;
}

function isAboutDeath({ type }: Failure): boolean {
  return type === "process_exited" || type === "crash_loop" || type === "start_failed";
}

/** What it declares to need, with services as their instances. */
function neededBy(state: PlanState, context: Context): readonly ResourceId[] {
  const declared = (context.service ?? context.spec)?.dependsOn ?? [];
  return declared.flatMap((need): readonly ResourceId[] => {
    if (!need.startsWith("service/")) return [need as ResourceId];
    return slotsOf(state, need.slice("service/".length))
      .filter((slot) => slot.desired === "running")
      .map((slot) => slot.resource);
  });
}

function isIll(state: PlanState, resource: ResourceId): boolean {
  const each = state.cases.get(resource);
  return each !== undefined && each.failures.size > 0;
}

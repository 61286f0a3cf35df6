/**
 * The recovery of one resource at a time: open, acting, judging, and round again with the next
 * strategy until a verdict says "healed" or nothing is left.
 *
 * R1. A soft failure (it may be a dependency's doing) is acted upon only when everything it needs
 *     has proven itself well since, or is known to be ill (`acquittal.ts`).
 * R2. Nothing is done without budget; when it is spent a person is told, and it goes on when the
 *     window has moved, or once when a person asks for a start or a restart. Only what the restart
 *     policy brings back is not rationed, nor the quarantine that ends that: its pace is that of
 *     the crashes (`slots.ts`).
 * R3. What would have been done in a mode that forbids it is written down, once.
 */
import { goodLooksFor } from "../config/index.ts";
import { formatClockTime, type Instant, jittered } from "../kernel/index.ts";
import {
  describeStep,
  type Failure,
  failureTypes,
  frontProxy,
  instanceOf,
  nameOf,
  type Plan,
  type ResourceId,
  severityRank,
  touchedBy,
} from "../model/index.ts";
import { isAboutDeath, mustWait } from "./acquittal.ts";
import { choose } from "./choose.ts";
import { stepsWithEvidence } from "./evidence.ts";
import { forbidden, isByPolicy, isRevival, modeOf, needsApproval } from "./permission.ts";
import { lackingBudget, spend } from "./rations.ts";
import { isToBeRenewed } from "./renewal.ts";
import { backoffMs, noteRun, type Slot } from "./slots.ts";
import {
  type Attempt,
  occupy,
  type PlanState,
  type PlanTick,
  type RecoveryCase,
  slotsOf,
} from "./state.ts";
import type { Context, Strategy } from "./strategy.ts";
import { isRevived, recordSlot } from "./supervise.ts";

const gatePauseMs = 100;
const attemptsMax = 100;
/** A pause of this length is told to people. */
const toldPauseMs = 1000;
/** So often it is asked whether something can be done by now about what is not ready. */
const readyPauseMs = 1000;

export function decide(state: PlanState, each: RecoveryCase, tick: PlanTick): void {
  const { now } = tick;
  if (each.phase !== "open" || now.monotonicMs < each.dueMs) return;
  const context = contextOf(state, each, tick);
  if (context === undefined || state.goingDown || context.slot?.desired === "stopped") return;
  if (modeOf(state, context) === "off") return;
  if (context.slot?.quarantine) return tellQuarantine(state, each, { tick, slot: context.slot });
  if (isTaken(state, each.resource)) return wait(state, each, now.monotonicMs + gatePauseMs);
  if (isLeftDown(state, context) || mustWait(state, context, { each, tick })) {
    return wait(state, each, now.monotonicMs + gatePauseMs);
  }
  const tried = each.attempts.filter((attempt) => attempt.helped !== undefined);
  const past = { book: state.book, tried: tried.map(({ strategy }) => strategy), at: now.wallMs };
  const { strategy, reason } = choose(context, past);
  if (strategy === undefined) return giveUp(state, each, { tick, context, reason });
  const forbiddenBy = forbidden(state, strategy, context);
  if (forbiddenBy !== undefined) {
    return withhold(each, { tick, context, strategy, reason: forbiddenBy });
  }
  each.waits = undefined;
  each.restedMs ??= now.monotonicMs + pauseBefore(state, each, { strategy, context });
  if (each.restedMs > now.monotonicMs) return rest(state, each, { tick, strategy });
  propose(state, each, { tick, strategy, context, reason });
}

/** Something is being done to it, or its new configuration comes first (U2 of `supervise.ts`). */
function isTaken(state: PlanState, resource: ResourceId): boolean {
  if (state.acting.has(resource)) return true;
  const slot = state.slots.get(resource);
  return slot !== undefined && isToBeRenewed(state, slot);
}

/**
 * Supervision starts it first: what was wrong with a process can be healed, and be proven to be,
 * only while there is one.
 */
function isLeftDown(state: PlanState, { slot, service }: Context): boolean {
  if (slot === undefined || service === undefined || slot.ended) return false;
  return slot.run === undefined && !isRevived(state, slot);
}

/** Also when it has become an incident of its own since: as a victim it was told with its cause. */
function tellQuarantine(
  state: PlanState,
  each: RecoveryCase,
  { tick, slot }: { readonly tick: PlanTick; readonly slot: Slot },
): void {
  const reason = `in quarantine: ${slot.quarantine?.reason ?? ""}`;
  escalate(state, each, { tick, why: "quarantine", reason });
}

/** It cools down; pauses that nobody would notice are not told. */
function rest(
  state: PlanState,
  each: RecoveryCase,
  { tick, strategy }: { readonly tick: PlanTick; readonly strategy: Strategy },
): void {
  const untilMs = each.restedMs ?? tick.now.monotonicMs;
  each.lookedMs = undefined;
  const at = clockTimeOf(untilMs, tick.now);
  each.waits =
    untilMs - tick.now.monotonicMs < toldPauseMs ? undefined : `${strategy.name} follows at ${at}`;
  wait(state, each, untilMs);
}

function clockTimeOf(monotonicMs: number, now: Instant): string {
  return formatClockTime(now.wallMs + monotonicMs - now.monotonicMs);
}

/**
 * Nothing is left to try. What is not ready may get ready by itself, and others may come that serve
 * in its place: a person is told when that takes too long.
 */
function giveUp(
  state: PlanState,
  each: RecoveryCase,
  { tick, context, reason }: { tick: PlanTick; context: Context; reason: string },
): void {
  const { monotonicMs } = tick.now;
  const mayGetReady = context.failure.type === "not_ready";
  const patienceMs = mayGetReady ? state.fleet.detection.verifyDeadlineMs : 0;
  if (monotonicMs - each.sinceMs >= patienceMs) {
    escalate(state, each, { tick, why: "nothing is left", reason });
  }
  wait(state, each, mayGetReady ? monotonicMs + readyPauseMs : Number.POSITIVE_INFINITY);
}

function contextOf(state: PlanState, each: RecoveryCase, tick: PlanTick): Context | undefined {
  const { resource } = each;
  const slot = state.slots.get(resource);
  const failure = primaryOf(each, slot);
  if (failure === undefined) return undefined;
  const instance = instanceOf(resource);
  const service = instance && state.fleet.services[instance.service];
  if (slot?.run) noteRun(slot, tick.now.monotonicMs - slot.run.sinceMs, state.fleet);
  return {
    fleet: state.fleet,
    failure,
    resource,
    service,
    spec: state.fleet.resources[resource],
    slot,
    siblings: service ? slotsOf(state, service.name) : [],
    suspects: service ? suspectsOf(state, service.dependsOn, tick) : [],
    crashesMax: state.fleet.budgets.crashes,
  };
}

/**
 * Of several failures the one that names the cause most directly. Of what runs again, what is wrong
 * with it now comes before the death of the process that it had.
 */
function primaryOf(each: RecoveryCase, slot: Slot | undefined): Failure | undefined {
  const directness = (failure: Failure): number =>
    slot?.run && isAboutDeath(failure) ? 0 : failureTypes[failure.type].specificity;
  let primary: Failure | undefined;
  for (const failure of each.failures.values()) {
    if (!primary || directness(failure) > directness(primary)) primary = failure;
  }
  return primary;
}

function suspectsOf(state: PlanState, needs: readonly string[], tick: PlanTick): readonly Slot[] {
  return needs
    .filter((need) => need.startsWith("service/"))
    .flatMap((need) => slotsOf(state, nameOf(need as `service/${string}`)))
    .filter((slot) => slot.run !== undefined && tick.world.healthOf(slot.resource) === "degraded")
    .filter((slot) => !isSpared(state, slot));
}

/**
 * What is grave there is healed as a case of its own. That it is not ready is no reason to restart
 * it, for its dependents neither.
 */
function isSpared(state: PlanState, slot: Slot): boolean {
  const failures = [...(state.cases.get(slot.resource)?.failures.values() ?? [])];
  if (failures.some(({ severity }) => severityRank[severity] >= severityRank.high)) return true;
  return failures.length > 0 && failures.every(({ type }) => type === "not_ready");
}

function pauseBefore(
  state: PlanState,
  each: RecoveryCase,
  next: { strategy: Strategy; context: Context },
): number {
  const { slot, failure } = next.context;
  if (slot && isRevival(next.strategy, next.context)) {
    const crashMs = backoffMs(slot, state.fleet, state.random);
    // A crash is paced by the crashes; what cannot even be started, by the attempts as well.
    if (failure.type !== "start_failed") return crashMs;
    return Math.max(crashMs, jittered(state.random, coolDownOf(state, each, next.strategy), 0.2));
  }
  return coolDownOf(state, each, next.strategy);
}

/** Grows with each attempt that did not help. */
function coolDownOf(state: PlanState, each: RecoveryCase, { name }: Strategy): number {
  const failedBefore = each.attempts.filter(
    (attempt) => attempt.strategy === name && attempt.helped === false,
  ).length;
  if (failedBefore === 0) return 0;
  const { coolDownMs, coolDownMaxMs } = state.fleet.budgets;
  return Math.min(coolDownMs * 2 ** (failedBefore - 1), coolDownMaxMs);
}

interface Proposal {
  readonly tick: PlanTick;
  readonly strategy: Strategy;
  readonly context: Context;
  readonly reason: string;
}

function propose(state: PlanState, each: RecoveryCase, proposal: Proposal): void {
  const { tick, strategy, context } = proposal;
  const nowMs = tick.now.monotonicMs;
  const plan = planOf(state, each, proposal);
  // What it needs may be restarted for the sake of another, or be started just now.
  for (const touched of touchedBy(plan)) {
    if (isTaken(state, touched)) return wait(state, each, nowMs + gatePauseMs);
  }
  if (plan.byPolicy !== true && !afford(state, each, { plan, tick })) return;
  each.askedBy = undefined;
  const approval = needsApproval(strategy, context);
  tick.out.plans.push({ plan, needsApproval: approval });
  tick.out.entries.push({ kind: "plan", plan });
  each.phase = "acting";
  each.restedMs = undefined;
  each.lookedMs = undefined;
  const attempt = { strategy: strategy.name, action: plan.id, helped: undefined };
  each.attempts = [...shortened(each.attempts), attempt];
  occupy(state, plan);
  markSlot(state, each, proposal);
}

/** False when it has to wait until there is budget again; then a person is told until when. */
function afford(state: PlanState, each: RecoveryCase, { plan, tick }: Costs): boolean {
  const nowMs = tick.now.monotonicMs;
  const isFree = each.askedBy !== undefined;
  const lacking = isFree ? undefined : lackingBudget(state, plan, nowMs);
  if (lacking === undefined) {
    spend(state, plan, nowMs);
    return true;
  }
  const reason = `${lacking.reason}; it goes on ${goesOn(each, lacking.untilMs, tick.now)}`;
  each.waits = reason;
  each.lookedMs = undefined;
  escalate(state, each, { tick, why: "no budget", reason });
  wait(state, each, lacking.untilMs);
  return false;
}

interface Costs {
  readonly plan: Plan;
  readonly tick: PlanTick;
}

function goesOn({ resource }: RecoveryCase, untilMs: number, now: Instant): string {
  const name = instanceOf(resource)?.service;
  const byHand = name === undefined ? [] : [`at once after \`soulmirror restart ${name}\``];
  const later = Number.isFinite(untilMs) ? [`at ${clockTimeOf(untilMs, now)}`] : [];
  return [...later, ...byHand].join(", or ") || "when the budget is raised";
}

/** Of a case that lasts for weeks; what was tried at all stays known. */
function shortened(attempts: readonly Attempt[]): readonly Attempt[] {
  if (attempts.length < attemptsMax) return attempts;
  const spare = attempts.findIndex(({ strategy }, index) =>
    attempts.some((later, place) => place > index && later.strategy === strategy),
  );
  return attempts.filter((_, index) => index !== spare);
}

/** What a strategy means for the instance while it lasts, and over a restart of the daemon. */
function markSlot(state: PlanState, each: RecoveryCase, proposal: Proposal): void {
  const { tick, strategy } = proposal;
  const { slot, service, failure } = proposal.context;
  if (slot === undefined) return;
  if (strategy.name === "eject") slot.ejected = true;
  if (strategy.name === "rollback_config") slot.pinnedHash = slot.goodHash;
  if (strategy.name === "quarantine" && service) {
    slot.quarantine = { specHash: service.hash, reason: failure.reason };
    tellQuarantine(state, each, { tick, slot });
  }
  if (strategy.name === "rollback_config" || slot.quarantine) recordSlot(state, slot, tick);
}

function planOf(state: PlanState, each: RecoveryCase, proposal: Proposal): Plan {
  const { strategy, context, reason } = proposal;
  const { watchMs, verifyDeadlineMs } = state.fleet.detection;
  const startMs = context.service?.start.timeoutMs ?? 0;
  const goodMin = goodLooksFor(state.fleet, each.resource, context.failure.sensor);
  return {
    id: state.ids.next("plan"),
    strategy: strategy.name,
    resource: each.resource,
    cause: { kind: "failure", incident: each.incident, failure: context.failure.id },
    reason,
    steps: stepsWithEvidence(state, each, { strategy, context }),
    irreversible: strategy.irreversible(context),
    reverts: strategy.reverts,
    // Whether it lives, and for whom it listens, are matters of their own.
    ...(each.resource === frontProxy ? { alone: true } : {}),
    ...(isByPolicy(strategy, context) ? { byPolicy: true } : {}),
    ...(each.askedBy === undefined ? {} : { askedBy: each.askedBy }),
    ...(strategy.terminal
      ? {}
      : { watch: { windowMs: watchMs, goodMin, deadlineMs: verifyDeadlineMs + startMs } }),
  };
}

function withhold(
  each: RecoveryCase,
  note: { tick: PlanTick; context: Context; strategy: Strategy; reason: string },
): void {
  const key = `${note.strategy.name}|${note.reason}`;
  if (each.withheld.has(key)) return;
  each.withheld.add(key);
  const { incident } = each;
  const { strategy, context, reason } = note;
  const steps = strategy.steps(context).map(describeStep);
  const entry = { kind: "withheld", incident, strategy: strategy.name, reason, steps } as const;
  note.tick.out.entries.push(entry);
}

/** A person is told of each why once: that nothing is left is news after a spent budget. */
function escalate(
  state: PlanState,
  { incident }: RecoveryCase,
  { tick, why, reason }: { tick: PlanTick; why: string; reason: string },
): void {
  const told = state.escalated.get(incident) ?? new Set();
  if (told.has(why)) return;
  state.escalated.set(incident, told.add(why));
  tick.out.escalations.push({ incident, reason });
}

export function wait(state: PlanState, each: RecoveryCase, untilMs: number): void {
  each.dueMs = untilMs;
  if (Number.isFinite(untilMs)) state.due.set(each.resource, untilMs);
}

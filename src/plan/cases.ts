/**
 * The recovery of one resource at a time: open, acting, judging, and round again with the next
 * strategy until a verdict says "healed" or nothing is left.
 *
 * R1. A soft failure (it may be a dependency's doing) is acted upon only when everything it needs
 *     has proven itself well since, or is known to be ill (`acquittal.ts`).
 * R2. Nothing is done without budget; when it is spent a person is told, and it goes on when the
 *     window has moved.
 * R3. What would have been done in a mode that forbids it is written down, once.
 */
import type { Instant } from "../kernel/index.ts";
import type { Plan, Verdict } from "../model/index.ts";
import {
  type Failure,
  failureTypes,
  instanceOf,
  nameOf,
  recordVerdict,
  signatureOf,
} from "../model/index.ts";
import { mustWait } from "./acquittal.ts";
import { Budget } from "./budget.ts";
import { choose } from "./choose.ts";
import { forbidden, modeOf, needsApproval } from "./permission.ts";
import { backoffMs, noteRun, type Slot } from "./slots.ts";
import { type PlanState, type PlanTick, type RecoveryCase, type Spent, slotsOf } from "./state.ts";
import { type Context, isDead, type Strategy } from "./strategy.ts";

const gatePauseMs = 100;
/** So often it is asked whether something can be done by now about what is not ready. */
const readyPauseMs = 1000;

export function decide(state: PlanState, each: RecoveryCase, tick: PlanTick): void {
  const { now } = tick;
  if (each.phase !== "open" || now.monotonicMs < each.dueMs) return;
  const context = contextOf(state, each, tick);
  if (context === undefined || state.goingDown || context.slot?.desired === "stopped") return;
  if (context.slot?.quarantine !== undefined || modeOf(state, context) === "off") return;
  if (state.acting.has(each.resource)) return wait(state, each, now.monotonicMs + gatePauseMs);
  if (mustWait(state, context, { each, tick })) {
    return wait(state, each, now.monotonicMs + gatePauseMs);
  }
  const tried = each.attempts.filter((attempt) => attempt.helped !== undefined);
  const past = { book: state.book, tried: tried.map(({ strategy }) => strategy), at: now.wallMs };
  const { strategy, reason } = choose(context, past);
  if (strategy === undefined) return giveUp(state, each, { tick, context, reason });
  const forbiddenBy = forbidden(state, strategy, context);
  if (forbiddenBy !== undefined) return withhold(each, { tick, strategy, reason: forbiddenBy });
  each.restedMs ??= now.monotonicMs + pauseBefore(state, each, { strategy, context });
  if (each.restedMs > now.monotonicMs) return wait(state, each, each.restedMs);
  propose(state, each, { tick, strategy, context, reason });
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
  if (monotonicMs - each.sinceMs >= patienceMs) escalate(state, each, { tick, reason });
  wait(state, each, mayGetReady ? monotonicMs + readyPauseMs : Number.POSITIVE_INFINITY);
}

function contextOf(state: PlanState, each: RecoveryCase, tick: PlanTick): Context | undefined {
  const failure = primaryOf(each);
  if (failure === undefined) return undefined;
  const { resource } = each;
  const instance = instanceOf(resource);
  const service = instance && state.fleet.services[instance.service];
  const slot = state.slots.get(resource);
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

/** Of several failures the one that names the cause most directly. */
function primaryOf(each: RecoveryCase): Failure | undefined {
  let primary: Failure | undefined;
  for (const failure of each.failures.values()) {
    if (!primary || specificity(failure) > specificity(primary)) primary = failure;
  }
  return primary;
}

function specificity(failure: Failure): number {
  return failureTypes[failure.type].specificity;
}

function suspectsOf(state: PlanState, needs: readonly string[], tick: PlanTick): readonly Slot[] {
  return needs
    .filter((need) => need.startsWith("service/"))
    .flatMap((need) => slotsOf(state, nameOf(need as `service/${string}`)))
    .filter((slot) => slot.run !== undefined && tick.world.healthOf(slot.resource) === "degraded")
    .filter((slot) => !isOnlyNotReady(state, slot));
}

/** That is no reason to restart it, for its dependents neither. */
function isOnlyNotReady(state: PlanState, slot: Slot): boolean {
  const failures = [...(state.cases.get(slot.resource)?.failures.values() ?? [])];
  return failures.length > 0 && failures.every(({ type }) => type === "not_ready");
}

function pauseBefore(
  state: PlanState,
  each: RecoveryCase,
  next: { strategy: Strategy; context: Context },
): number {
  const { slot } = next.context;
  if (next.strategy.name === "restart" && slot && isDead(next.context)) {
    const crashMs = backoffMs(slot, state.fleet, state.random);
    // A crash is paced by the crashes; what cannot even be started, by the attempts.
    if (next.context.failure.type !== "start_failed") return crashMs;
  }
  const failedBefore = each.attempts.filter(
    (attempt) => attempt.strategy === next.strategy.name && attempt.helped === false,
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
  const budget = budgetOf(state, each.resource);
  const affordableMs = Math.max(budget.affordableMs(nowMs), state.fleetBudget.affordableMs(nowMs));
  if (affordableMs > nowMs) {
    const reason = "the budget of recovery actions is spent; it goes on when the window has moved";
    escalate(state, each, { tick, reason });
    return wait(state, each, affordableMs);
  }
  budget.spend(nowMs);
  state.fleetBudget.spend(nowMs);
  const plan = planOf(state, each, proposal);
  const approval = needsApproval(strategy, context);
  tick.out.plans.push({ plan, needsApproval: approval });
  tick.out.entries.push({ kind: "plan", plan });
  each.phase = "acting";
  each.restedMs = undefined;
  each.attempts = [
    ...each.attempts,
    { strategy: strategy.name, action: plan.id, helped: undefined },
  ];
  state.acting.set(each.resource, plan.id);
  if (strategy.name === "quarantine" && context.slot && context.service) {
    context.slot.quarantine = { specHash: context.service.hash, reason: proposal.reason };
    escalate(state, each, { tick, reason: `in quarantine: ${proposal.reason}` });
  }
  if (strategy.name === "eject" && context.slot) context.slot.ejected = true;
  if (strategy.name === "rollback_config" && context.slot) {
    context.slot.pinnedHash = context.slot.goodHash;
  }
}

function planOf(state: PlanState, each: RecoveryCase, proposal: Proposal): Plan {
  const { strategy, context, reason } = proposal;
  const { watchMs, verifyDeadlineMs } = state.fleet.detection;
  const startMs = context.service?.start.timeoutMs ?? 0;
  return {
    id: state.ids.next("plan"),
    strategy: strategy.name,
    resource: each.resource,
    cause: { kind: "failure", incident: each.incident, failure: context.failure.id },
    reason,
    steps: strategy.steps(context),
    irreversible: strategy.irreversible(context),
    reverts: strategy.reverts,
    ...(strategy.terminal
      ? {}
      : { watch: { windowMs: watchMs, goodMin: 2, deadlineMs: verifyDeadlineMs + startMs } }),
  };
}

function budgetOf(state: PlanState, resource: RecoveryCase["resource"]): Budget {
  const known = state.budgets.get(resource);
  if (known) return known;
  const made = new Budget(state.fleet.budgets.perResource, state.fleet.budgets.windowMs);
  state.budgets.set(resource, made);
  return made;
}

/** What was spent before this daemon began still counts. */
export function restoreBudgets(state: PlanState, spent: readonly Spent[], now: Instant): void {
  for (const { resource, at } of spent) {
    const spentMs = now.monotonicMs - Math.max(0, now.wallMs - at);
    budgetOf(state, resource).spend(spentMs);
    state.fleetBudget.spend(spentMs);
  }
}

function withhold(
  each: RecoveryCase,
  note: { tick: PlanTick; strategy: Strategy; reason: string },
): void {
  const key = `${note.strategy.name}|${note.reason}`;
  if (each.withheld.has(key)) return;
  each.withheld.add(key);
  const { incident } = each;
  const { strategy, reason } = note;
  note.tick.out.entries.push({ kind: "withheld", incident, strategy: strategy.name, reason });
}

function escalate(
  state: PlanState,
  each: RecoveryCase,
  note: { tick: PlanTick; reason: string },
): void {
  if (state.escalated.has(each.incident)) return;
  state.escalated.add(each.incident);
  note.tick.out.escalations.push({ incident: each.incident, reason: note.reason });
}

function wait(state: PlanState, each: RecoveryCase, untilMs: number): void {
  each.dueMs = untilMs;
  if (Number.isFinite(untilMs)) state.due.set(each.resource, untilMs);
}

/** A verdict on what was done: remembered, and if it did not help taken back. */
export function hearVerdict(state: PlanState, verdict: Verdict, tick: PlanTick): void {
  const failure = state.failures.get(verdict.failure);
  if (failure === undefined) return;
  const each = state.cases.get(failure.resource);
  const attempt = each?.attempts.at(-1);
  const plan = verdict.action === undefined ? undefined : state.judged.get(verdict.action);
  if (plan) {
    const key = { signature: signatureOf(failure), strategy: plan.strategy };
    recordVerdict(state.book, key, verdict);
  }
  if (verdict.healed) {
    if (attempt && verdict.action !== undefined) attempt.helped = true;
    closeFailure(state, failure, tick);
    if (each) goOn(state, each, verdict.failure);
    return;
  }
  if (each === undefined || verdict.action === undefined || each.phase !== "judging") return;
  if (attempt) attempt.helped = false;
  each.phase = "reverting";
  if (plan?.strategy === "rollback_config") unpin(state, failure);
  tick.out.rollBacks.push({ action: verdict.action, reason: `not healed: ${verdict.reason}` });
}

/** When all that was judged is healed, what was raised meanwhile has its turn. */
function goOn(state: PlanState, each: RecoveryCase, healed: string): void {
  each.judged.delete(healed);
  if (each.phase !== "judging" || each.judged.size > 0 || each.failures.size === 0) return;
  each.phase = "open";
  wait(state, each, 0);
}

function unpin(state: PlanState, failure: Failure): void {
  const slot = state.slots.get(failure.resource);
  if (slot) slot.pinnedHash = undefined;
}

function closeFailure(state: PlanState, failure: Failure, tick: PlanTick): void {
  state.failures.delete(failure.id);
  const each = state.cases.get(failure.resource);
  each?.failures.delete(failure.id);
  const service = instanceOf(failure.resource)?.service;
  if (service) state.due.set(service, tick.now.monotonicMs);
  if (each === undefined || each.failures.size > 0) return;
  state.cases.delete(each.resource);
  state.escalated.delete(each.incident);
  state.history.set(each.resource, { attempts: each.attempts, closedMs: tick.now.monotonicMs });
  for (const [action, plan] of state.judged) {
    if (plan.resource !== each.resource) continue;
    state.judged.delete(action);
    tick.out.settled.push(action);
  }
}

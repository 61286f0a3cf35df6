/** What one stage leaves to the next one, to the next tick (`carry`), and to the journal. */
import type { Analysis } from "../analyze/index.ts";
import type { ExecuteInput, Execution } from "../execute/index.ts";
import type { Action, Entry, Plan, ResourceId, Verdict } from "../model/index.ts";
import type { Planning } from "../plan/index.ts";
import type { Aim, VerifyInput } from "../verify/index.ts";
import type { LoopInput } from "./loop.ts";
import type { Carry } from "./loop-state.ts";

export function emptyCarry(): Carry {
  return { outcomes: [], actions: [], verdicts: [], looks: [], resumed: [] };
}

export function executeInputs(
  inputs: readonly LoopInput[],
  planned: Planning,
  carry: Carry,
): readonly ExecuteInput[] {
  const own: ExecuteInput[] = carry.resumed.map((action) => ({ kind: "resume", action }));
  for (const input of inputs) {
    if (input.kind === "result") own.push(input);
    else if (input.kind === "request" && "action" in input.request) own.push(input.request);
  }
  for (const each of planned.rollBacks) own.push({ kind: "roll_back", ...each });
  for (const each of planned.withdrawals) own.push({ kind: "withdraw", ...each });
  for (const action of planned.settled) own.push({ kind: "forget", action });
  for (const each of planned.plans) own.push({ kind: "plan", ...each });
  return own;
}

/** What verification has to know of the stages before it. */
export interface Judged {
  readonly found: Analysis;
  readonly planned: Planning;
  readonly done: Execution;
  readonly isRunning: (resource: ResourceId) => boolean;
}

export function verifyInputs(judged: Judged): readonly VerifyInput[] {
  const { found, planned, done, isRunning } = judged;
  const own: VerifyInput[] = found.raised.map((failure) => ({ kind: "raised", failure }));
  for (const { failure, kind, begunMs, reason } of found.evidence) {
    own.push({ kind: "evidence", failure: failure.id, finding: kind, begunMs, reason });
  }
  for (const action of done.actions) {
    if (action.plan.cause.kind === "failure") own.push(judgingOf(action, isRunning));
  }
  for (const each of planned.gone) own.push({ kind: "gone", ...each });
  return own;
}

/** What its plan is for, as verification has to know it. */
export function aimOf({ resource, alone, cause }: Plan): Aim {
  return alone && cause.kind === "failure" ? { resource, failure: cause.failure } : { resource };
}

function judgingOf(action: Action, isRunning: Judged["isRunning"]): VerifyInput {
  const { resource, steps, watch } = action.plan;
  const aim = aimOf(action.plan);
  const isGone = steps.some(
    (step) => step.kind === "start" && step.resource === resource && !isRunning(resource),
  );
  switch (action.status.kind) {
    case "succeeded":
      return watch
        ? { kind: "acted", ...aim, action: action.id, watch, isGone }
        : { kind: "idle", ...aim };
    case "failed":
    case "rolled_back":
    case "waiting_for_approval":
      return { kind: "idle", ...aim };
    default:
      return { kind: "acting", ...aim };
  }
}

export function carryOver(planned: Planning, done: Execution, verdicts: readonly Verdict[]): Carry {
  const outcomes: Carry["outcomes"][number][] = [];
  for (const action of done.actions) {
    const { cause } = action.plan;
    if (cause.kind !== "failure") continue;
    const { incident, failure } = cause;
    const { resource } = action.plan;
    const kind = outcomeOf(action);
    if (kind) outcomes.push({ kind, incident, failure, action: action.id, resource });
  }
  for (const each of planned.escalations) outcomes.push({ kind: "escalated", ...each });
  for (const { healed, failure, action, givenUp, reason } of verdicts) {
    const by = action ?? (givenUp ? reason : "itself");
    if (healed) outcomes.push({ kind: "failure_resolved", failure, by });
  }
  return { outcomes, actions: done.actions, verdicts, looks: planned.looks, resumed: [] };
}

function outcomeOf(
  action: Action,
): "action_begun" | "action_succeeded" | "action_failed" | undefined {
  switch (action.status.kind) {
    case "initiated":
    case "in_progress":
      return "action_begun";
    case "succeeded":
      return action.plan.watch ? "action_succeeded" : undefined;
    case "failed":
    case "rolled_back":
      return "action_failed";
    default:
      return undefined;
  }
}

export function entriesOf(parts: {
  found: Analysis;
  planned: Planning;
  done: Execution;
  verdicts: readonly Verdict[];
}): readonly Entry[] {
  const entries: Entry[] = [];
  for (const failure of parts.found.raised) entries.push({ kind: "failure_raised", failure });
  for (const incident of parts.found.incidents) entries.push({ kind: "incident", incident });
  entries.push(...parts.planned.entries);
  for (const action of parts.done.actions) entries.push({ kind: "action", action });
  for (const verdict of parts.verdicts) {
    entries.push({ kind: "verdict", verdict });
    const { failure, reason } = verdict;
    if (verdict.healed) entries.push({ kind: "failure_resolved", failure, reason });
  }
  return entries;
}

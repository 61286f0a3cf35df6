/**
 * The last stage: did the recovery work? Only fresh observations can tell.
 *
 * V1. Evidence counts only when its look began after the last step of the action was done.
 * V2. Healed: at least `goodMin` good looks, none bad or suspect in between, over `windowMs`.
 * V3. Not healed: what the action has started is gone when its last step is done, a bad look or a
 *     new decisive failure of the resource (not of another part of it) after the action, or no
 *     clean window before `deadlineMs`.
 * V4. A failure that gets well without an action needs the same clean window.
 * V5. Every failure that is raised ends in a verdict "healed", or stays open and known.
 * V6. What is no longer in the fleet, was stopped by a person, or has done its work cannot get
 *     well: what was open of it is over.
 */
import { type Fleet, goodLooksFor } from "../config/index.ts";
import { DueHeap, formatDuration, type Instant } from "../kernel/index.ts";
import {
  type Failure,
  failureTypes,
  namesCause,
  type ResourceId,
  type Verdict,
  type Watch,
} from "../model/index.ts";

export interface VerifyState {
  fleet: Fleet;
  readonly watches: Map<string, FailureWatch>;
  readonly due: DueHeap;
}

interface FailureWatch {
  readonly failure: Failure;
  readonly raisedMs: number;
  /** The action whose effect is being judged. */
  action: string | undefined;
  watch: Watch;
  /** Looks that began before this are stale. */
  freshFromMs: number;
  goodSinceMs: number | undefined;
  goodCount: number;
}

export type VerifyInput =
  | {
      readonly kind: "raised";
      readonly failure: Failure;
      /** By the daemon before this one: only the wall clock knows since when. */
      readonly isTakenOver?: true;
    }
  | {
      readonly kind: "evidence";
      readonly failure: string;
      readonly finding: "good" | "suspect" | "bad";
      readonly begunMs: number;
      readonly reason: string;
    }
  /** An action for this resource begins: looks from before it is over do not count. */
  | ({ readonly kind: "acting" } & Aim)
  /** The action is over without success: only its own getting well is watched for. */
  | ({ readonly kind: "idle" } & Aim)
  /** Nobody looks after it any more. */
  | {
      readonly kind: "gone";
      readonly resource: ResourceId;
      /** Only this part of it. */
      readonly part?: string;
      readonly reason: string;
    }
  /** All its steps are done: from now on it is judged. */
  | ({
      readonly kind: "acted";
      readonly action: string;
      readonly watch: Watch;
      /** What it started has ended by now. */
      readonly isGone?: boolean;
    } & Aim);

/** What an action is for. */
export interface Aim {
  readonly resource: ResourceId;
  /** Only this failure: the others go on being judged by themselves. */
  readonly failure?: string;
}

export interface Verification {
  readonly state: VerifyState;
  readonly verdicts: readonly Verdict[];
  readonly wakeMs: number | undefined;
}

/** One tick: its time, and the verdicts that are reached in it. */
interface Round {
  readonly now: Instant;
  readonly verdicts: Verdict[];
}

export function createVerifyState(fleet: Fleet): VerifyState {
  return { fleet, watches: new Map(), due: new DueHeap() };
}

export function verify(
  state: VerifyState,
  inputs: readonly VerifyInput[],
  now: Instant,
): Verification {
  const round: Round = { now, verdicts: [] };
  for (const input of inputs) take(state, input, round);
  for (let id = state.due.takeDue(now.monotonicMs); id !== undefined; ) {
    const watch = state.watches.get(id);
    if (watch?.action !== undefined) notHealed(watch, "no clean window before the deadline", round);
    id = state.due.takeDue(now.monotonicMs);
  }
  return { state, verdicts: round.verdicts, wakeMs: state.due.nextDueMs() };
}

function take(state: VerifyState, input: VerifyInput, round: Round): void {
  const { now } = round;
  switch (input.kind) {
    case "raised":
      for (const watch of watchesOf(state, input.failure.resource)) {
        if (!failureTypes[input.failure.type].decisive) continue;
        if (isOtherPart(watch.failure, input.failure)) continue;
        state.due.delete(watch.failure.id);
        notHealed(watch, `a new failure: ${input.failure.reason}`, round);
      }
      state.watches.set(input.failure.id, freshWatch(state, input, now));
      return;
    case "evidence":
      weigh(state, input, round);
      return;
    case "acting":
      for (const watch of aimedAt(state, input)) {
        reset(watch, undefined, Number.POSITIVE_INFINITY);
        state.due.delete(watch.failure.id);
      }
      return;
    case "idle":
      for (const watch of aimedAt(state, input)) {
        reset(watch, undefined, now.monotonicMs);
      }
      return;
    case "gone":
      for (const watch of watchesOf(state, input.resource)) {
        if (input.part !== undefined && input.part !== watch.failure.part) continue;
        giveUp(state, watch, { reason: input.reason, round });
      }
      return;
    case "acted":
      for (const watch of aimedAt(state, input)) {
        // What is only a note about a resource says nothing about a recovery.
        if (!namesCause(watch.failure.type)) continue;
        reset(watch, input.action, now.monotonicMs);
        watch.watch = input.watch;
        if (input.isGone) notHealed(watch, "what it started has ended already", round);
        else state.due.set(watch.failure.id, now.monotonicMs + input.watch.deadlineMs);
      }
      return;
  }
}

/** That another disk gets full says nothing of what was done for this one. */
function isOtherPart({ part }: Failure, news: Failure): boolean {
  return part !== undefined && news.part !== undefined && part !== news.part;
}

function watchesOf(state: VerifyState, resource: ResourceId): readonly FailureWatch[] {
  return [...state.watches.values()].filter((watch) => watch.failure.resource === resource);
}

function aimedAt(state: VerifyState, { resource, failure }: Aim): readonly FailureWatch[] {
  const watches = watchesOf(state, resource);
  return failure === undefined ? watches : watches.filter((watch) => watch.failure.id === failure);
}

function reset(watch: FailureWatch, action: string | undefined, freshFromMs: number): void {
  watch.action = action;
  watch.freshFromMs = freshFromMs;
  watch.goodSinceMs = undefined;
  watch.goodCount = 0;
}

function freshWatch(
  state: VerifyState,
  { failure, isTakenOver }: Extract<VerifyInput, { kind: "raised" }>,
  now: Instant,
): FailureWatch {
  const { watchMs, verifyDeadlineMs } = state.fleet.detection;
  const goodMin = goodLooksFor(state.fleet, failure.resource, failure.sensor);
  return {
    failure,
    raisedMs: now.monotonicMs - (isTakenOver ? Math.max(0, now.wallMs - failure.at) : 0),
    action: undefined,
    watch: { windowMs: watchMs, goodMin, deadlineMs: verifyDeadlineMs },
    freshFromMs: now.monotonicMs,
    goodSinceMs: undefined,
    goodCount: 0,
  };
}

function weigh(
  state: VerifyState,
  evidence: Extract<VerifyInput, { kind: "evidence" }>,
  round: Round,
): void {
  const { now } = round;
  const watch = state.watches.get(evidence.failure);
  if (watch === undefined || evidence.begunMs < watch.freshFromMs) return;
  if (evidence.finding !== "good") {
    watch.goodSinceMs = undefined;
    watch.goodCount = 0;
    if (evidence.finding === "bad" && watch.action !== undefined) {
      state.due.delete(watch.failure.id);
      notHealed(watch, evidence.reason, round);
    }
    return;
  }
  watch.goodSinceMs ??= evidence.begunMs;
  watch.goodCount += 1;
  const cleanMs = now.monotonicMs - watch.goodSinceMs;
  if (watch.goodCount < watch.watch.goodMin || cleanMs < watch.watch.windowMs) return;
  state.watches.delete(watch.failure.id);
  state.due.delete(watch.failure.id);
  round.verdicts.push({
    at: now.wallMs,
    failure: watch.failure.id,
    ...(watch.action === undefined ? {} : { action: watch.action }),
    healed: true,
    reason: `${watch.goodCount} good looks over ${formatDuration(cleanMs)}`,
    healedAfterMs: Math.round(Math.max(0, watch.goodSinceMs - watch.raisedMs)),
  });
}

function notHealed(watch: FailureWatch, reason: string, { now, verdicts }: Round): void {
  const { action } = watch;
  reset(watch, undefined, now.monotonicMs);
  if (action === undefined) return;
  verdicts.push({ at: now.wallMs, failure: watch.failure.id, action, healed: false, reason });
}

/** Keeps V6. No action gets the credit. */
function giveUp(
  state: VerifyState,
  watch: FailureWatch,
  { reason, round }: { readonly reason: string; readonly round: Round },
): void {
  const { now, verdicts } = round;
  const { id } = watch.failure;
  state.watches.delete(id);
  state.due.delete(id);
  verdicts.push({ at: now.wallMs, failure: id, healed: true, reason, givenUp: true });
}

/**
 * What becomes of an opinion: a new failure, or evidence about one that is open. Keeps J1 to J3 of
 * `judge.ts`.
 */
import type { Instant } from "../kernel/index.ts";
import {
  type Failure,
  failureTypes,
  faultOf,
  namesCause,
  type ResourceId,
} from "../model/index.ts";
import { blameDeadNeed, type Surroundings } from "./dead-need.ts";
import type { Detector, Opinion } from "./detector.ts";
import type { Case, Evidence, JudgeState } from "./judge.ts";
import { noteLastWord } from "./last-word.ts";

/** One tick: its time, and what is found in it. */
export interface Round {
  readonly now: Instant;
  readonly raised: Failure[];
  readonly evidence: Evidence[];
}

export interface Heard {
  readonly found: Case;
  readonly opinion: Opinion;
  readonly detector: Detector;
  readonly sensor: string;
  readonly begunMs: number;
}

export function hear(state: JudgeState, heard: Heard, round: Round): void {
  const { found, opinion, detector, begunMs } = heard;
  if (opinion.kind === "bad") {
    hearBad(state, { ...heard, opinion }, round);
    return;
  }
  if (opinion.kind === "good" && detector.provesNothing !== true) {
    found.goodMs = Math.max(found.goodMs, begunMs);
  }
  if (found.open.size === 0) return;
  const { kind } = opinion;
  for (const type of opinion.types) {
    const failure = found.open.get(faultOf({ ...opinion, type }));
    if (failure && mayJudge(heard, failure)) {
      testify(found, { failure, kind, begunMs, reason: kind }, round);
    }
  }
  const lacking = lackingOf(heard);
  if (lacking) testify(found, { failure: lacking, kind, begunMs, reason: kind }, round);
}

/** Most detectors of a resource may say that what another one has found is over. */
function mayJudge({ found, detector }: Heard, failure: Failure): boolean {
  if (failure.detector === detector.name) return true;
  const owner = found.attached.find((each) => each.detector.name === failure.detector);
  return owner?.detector.hearsItselfOnly !== true;
}

type Bad = Extract<Opinion, { kind: "bad" }>;

function hearBad(state: JudgeState, heard: Heard & { readonly opinion: Bad }, round: Round): void {
  const { found, begunMs } = heard;
  // What is only a note about it is no news of what it may be healed of.
  if (namesCause(heard.opinion.type)) found.badMs = Math.max(found.badMs, begunMs);
  const opinion = blameDeadNeed(surroundingsOf(state), found.resource, {
    opinion: heard.opinion,
    detector: heard.detector.name,
  });
  const lacking = lackingOf(heard);
  if (opinion.type !== "dependency_down" && lacking) {
    // It fails by itself: what it needs is well again.
    const reason = "what it needs is well";
    testify(found, { failure: lacking, kind: "good", begunMs, reason }, round);
  }
  const { reason } = opinion;
  const open = found.open.get(faultOf(opinion));
  if (open) testify(found, { failure: open, kind: "bad", begunMs, reason }, round);
  // A look that asks the same and finds something else is no better news of what it found before.
  const isNew = open === undefined;
  for (const other of found.open.values()) {
    if (other === open || other === lacking || !isSameLook(other, heard)) continue;
    if (isNew || other.type === heard.opinion.type) {
      testify(found, { failure: other, kind: "bad", begunMs, reason }, round);
    }
  }
  if (isNew) raise(state, { ...heard, opinion }, round);
}

function testify(found: Case, evidence: Evidence, round: Round): void {
  round.evidence.push(evidence);
  noteLastWord(found, evidence);
}

function raise(state: JudgeState, heard: Heard & { readonly opinion: Bad }, round: Round): void {
  const { found, opinion } = heard;
  if (!failureTypes[opinion.type].decisive && isDisturbed(state, found.resource)) return;
  const failure: Failure = {
    id: state.ids.next("fail"),
    at: round.now.wallMs,
    resource: found.resource,
    type: opinion.type,
    severity: opinion.severity,
    detector: heard.detector.name,
    ...(opinion.part === undefined ? {} : { part: opinion.part }),
    sensor: heard.sensor,
    reason: opinion.reason,
    evidence: [...found.recent],
  };
  noteOpen(found, failure);
  round.raised.push(failure);
}

export function noteOpen(found: Case, failure: Failure): void {
  found.open = new Map(found.open).set(faultOf(failure), failure);
}

/** The question of the same detector, about the same part. */
function isSameLook(failure: Failure, { detector, sensor, opinion }: Heard): boolean {
  if (failure.detector !== detector.name || failure.sensor !== sensor) return false;
  return failure.type === "dependency_down" || failure.part === opinion.part;
}

/** That it lacks what it needs, if it was this look that found it. */
function lackingOf(heard: Heard): Failure | undefined {
  const lacking = heard.found.open.get("dependency_down");
  return lacking && isSameLook(lacking, heard) ? lacking : undefined;
}

const none: readonly Failure[] = [];

function surroundingsOf({ fleet, topology, cases }: JudgeState): Surroundings {
  return { fleet, topology, openOf: (resource) => cases.get(resource)?.open.values() ?? none };
}

/** Keeps J3: it, or something that it needs and that was well, is being changed on purpose. */
function isDisturbed(state: JudgeState, resource: ResourceId): boolean {
  if (state.acting.has(resource)) return true;
  if (state.acting.size + state.starting.size === 0) return false;
  for (const need of state.topology.needs(resource) as ReadonlySet<ResourceId>) {
    const isChanging = state.acting.has(need) || state.starting.has(need);
    if (isChanging && (state.cases.get(need)?.open.size ?? 0) === 0) return true;
  }
  return false;
}

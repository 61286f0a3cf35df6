/**
 * Observations of every resource go to the detectors of that resource; opinions become failures
 * that open and close, and evidence about those that are open.
 *
 * J1. At most one failure is open for a resource, a type, and a part where there are parts; "bad"
 *     again is evidence, not a second failure.
 * J2. A failure is closed from outside only (by a verdict), never by the detector that raised it.
 * J3. While something is done to a resource, or to something well that it needs, only facts about
 *     it are new failures: that it does not answer is what a restart looks like.
 * J4. When a process starts, what its predecessor's looks had accumulated is forgotten.
 */
import { createTopology, type Fleet, type Topology } from "../config/index.ts";
import { DueHeap, type Ids, type Instant } from "../kernel/index.ts";
import {
  createPatience,
  type Failure,
  failureTypes,
  faultOf,
  type Health,
  hostPressure,
  instanceOf,
  isOnlyNoted,
  notePressure,
  type Observation,
  type PatienceState,
  patienceAt,
  type ResourceId,
} from "../model/index.ts";
import { detectorsFor } from "./attach.ts";
import { type AskPatience, type Detector, type Foreseen, listOf } from "./detector.ts";
import type { Usual } from "./detectors/deviation.ts";
import { hear, noteOpen, type Round } from "./hear.ts";
import type { LastWord } from "./last-word.ts";

/** What fresh looks say about an open failure. */
export interface Evidence {
  readonly failure: Failure;
  readonly kind: "good" | "suspect" | "bad";
  /** Monotonic milliseconds when the look began. */
  readonly begunMs: number;
  readonly reason: string;
}

export interface JudgeState {
  fleet: Fleet;
  topology: Topology;
  readonly ids: Ids;
  readonly cases: Map<ResourceId, Case>;
  readonly silence: DueHeap;
  readonly usual: Usual;
  readonly pressure: PatienceState;
  readonly patience: AskPatience;
  readonly shared: Map<string, readonly Detector[]>;
  /** Resources that something is being done to: what is seen of them meanwhile is our own doing. */
  readonly acting: Set<ResourceId>;
  /** Processes that were started and have not passed a look yet. */
  readonly starting: Set<ResourceId>;
}

/** What is known of one resource. */
export interface Case {
  readonly resource: ResourceId;
  readonly attached: readonly Attached[];
  /** Where not all of them listen to every sensor. */
  bySensor: Map<string, readonly Attached[]> | undefined;
  /** Replaced as a whole: most resources never have a failure, and share what is empty. */
  open: ReadonlyMap<string, Failure>;
  /** Of what is open, as far as it was looked at again; replaced as a whole as well. */
  lastWords: ReadonlyMap<string, LastWord>;
  /** Begin of the last look that was good or bad; what began later is fresher. */
  goodMs: number;
  badMs: number;
  /** The last looks that were not good, for evidence. */
  readonly recent: string[];
}

interface Attached {
  readonly detector: Detector;
  state: unknown;
}

export interface Judged {
  readonly raised: readonly Failure[];
  readonly evidence: readonly Evidence[];
}

const recentMax = 10;
const nothingOpen: ReadonlyMap<string, Failure> = new Map();
const nothingSaid: ReadonlyMap<string, LastWord> = new Map();

export function createJudgeState(fleet: Fleet, ids: Ids, usual: Usual): JudgeState {
  const pressure = createPatience();
  return {
    fleet,
    topology: createTopology(fleet),
    ids,
    usual,
    pressure,
    patience: (now) => patienceAt(pressure, now.monotonicMs),
    shared: new Map(),
    cases: new Map(),
    silence: new DueHeap(),
    acting: new Set(),
    starting: new Set(),
  };
}

export function judge(
  state: JudgeState,
  observations: readonly Observation[],
  now: Instant,
): Judged {
  const round: Round = { now, raised: [], evidence: [] };
  for (const observation of observations) look(state, observation, round);
  for (;;) {
    const resource = state.silence.takeDue(now.monotonicMs) as ResourceId | undefined;
    if (resource === undefined) return { raised: round.raised, evidence: round.evidence };
    const found = state.cases.get(resource);
    if (found) listenToSilence(state, found, round);
  }
}

/** The verdict is in: the failure is over. */
export function closeFailure(state: JudgeState, failure: Failure): void {
  const found = state.cases.get(failure.resource);
  const fault = faultOf(failure);
  if (found?.open.get(fault)?.id !== failure.id) return;
  found.open = new Map([...found.open].filter(([other]) => other !== fault));
  found.lastWords = new Map([...found.lastWords].filter(([other]) => other !== fault));
}

/** A failure that was open when the daemon before this one ended. */
export function reopenFailure(state: JudgeState, failure: Failure): void {
  const found = caseOf(state, failure.resource);
  if (found) noteOpen(found, failure);
}

/**
 * New probes or thresholds: detectors begin anew, except those whose memory outlives a process;
 * open failures stay open.
 */
export function adoptFleet(state: JudgeState, fleet: Fleet): void {
  const before = [...state.cases.values()];
  state.fleet = fleet;
  state.topology = createTopology(fleet);
  state.cases.clear();
  state.shared.clear();
  for (const known of before) {
    const next = caseOf(state, known.resource);
    if (next === undefined) continue;
    next.goodMs = known.goodMs;
    next.badMs = known.badMs;
    for (const failure of known.open.values()) noteOpen(next, failure);
    next.lastWords = known.lastWords;
    for (const each of next.attached) {
      const same = known.attached.find(({ detector }) => detector.name === each.detector.name);
      if (same && each.detector.outlivesProcess) each.state = same.state;
    }
  }
}

export interface Trend extends Foreseen {
  readonly resource: ResourceId;
}

/** What is on its way to a limit, soonest first. */
export function trendsOf(state: JudgeState, now: Instant): readonly Trend[] {
  const trends: Trend[] = [];
  for (const { resource, attached } of state.cases.values()) {
    for (const { detector, state: memory } of attached) {
      const foreseen = detector.foresee?.(memory, now) ?? [];
      for (const each of foreseen) trends.push({ resource, ...each });
    }
  }
  return trends.toSorted((a, b) => a.reachesLimitInMs - b.reachesLimitInMs);
}

/** What it is, however much that matters: a severity says nothing about it. */
export function healthOf(state: JudgeState, resource: ResourceId): Health {
  const found = state.cases.get(resource);
  if (found === undefined) return "unknown";
  let isIll = false;
  for (const { type } of found.open.values()) {
    if (failureTypes[type].down) return "unhealthy";
    isIll ||= !isOnlyNoted(type);
  }
  if (isIll) return "degraded";
  return found.goodMs >= 0 ? "healthy" : "unknown";
}

function caseOf(state: JudgeState, resource: ResourceId): Case | undefined {
  const known = state.cases.get(resource);
  if (known) return known;
  const detectors = detectorsFor(state.fleet, resource, state);
  if (detectors === undefined) return undefined;
  const attached = detectors.map((detector) => ({ detector, state: detector.initial() }));
  const made: Case = {
    resource,
    attached,
    bySensor: undefined,
    open: nothingOpen,
    lastWords: nothingSaid,
    goodMs: -1,
    badMs: -1,
    recent: [],
  };
  state.cases.set(resource, made);
  return made;
}

function look(state: JudgeState, observation: Observation, round: Round): void {
  noteStart(state, observation);
  if (observation.resource === hostPressure) {
    notePressure(state.pressure, observation.reading, round.now.monotonicMs);
  }
  const found = caseOf(state, observation.resource);
  if (found === undefined) return;
  const { reading, sensor, begunMs } = observation;
  if (reading.kind === "started") forgetPredecessor(found);
  if (reading.kind === "check") note(found, observation);
  for (const each of listeners(found, sensor)) {
    const { detector } = each;
    for (const opinion of listOf(detector.judge(each.state, observation, round.now))) {
      hear(state, { found, opinion, detector, sensor, begunMs }, round);
    }
    const dueMs = each.detector.silence?.dueMs(each.state);
    if (dueMs !== undefined) state.silence.set(found.resource, dueMs);
  }
}

function listeners(found: Case, sensor: string): readonly Attached[] {
  const known = found.bySensor?.get(sensor);
  if (known) return known;
  const listens = ({ detector }: Attached): boolean =>
    detector.sensors === "all" || detector.sensors.includes(sensor);
  // A resource has one sensor, and all listen to it.
  if (found.attached.every(listens)) return found.attached;
  const wanted = found.attached.filter(listens);
  found.bySensor = (found.bySensor ?? new Map()).set(sensor, wanted);
  return wanted;
}

function note(found: Case, { reading, begunMs, sensor }: Observation): void {
  if (reading.kind !== "check") return;
  if (reading.ok) {
    found.goodMs = Math.max(found.goodMs, begunMs);
    return;
  }
  found.badMs = Math.max(found.badMs, begunMs);
  found.recent.push(`${sensor}: ${reading.reason}`);
  if (found.recent.length > recentMax) found.recent.shift();
}

/** From the start of a process until its first passed look. */
function noteStart(state: JudgeState, { resource, sensor, reading }: Observation): void {
  if (reading.kind === "started" && !reading.adopted) {
    if (isAsked(state.fleet, resource)) state.starting.add(resource);
  } else if (reading.kind === "exited") state.starting.delete(resource);
  else if (reading.kind === "check" && reading.ok && sensor !== "usage") {
    state.starting.delete(resource);
  }
}

function isAsked(fleet: Fleet, resource: ResourceId): boolean {
  const service = fleet.services[instanceOf(resource)?.service ?? ""];
  return (service?.startup ?? service?.readiness ?? service?.liveness) !== undefined;
}

function listenToSilence(state: JudgeState, found: Case, round: Round): void {
  for (const each of found.attached) {
    const { detector } = each;
    const opinion = detector.silence?.judge(each.state, round.now);
    const begunMs = round.now.monotonicMs;
    if (opinion) hear(state, { found, opinion, detector, sensor: "process", begunMs }, round);
    const dueMs = each.detector.silence?.dueMs(each.state);
    if (dueMs !== undefined) state.silence.set(found.resource, dueMs);
  }
}

function forgetPredecessor(found: Case): void {
  found.goodMs = -1;
  for (const each of found.attached) {
    if (!each.detector.outlivesProcess) each.state = each.detector.initial();
  }
}

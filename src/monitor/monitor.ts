/**
 * The first stage: decides when to look at what, and turns what comes back into observations.
 *
 * Every look has its own due time, spread by jitter so that a thousand equal cadences do not beat
 * together; the few of a small fleet are taken in one turn (`DueLooks`). After a look that was not
 * good the next one follows at once, so that a detector which wants two of them does not wait for
 * two intervals. Where that look goes over the network, the network of this machine is looked at
 * in between: when that is why nobody answers, it is known before anybody is blamed.
 *
 * M1. A look is asked for again only when it has ended (M2); at another process it is another one.
 * M2. Every look ends: with its readings, or at its deadline as a reading of symptom `timeout`;
 *     what comes later is ignored.
 * M3. A look at an instance is done at the process that was last reported as started; looks stop
 *     when that process exits.
 * M4. Nothing but the startup look is done until it has passed once for that process.
 * M5. A look may take its declared time; longer while the machine is short of processor time.
 * M6. A deadline that is noticed late, since this process itself stood still, is given once more:
 *     what was answered meanwhile is still to be read.
 */
import { type Fleet, isRemote } from "../config/index.ts";
import { type Instant, jittered } from "../kernel/index.ts";
import {
  type Failure,
  hostClock,
  hostNetwork,
  hostPressure,
  notePressure,
  type Observation,
  patienceAt,
  type Reading,
  type ReadRequest,
  type ResourceId,
} from "../model/index.ts";
import { awaitQuiet, watchClock } from "./clock-watch.ts";
import {
  adopt,
  beginRunningLooks,
  flockOf,
  follow,
  hasten,
  type Look,
  type MonitorState,
  type Round,
} from "./looks.ts";

export type MonitorInput =
  | { readonly kind: "fleet"; readonly fleet: Fleet }
  | { readonly kind: "observation"; readonly observation: Observation }
  /** `readings` of the read that was asked for under this number. */
  | {
      readonly kind: "read";
      readonly key: string;
      readonly read: number;
      readonly readings: readonly Reading[];
    }
  /** Somebody needs fresh evidence of this resource now. */
  | { readonly kind: "look"; readonly resource: ResourceId };

export interface Read {
  readonly read: number;
  readonly request: ReadRequest;
}

export interface MonitorOutput {
  readonly state: MonitorState;
  readonly observations: readonly Observation[];
  readonly reads: readonly Read[];
  /** Keys whose sensors may forget what they remember. */
  readonly forgotten: readonly string[];
  readonly wakeMs: number | undefined;
}

/** Share of the interval by which turns are spread. */
const jitterShare = 0.05;
/** So many bad looks in a row are followed by the next one at once. */
const confirmationsMax = 1;
/** The pause before a look that confirms a bad one. */
const confirmAfterMs = 10;
/** The same of one that goes over the network: our own is looked at twice meanwhile. */
const confirmAfarMs = 50;
/** Sensors end by themselves at their timeout; the monitor gives up a little later. */
const deadlineGraceMs = 250;

export function monitor(
  state: MonitorState,
  inputs: readonly MonitorInput[],
  now: Instant,
): MonitorOutput {
  const round: Round = { now, observations: [], forgotten: [] };
  for (const input of inputs) {
    if (input.kind === "read") takeReadings(state, input, round);
    else if (input.kind === "observation") {
      round.observations.push(input.observation);
      follow(state, input.observation, round);
    } else if (input.kind === "look") hasten(state, input.resource, now);
    else adopt(state, input.fleet, round);
  }
  expire(state, round);
  const { clockJumpMs: jumpMs, watchMs } = state.fleet.detection;
  const clock = watchClock(state.clock, { jumpMs, watchMs }, now);
  if (clock) round.observations.push(clock);
  return {
    state,
    observations: round.observations,
    reads: takeDue(state, now),
    forgotten: round.forgotten,
    wakeMs: wakeOf(state),
  };
}

/** `failures` were open when the daemon before ended. */
export function restoreMonitor(
  state: MonitorState,
  failures: readonly Failure[],
  now: Instant,
): void {
  const hasJumped = failures.some(({ resource }) => resource === hostClock);
  if (hasJumped) awaitQuiet(state.clock, state.fleet.detection.watchMs, now);
}

function takeReadings(
  state: MonitorState,
  input: Extract<MonitorInput, { kind: "read" }>,
  round: Round,
): void {
  const look = state.looks.get(input.key);
  if (look === undefined || look.read !== input.read) return;
  let good = true;
  for (const reading of input.readings) {
    round.observations.push(observationOf(look, reading, round.now));
    if (reading.kind === "check" && !reading.ok) good = false;
    if (look.spec.resource === hostPressure) {
      notePressure(state.patience, reading, round.now.monotonicMs);
    }
  }
  finish(state, look, { good, now: round.now });
}

function expire(state: MonitorState, { now, observations }: Round): void {
  for (;;) {
    const key = state.deadlines.takeDue(now.monotonicMs);
    if (key === undefined) return;
    const look = state.looks.get(key);
    if (look?.read === undefined) continue;
    const elapsedMs = now.monotonicMs - look.begunMs;
    const lateMs = elapsedMs - look.timeoutMs - deadlineGraceMs;
    if (lateMs > deadlineGraceMs && !look.wasSpared) {
      look.wasSpared = true;
      state.deadlines.set(key, now.monotonicMs + deadlineGraceMs);
      continue;
    }
    const reason = `no answer from the ${look.spec.kind} sensor within ${look.timeoutMs} ms`;
    const reading: Reading = { kind: "check", ok: false, elapsedMs, symptom: "timeout", reason };
    observations.push(observationOf(look, reading, now));
    finish(state, look, { good: false, now });
  }
}

function finish(
  state: MonitorState,
  look: Look,
  seen: { readonly good: boolean; readonly now: Instant },
): void {
  const { spec } = look;
  const { good, now } = seen;
  look.read = undefined;
  look.bad = good ? 0 : look.bad + 1;
  state.deadlines.delete(spec.key);
  if (spec.sensor === "startup") {
    if (good) beginRunningLooks(state, spec, now);
    else state.due.set(spec.key, Math.max(now.monotonicMs, look.begunMs + startupPauseMs(look)));
    return;
  }
  if (!good && look.bad <= confirmationsMax) {
    const isAfar = state.keysOf.has(hostNetwork) && isRemote(spec);
    if (isAfar) hasten(state, hostNetwork, now);
    state.due.set(spec.key, now.monotonicMs + (isAfar ? confirmAfarMs : confirmAfterMs));
    return;
  }
  const nextMs = look.begunMs + look.pauseMs;
  state.due.set(spec.key, Math.max(now.monotonicMs, nextMs), flockOf(spec));
}

/** While it starts it is asked often, at first very often: a start is downtime. */
function startupPauseMs(look: Look): number {
  return Math.min(look.spec.intervalMs, 10 * 2 ** Math.min(look.bad, 6), 250);
}

function takeDue(state: MonitorState, now: Instant): readonly Read[] {
  const reads: Read[] = [];
  const { factor } = patienceAt(state.patience, now.monotonicMs);
  const due = state.due.takeDue(now.monotonicMs);
  if (due.length === 0) return reads;
  const together = jittered(state.random, 1, jitterShare);
  for (const key of due) {
    const look = state.looks.get(key);
    if (look === undefined || look.read !== undefined) continue;
    look.read = state.nextRead;
    look.begunMs = now.monotonicMs;
    const stretch = state.due.goesTogether(key) ? together : jittered(state.random, 1, jitterShare);
    look.pauseMs = look.spec.intervalMs * stretch;
    look.timeoutMs = Math.round(look.spec.timeoutMs * factor);
    look.wasSpared = false;
    state.nextRead += 1;
    state.deadlines.set(key, now.monotonicMs + look.timeoutMs + deadlineGraceMs);
    reads.push({ read: look.read, request: factor === 1 ? look.request : stretched(look) });
  }
  return reads;
}

function stretched({ request, timeoutMs }: Look): ReadRequest {
  return { ...request, spec: { ...request.spec, timeoutMs } };
}

function observationOf(look: Look, reading: Reading, now: Instant): Observation {
  return {
    resource: look.spec.resource,
    sensor: look.spec.sensor,
    at: now.wallMs,
    begunMs: look.begunMs,
    reading,
  };
}

function wakeOf({ due, deadlines, clock }: MonitorState): number | undefined {
  const lookMs = earlier(due.nextDueMs(), deadlines.nextDueMs());
  return Number.isFinite(clock.nextQuietMs) ? earlier(lookMs, clock.nextQuietMs) : lookMs;
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : Math.min(a, b);
}

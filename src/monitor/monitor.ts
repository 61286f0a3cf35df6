/**
 * The first stage: decides when to look at what, and turns what comes back into observations.
 *
 * Every look has its own due time, spread by jitter so that a thousand equal cadences do not beat
 * together; the few of a small fleet are taken in one turn (`DueLooks`). After a look that was not
 * good the next one follows at once, so that a detector which wants two of them does not wait for
 * two intervals.
 *
 * M1. A look is asked for again only when it has ended (M2); at another process it is another one.
 * M2. Every look ends: with its readings, or at its deadline as a reading of symptom `timeout`;
 *     what comes later is ignored.
 * M3. A look at an instance is done at the process that was last reported as started; looks stop
 *     when that process exits.
 * M4. Nothing but the startup look is done until it has passed once for that process.
 * M5. A look may take its declared time; longer while the machine is short of processor time.
 */
import type { Fleet } from "../config/index.ts";
import { DueHeap, type Instant, jittered, type Random } from "../kernel/index.ts";
import {
  createPatience,
  hostPressure,
  instanceOf,
  notePressure,
  type Observation,
  type PatienceState,
  patienceAt,
  type Reading,
  type ReadRequest,
  type ResourceId,
  type SensorSpec,
  type StartedReading,
  sameProcess,
} from "../model/index.ts";
import { type ClockWatch, createClockWatch, watchClock } from "./clock-watch.ts";
import { DueLooks } from "./due-looks.ts";
import { type InstanceLooks, looksOfInstance, looksOfResources } from "./sensor-plan.ts";

export interface MonitorState {
  readonly random: Random;
  fleet: Fleet;
  readonly looks: Map<string, Look>;
  readonly due: DueLooks;
  readonly deadlines: DueHeap;
  readonly running: Map<ResourceId, StartedReading>;
  readonly keysOf: Map<ResourceId, string[]>;
  readonly clock: ClockWatch;
  readonly patience: PatienceState;
  nextRead: number;
}

interface Look {
  readonly spec: SensorSpec;
  /** What the sensor is asked, every time the same (M3). */
  readonly request: ReadRequest;
  /** The read that is under way. */
  read: number | undefined;
  begunMs: number;
  /** From its begin to the next one; the same for all that began together. */
  pauseMs: number;
  /** How long it may take (M5). */
  timeoutMs: number;
  /** Looks in a row that were not good. */
  bad: number;
}

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
/** Sensors end by themselves at their timeout; the monitor gives up a little later. */
const deadlineGraceMs = 250;

export function createMonitorState(fleet: Fleet, random: Random): MonitorState {
  return {
    random,
    fleet,
    looks: new Map(),
    due: new DueLooks(),
    deadlines: new DueHeap(),
    running: new Map(),
    keysOf: new Map(),
    clock: createClockWatch(),
    patience: createPatience(),
    nextRead: 1,
  };
}

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

/** One tick: its time, and what is found in it. */
interface Round {
  readonly now: Instant;
  readonly observations: Observation[];
  readonly forgotten: string[];
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
    state.due.set(spec.key, now.monotonicMs + confirmAfterMs);
    return;
  }
  const nextMs = look.begunMs + look.pauseMs;
  state.due.set(spec.key, Math.max(now.monotonicMs, nextMs), flockOf(spec));
}

/** While it starts it is asked often, at first very often: a start is downtime. */
function startupPauseMs(look: Look): number {
  return Math.min(look.spec.intervalMs, 10 * 2 ** Math.min(look.bad, 6), 250);
}

function beginRunningLooks(state: MonitorState, startup: SensorSpec, now: Instant): void {
  state.looks.delete(startup.key);
  const looks = looksAt(state, startup.resource);
  if (looks) addLooks(state, looks.running, now);
}

function addLooks(state: MonitorState, specs: readonly SensorSpec[], now: Instant): void {
  for (const spec of specs) {
    if (state.looks.has(spec.key)) continue;
    const request = requestOf(state, spec);
    state.looks.set(spec.key, {
      spec,
      request,
      read: undefined,
      begunMs: 0,
      pauseMs: spec.intervalMs,
      timeoutMs: spec.timeoutMs,
      bad: 0,
    });
    // The first look comes soon, spread over one interval; a startup look comes at once.
    if (spec.sensor === "startup") state.due.set(spec.key, now.monotonicMs);
    else {
      const delayMs = state.random.next() * spec.intervalMs;
      state.due.set(spec.key, now.monotonicMs + delayMs, flockOf(spec));
    }
    const keys = state.keysOf.get(spec.resource);
    if (keys === undefined) state.keysOf.set(spec.resource, [spec.key]);
    else if (!keys.includes(spec.key)) keys.push(spec.key);
  }
}

/** Programs that are started all at once would only wait for each other. */
function flockOf({ kind, intervalMs }: SensorSpec): number | undefined {
  return kind === "command" ? undefined : intervalMs;
}

function dropLooks(state: MonitorState, resource: ResourceId, forgotten: string[]): void {
  for (const key of state.keysOf.get(resource) ?? []) dropLook(state, key, forgotten);
  state.keysOf.delete(resource);
}

function dropLook(state: MonitorState, key: string, forgotten: string[]): void {
  state.looks.delete(key);
  state.due.delete(key);
  state.deadlines.delete(key);
  forgotten.push(key);
}

/** Keeps M3: looks follow the process that runs. */
function follow(state: MonitorState, observation: Observation, round: Round): void {
  const { resource, reading } = observation;
  if (reading.kind === "started") {
    dropLooks(state, resource, round.forgotten);
    state.running.set(resource, reading);
    beginLooks(state, resource, round.now);
  } else if (reading.kind === "exited") {
    const current = state.running.get(resource);
    if (current === undefined || !sameProcess(current.process, reading.process)) return;
    state.running.delete(resource);
    dropLooks(state, resource, round.forgotten);
  }
}

function beginLooks(state: MonitorState, resource: ResourceId, now: Instant): void {
  const looks = looksAt(state, resource);
  if (looks) addLooks(state, looks.startup ? [looks.startup] : looks.running, now);
}

/** Undefined when it is not to be looked at. */
function looksAt({ fleet }: MonitorState, resource: ResourceId): InstanceLooks | undefined {
  const instance = instanceOf(resource);
  const service = instance && fleet.services[instance.service];
  if (!instance || !service || service.mode === "off" || fleet.mode === "off") return undefined;
  return looksOfInstance(service, instance.number);
}

function hasten(state: MonitorState, resource: ResourceId, now: Instant): void {
  for (const key of state.keysOf.get(resource) ?? []) {
    const look = state.looks.get(key);
    if (look && look.read === undefined) state.due.set(key, now.monotonicMs);
  }
}

/**
 * A new fleet: looks that are unchanged go on as they are, and so does what is known of a process:
 * one that has passed its startup look is not asked again (M4).
 */
function adopt(state: MonitorState, fleet: Fleet, { now, forgotten }: Round): void {
  const started = [...state.running.keys()].filter((resource) => hasStarted(state, resource));
  state.fleet = fleet;
  const wanted = new Map<string, SensorSpec>();
  const want = (specs: readonly SensorSpec[]): void => {
    for (const spec of specs) wanted.set(spec.key, spec);
  };
  want(looksOfResources(fleet));
  for (const resource of state.running.keys()) {
    const looks = looksAt(state, resource);
    if (looks) want(looks.startup && !started.includes(resource) ? [looks.startup] : looks.running);
  }
  for (const [resource, keys] of state.keysOf) {
    const kept = keys.filter((key) => sameSpec(state.looks.get(key)?.spec, wanted.get(key)));
    for (const key of keys) if (!kept.includes(key)) dropLook(state, key, forgotten);
    if (kept.length > 0) state.keysOf.set(resource, kept);
    else state.keysOf.delete(resource);
  }
  addLooks(state, [...wanted.values()], now);
}

/** It was looked at already, and no more as at one that starts. */
function hasStarted({ keysOf, looks }: MonitorState, resource: ResourceId): boolean {
  return (keysOf.get(resource) ?? []).some((key) => {
    const look = looks.get(key);
    return look !== undefined && look.spec.sensor !== "startup";
  });
}

function sameSpec(a: SensorSpec | undefined, b: SensorSpec | undefined): boolean {
  return a !== undefined && b !== undefined && JSON.stringify(a) === JSON.stringify(b);
}

function takeDue(state: MonitorState, now: Instant): readonly Read[] {
  const reads: Read[] = [];
  const { factor } = patienceAt(state.patience, now.monotonicMs);
  const due = state.due.takeDue(now.monotonicMs);
  if (due.length === 0) return reads;
  const stretch = jittered(state.random, 1, jitterShare);
  for (const key of due) {
    const look = state.looks.get(key);
    if (look === undefined || look.read !== undefined) continue;
    look.read = state.nextRead;
    look.begunMs = now.monotonicMs;
    look.pauseMs = look.spec.intervalMs * stretch;
    look.timeoutMs = Math.round(look.spec.timeoutMs * factor);
    state.nextRead += 1;
    state.deadlines.set(key, now.monotonicMs + look.timeoutMs + deadlineGraceMs);
    reads.push({ read: look.read, request: factor === 1 ? look.request : stretched(look) });
  }
  return reads;
}

function stretched({ request, timeoutMs }: Look): ReadRequest {
  return { ...request, spec: { ...request.spec, timeoutMs } };
}

function requestOf(state: MonitorState, spec: SensorSpec): ReadRequest {
  const run = state.running.get(spec.resource);
  if (run === undefined) return { spec };
  return run.port === undefined
    ? { spec, process: run.process }
    : { spec, process: run.process, port: run.port };
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

/**
 * Which looks there are: they follow the process that runs (M3), its start (M4) and the fleet. When
 * each is taken is for `monitor.ts`.
 */
import type { Fleet } from "../config/index.ts";
import { DueHeap, type Instant, type Random } from "../kernel/index.ts";
import {
  createPatience,
  instanceOf,
  type Observation,
  type PatienceState,
  type ReadRequest,
  type ResourceId,
  type SensorSpec,
  type StartedReading,
  sameProcess,
} from "../model/index.ts";
import { type ClockWatch, createClockWatch } from "./clock-watch.ts";
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

export interface Look {
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
  /** Its deadline was noticed late and given once more (`monitor.ts`, M6). */
  wasSpared: boolean;
  /** Looks in a row that were not good. */
  bad: number;
}

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

/** One tick: its time, and what is found in it. */
export interface Round {
  readonly now: Instant;
  readonly observations: Observation[];
  readonly forgotten: string[];
}

export function beginRunningLooks(state: MonitorState, startup: SensorSpec, now: Instant): void {
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
      wasSpared: false,
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
export function flockOf({ kind, intervalMs }: SensorSpec): number | undefined {
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
export function follow(state: MonitorState, observation: Observation, round: Round): void {
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

export function hasten(state: MonitorState, resource: ResourceId, now: Instant): void {
  for (const key of state.keysOf.get(resource) ?? []) {
    const look = state.looks.get(key);
    if (look && look.read === undefined) state.due.set(key, now.monotonicMs);
  }
}

/**
 * A new fleet: looks that are unchanged go on as they are, and so does what is known of a process:
 * one that has passed its startup look is not asked again (M4).
 */
export function adopt(state: MonitorState, fleet: Fleet, { now, forgotten }: Round): void {
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

function requestOf(state: MonitorState, spec: SensorSpec): ReadRequest {
  const run = state.running.get(spec.resource);
  if (run === undefined) return { spec };
  return run.port === undefined
    ? { spec, process: run.process }
    : { spec, process: run.process, port: run.port };
}

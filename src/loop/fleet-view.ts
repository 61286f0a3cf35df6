/**
 * What people and programs see of the loop right now: services with their instances, resources
 * with their health, what is being done. A reader's view, made when it is asked for.
 */
import { healthOf, reasonNow, reasonOfFault } from "../analyze/index.ts";
import type { ServiceSpec } from "../config/index.ts";
import { type Mode, strictest } from "../kernel/index.ts";
import {
  faultOf,
  frontProxy,
  type Health,
  type ResourceId,
  type Severity,
  serviceId,
} from "../model/index.ts";
import type { Slot } from "../plan/index.ts";
import type { LoopState } from "./loop-state.ts";

export type ServiceState =
  | "starting"
  | "healthy"
  | "degraded"
  | "unhealthy"
  | "stopped"
  | "quarantined";

export interface InstanceView {
  readonly resource: ResourceId;
  readonly number: number;
  readonly pid: number | null;
  readonly port: number | null;
  /** Wall milliseconds. */
  readonly startedAt: number | null;
  /** Wall milliseconds, of a job that rests; where nobody saw its end, when that was found. */
  readonly endedAt: number | null;
  /** Null also where a signal ended it. */
  readonly exitCode: number | null;
  readonly state: ServiceState;
  readonly reason: string | null;
  /** It runs with its last good configuration, which is not what the fleet file declares. */
  readonly pinned: boolean;
}

export interface ServiceView {
  readonly name: string;
  readonly resource: ResourceId;
  readonly state: ServiceState;
  /** Why it is not well, where that is no matter of an instance. */
  readonly reason: string | null;
  /** One of its instances is. */
  readonly pinned: boolean;
  /** It has ended as it may: a job whose work is done is stopped, and nothing is wrong. */
  readonly rests: boolean;
  /** Of the first instance. */
  readonly pid: number | null;
  readonly restarts: number;
  readonly mode: Mode;
  readonly listen: string | null;
  readonly dependsOn: readonly string[];
  readonly instances: readonly InstanceView[];
}

export interface ResourceView {
  readonly resource: string;
  readonly kind: string;
  readonly health: Health;
  /** How much it matters that it is not well. */
  readonly severity: Severity;
  readonly reason: string | null;
  readonly mode: Mode;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly dependsOn: readonly string[];
}

export function servicesOf(state: LoopState): readonly ServiceView[] {
  return Object.values(state.fleet.services).map((service) => {
    const slots = [...state.plan.slots.values()].filter((slot) => slot.service === service.name);
    const instances = slots.map((slot) => instanceView(state, slot, service));
    const reason = unheard(state, service);
    return {
      name: service.name,
      resource: serviceId(service.name),
      state: reason === null ? summary(instances) : unreachable(summary(instances)),
      reason,
      pinned: instances.some(({ pinned }) => pinned),
      rests: slots.length > 0 && slots.every((slot) => doesRest(state, slot)),
      pid: instances[0]?.pid ?? null,
      restarts: slots.reduce((sum, slot) => sum + Math.max(0, slot.starts - 1), 0),
      mode: modeOf(state, service),
      listen: service.listen ? `${service.listen.host}:${service.listen.port}` : null,
      dependsOn: service.dependsOn,
      instances,
    };
  });
}

/** Nobody reaches it by the address that the front proxy should listen on. */
function unheard(state: LoopState, service: ServiceSpec): string | null {
  if (service.listen === undefined) return null;
  const fault = faultOf({ type: "proxy_listen", part: service.name });
  return reasonOfFault(state.analyze.judging, frontProxy, fault) ?? null;
}

/** However well its instances are. */
function unreachable(state: ServiceState): ServiceState {
  return state === "healthy" || state === "degraded" ? "unhealthy" : state;
}

/** The strictest of what the file says and what was set since. */
function modeOf(state: LoopState, service: ServiceSpec): Mode {
  const { fleet, plan } = state;
  const set = [plan.modes.get("fleet") ?? "full", plan.modes.get(service.name) ?? "full"];
  return strictest(fleet.mode, service.mode, ...set);
}

export function resourcesOf(state: LoopState): readonly ResourceView[] {
  return Object.values(state.fleet.resources).map((spec) => ({
    resource: spec.id,
    kind: spec.kind,
    health: healthOf(state.analyze.judging, spec.id as ResourceId),
    severity: spec.severity,
    reason: reasonOf(state, spec.id as ResourceId),
    mode: strictest(state.fleet.mode, spec.mode, state.plan.modes.get("fleet") ?? "full"),
    intervalMs: spec.probe.intervalMs,
    timeoutMs: spec.probe.timeoutMs,
    dependsOn: spec.dependsOn,
  }));
}

function instanceView(state: LoopState, slot: Slot, service: ServiceSpec): InstanceView {
  const { run } = slot;
  const end = slot.ended ? slot.end : undefined;
  return {
    resource: slot.resource,
    number: slot.number,
    pid: run?.started.process.pid ?? null,
    port: run?.started.port ?? null,
    startedAt: run?.sinceAt ?? null,
    endedAt: end?.at ?? null,
    exitCode: end?.code ?? null,
    state: stateOf(state, slot),
    reason: slot.quarantine?.reason ?? reasonOf(state, slot.resource) ?? whyNot(slot),
    pinned: slot.pinnedHash !== undefined && slot.pinnedHash !== service.hash,
  };
}

function stateOf(state: LoopState, slot: Slot): ServiceState {
  if (slot.quarantine) return "quarantined";
  if (slot.run === undefined) {
    if (slot.desired === "stopped") return "stopped";
    if (state.plan.cases.has(slot.resource)) return "unhealthy";
    return slot.ended ? "stopped" : "starting";
  }
  const health = healthOf(state.analyze.judging, slot.resource);
  if (health === "unhealthy" || health === "degraded") return health;
  return slot.run.ready ? "healthy" : "starting";
}

function doesRest(state: LoopState, slot: Slot): boolean {
  return slot.ended && slot.desired === "running" && stateOf(state, slot) === "stopped";
}

/** Why it does not run, where that is no person's wish. */
function whyNot({ run, desired, ended, end, waiting }: Slot): string | null {
  if (run !== undefined || desired === "stopped") return null;
  if (waiting) return `waits for ${waiting.needs.map(shortOf).join(", ")}`;
  if (!ended) return null;
  if (end === undefined || end.isUnseen) return unseenEnd;
  return end.code === 0 ? "its work is done (code 0)" : "it has ended and is not to be restarted";
}

const unseenEnd = "it ended and nobody saw how: the daemon that had started it was gone";

/** As it is written in the fleet file. */
function shortOf(need: string): string {
  return need.replace(/^service\//, "");
}

/** All well: healthy. Some well: degraded. Else the worst that there is. */
function summary(instances: readonly InstanceView[]): ServiceState {
  const states = new Set(instances.map(({ state }) => state));
  if (states.size === 0) return "stopped";
  if (states.size === 1) return instances[0]?.state ?? "stopped";
  if (states.has("healthy") || states.has("degraded")) return "degraded";
  const order: readonly ServiceState[] = ["unhealthy", "quarantined", "starting", "stopped"];
  return order.find((each) => states.has(each)) ?? "degraded";
}

/** What is wrong, and until when that waits. */
function reasonOf(state: LoopState, resource: ResourceId): string | null {
  const reason = reasonNow(state.analyze.judging, resource);
  if (reason === undefined) return null;
  const waits = state.plan.cases.get(resource)?.waits;
  return waits === undefined ? reason : `${reason}; ${waits}`;
}

/**
 * What is known of the incidents, and the questions that are asked about it. `incidents.ts` changes
 * it, and says what must hold.
 */
import type { Fleet, Topology } from "../config/index.ts";
import { DueHeap, type Ids, type Instant } from "../kernel/index.ts";
import {
  type Failure,
  failureTypes,
  type Incident,
  isLive,
  type ResolvedLately,
  type ResourceId,
} from "../model/index.ts";
import { leavesNobody } from "./dead-need.ts";

export interface IncidentsState {
  fleet: Fleet;
  topology: Topology;
  readonly ids: Ids;
  readonly incidents: Map<string, Incident>;
  /** Open failures. */
  readonly failures: Map<string, Failure>;
  readonly incidentOf: Map<string, string>;
  /** Signature to the incident that it caused, of what was resolved lately. */
  readonly resolved: Map<string, { readonly incident: string; readonly untilMs: number }>;
  /** Incidents whose victims get some time to recover after their cause. */
  readonly grace: DueHeap;
}

/** What the later stages did in the tick before. */
export type Outcome =
  | ActionOutcome
  | { readonly kind: "failure_resolved"; readonly failure: string; readonly by: string }
  | { readonly kind: "escalated"; readonly incident: string; readonly reason: string };

export interface ActionOutcome {
  readonly kind: "action_begun" | "action_succeeded" | "action_failed";
  readonly incident: string;
  readonly failure: string;
  readonly action: string;
  /** What is acted upon. */
  readonly resource: ResourceId;
}

export function createIncidentsState(fleet: Fleet, topology: Topology, ids: Ids): IncidentsState {
  return {
    fleet,
    topology,
    ids,
    incidents: new Map(),
    failures: new Map(),
    incidentOf: new Map(),
    resolved: new Map(),
    grace: new DueHeap(),
  };
}

/** What the daemon before this one knew. */
export interface IncidentsMemory {
  readonly failures: ReadonlyMap<string, Failure>;
  readonly incidents: ReadonlyMap<string, Incident>;
  /** What was healed, oldest first, and the incidents that are over. */
  readonly resolved: ReadonlyMap<string, ResolvedLately>;
  readonly past: ReadonlyMap<string, Incident>;
}

/**
 * What was live when the daemon before this one ended. Victims of a cause that was healed by then
 * have had their time: they are looked at in the first tick. What was healed lately may come back.
 */
export function restoreIncidents(
  state: IncidentsState,
  { failures, incidents, resolved, past }: IncidentsMemory,
  now: Instant,
): void {
  for (const [signature, { incident, at }] of resolved) {
    const known = incidents.get(incident) ?? past.get(incident);
    const ageMs = Math.max(0, now.wallMs - at);
    const leftMs = state.fleet.detection.relapseMs - ageMs;
    if (known === undefined || leftMs < 0) continue;
    state.resolved.set(signature, { incident, untilMs: now.monotonicMs + leftMs });
    state.incidents.set(incident, known);
  }
  for (const failure of failures.values()) state.failures.set(failure.id, failure);
  for (const incident of incidents.values()) {
    state.incidents.set(incident.id, incident);
    for (const id of [...incident.failures, ...incident.victims]) {
      if (state.failures.has(id)) state.incidentOf.set(id, incident.id);
    }
    if (!hasOpenFailure(state, incident)) state.grace.set(incident.id, 0);
  }
}

/** The live incident that this resource causes or suffers from. */
export function liveIncidentOf(state: IncidentsState, resource: ResourceId): Incident | undefined {
  for (const [failureId, incidentId] of state.incidentOf) {
    if (state.failures.get(failureId)?.resource !== resource) continue;
    const incident = state.incidents.get(incidentId);
    if (incident && isLive(incident)) return incident;
  }
  return undefined;
}

/** A live incident of something that this resource needs, and that may have brought it about. */
export function causeOf(state: IncidentsState, failure: Failure): Incident | undefined {
  if (failureTypes[failure.type].category === "capacity") return undefined;
  const needs = state.topology.needs(failure.resource);
  for (const incident of state.incidents.values()) {
    if (!isLive(incident) || !needs.has(incident.cause)) continue;
    const open = incident.failures.flatMap((id) => state.failures.get(id) ?? []);
    if (open.some((each) => mayBringAbout(each, failure))) return incident;
  }
  return undefined;
}

/** A backup that is old, a slow answer: nobody exits for that. */
function mayBringAbout({ type: cause }: Failure, { type }: Failure): boolean {
  if (!failureTypes[type].decisive) return true;
  return leavesNobody.has(cause) || failureTypes[cause].category === "capacity";
}

export function hasOpenFailure(state: IncidentsState, incident: Incident): boolean {
  return incident.failures.some((each) => state.failures.has(each));
}

/** It may be reopened, or is not over. */
export function stillNeeded(state: IncidentsState, incident: string): boolean {
  const known = state.incidents.get(incident);
  if (known && isLive(known)) return true;
  for (const each of state.resolved.values()) if (each.incident === incident) return true;
  return false;
}

/**
 * Which failures belong together, and what is the cause?
 *
 * Intuition: when a database dies, the services that need it fail as well. The one incident is the
 * database's; the others are its victims, and neither alerted nor healed by themselves. So a
 * failure joins a live incident of something it needs; and when a cause is recognised later than
 * its victims, their incidents are folded into the cause's.
 *
 * N1. Every failure belongs to exactly one live incident.
 * N2. An incident is resolved only when all its failures are.
 * N3. The same failure within `relapseMs` of its resolution reopens the incident it belonged to.
 * N4. When the cause is healed, victims that are still failing after `correlateMs` get an incident
 *     of their own.
 */
import type { Fleet, Topology } from "../config/index.ts";
import { DueHeap, type Ids, type Instant } from "../kernel/index.ts";
import {
  type Failure,
  failureTypes,
  type Incident,
  type IncidentState,
  isLive,
  mayBecome,
  type ResourceId,
  type Severity,
  severityRank,
  signatureOf,
} from "../model/index.ts";

export interface IncidentsState {
  fleet: Fleet;
  topology: Topology;
  readonly ids: Ids;
  readonly incidents: Map<string, Incident>;
  /** Open failures. */
  readonly failures: Map<string, Failure>;
  readonly incidentOf: Map<string, string>;
  /** Signature to incident, of what was resolved lately. */
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

const resolvedMax = 1000;

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

/** Returns the incidents that changed, in their new form. */
export function correlate(
  state: IncidentsState,
  raised: readonly Failure[],
  outcomes: readonly Outcome[],
  now: Instant,
): readonly Incident[] {
  const changed = new Set<string>();
  for (const outcome of outcomes) settle(state, outcome, now, changed);
  for (const failure of raised) place(state, failure, now, changed);
  promoteVictims(state, now, changed);
  return [...changed].flatMap((id) => state.incidents.get(id) ?? []);
}

function settle(state: IncidentsState, outcome: Outcome, now: Instant, changed: Set<string>): void {
  if (outcome.kind === "failure_resolved") {
    closeFailure(state, outcome, now, changed);
    return;
  }
  const incident = state.incidents.get(outcome.incident);
  if (incident === undefined || !isLive(incident)) return;
  // What is done for a victim does not change what is known of the cause.
  if ("failure" in outcome && !incident.failures.includes(outcome.failure)) return;
  become(state, incident, stateAfter(outcome, now), changed);
}

function stateAfter(
  outcome: Exclude<Outcome, { kind: "failure_resolved" }>,
  now: Instant,
): IncidentState {
  switch (outcome.kind) {
    case "action_begun":
      return { kind: "recovering", action: outcome.action };
    case "action_succeeded":
      return { kind: "verifying", action: outcome.action };
    case "action_failed":
      return { kind: "open" };
    case "escalated":
      return { kind: "escalated", at: now.wallMs, reason: outcome.reason };
  }
}

function become(
  state: IncidentsState,
  incident: Incident,
  next: IncidentState,
  changed: Set<string>,
): void {
  if (!mayBecome(incident.state.kind, next.kind) || isSame(incident.state, next)) return;
  state.incidents.set(incident.id, { ...incident, state: next });
  changed.add(incident.id);
}

function isSame(a: IncidentState, b: IncidentState): boolean {
  if (a.kind !== b.kind) return false;
  return "action" in a && "action" in b ? a.action === b.action : true;
}

function closeFailure(
  state: IncidentsState,
  outcome: Extract<Outcome, { kind: "failure_resolved" }>,
  now: Instant,
  changed: Set<string>,
): void {
  const failure = state.failures.get(outcome.failure);
  const id = state.incidentOf.get(outcome.failure);
  if (failure === undefined || id === undefined) return;
  state.failures.delete(failure.id);
  state.incidentOf.delete(failure.id);
  remember(state, failure, id, now);
  const incident = state.incidents.get(id);
  if (incident === undefined || !isLive(incident)) return;
  const open = [...incident.failures, ...incident.victims].filter((each) =>
    state.failures.has(each),
  );
  if (open.length === 0) {
    become(state, incident, { kind: "resolved", at: now.wallMs, by: outcome.by }, changed);
    return;
  }
  const causeIsWell = !incident.failures.some((each) => state.failures.has(each));
  if (causeIsWell) state.grace.set(id, now.monotonicMs + state.fleet.detection.correlateMs);
}

function remember(state: IncidentsState, failure: Failure, incident: string, now: Instant): void {
  const untilMs = now.monotonicMs + state.fleet.detection.relapseMs;
  state.resolved.delete(signatureOf(failure));
  state.resolved.set(signatureOf(failure), { incident, untilMs });
  if (state.resolved.size <= resolvedMax) return;
  const oldest = state.resolved.entries().next().value;
  if (oldest === undefined) return;
  state.resolved.delete(oldest[0]);
  if (!stillNeeded(state, oldest[1].incident)) state.incidents.delete(oldest[1].incident);
}

function stillNeeded(state: IncidentsState, incident: string): boolean {
  const known = state.incidents.get(incident);
  if (known && isLive(known)) return true;
  for (const each of state.resolved.values()) if (each.incident === incident) return true;
  return false;
}

function place(state: IncidentsState, failure: Failure, now: Instant, changed: Set<string>): void {
  state.failures.set(failure.id, failure);
  const own = liveIncidentOf(state, failure.resource);
  if (own) {
    join(state, own, failure, { asVictim: own.cause !== failure.resource }, changed);
    return;
  }
  const cause = causeOf(state, failure);
  if (cause) {
    join(state, cause, failure, { asVictim: true }, changed);
    return;
  }
  const relapsed = relapseOf(state, failure, now);
  const incident = relapsed ? reopened(relapsed, failure) : opened(state, failure, now);
  state.incidents.set(incident.id, incident);
  state.incidentOf.set(failure.id, incident.id);
  changed.add(incident.id);
  absorb(state, incident, now, changed);
}

/** The live incident that this resource causes or suffers from. */
function liveIncidentOf(state: IncidentsState, resource: ResourceId): Incident | undefined {
  for (const [failureId, incidentId] of state.incidentOf) {
    if (state.failures.get(failureId)?.resource !== resource) continue;
    const incident = state.incidents.get(incidentId);
    if (incident && isLive(incident)) return incident;
  }
  return undefined;
}

/** A live incident of something that this resource needs. */
function causeOf(state: IncidentsState, failure: Failure): Incident | undefined {
  if (failureTypes[failure.type].category === "capacity") return undefined;
  const needs = state.topology.needs(failure.resource);
  for (const incident of state.incidents.values()) {
    if (isLive(incident) && needs.has(incident.cause) && hasOpenFailure(state, incident))
      return incident;
  }
  return undefined;
}

function hasOpenFailure(state: IncidentsState, incident: Incident): boolean {
  return incident.failures.some((each) => state.failures.has(each));
}

function relapseOf(state: IncidentsState, failure: Failure, now: Instant): Incident | undefined {
  const before = state.resolved.get(signatureOf(failure));
  if (before === undefined || before.untilMs < now.monotonicMs) return undefined;
  return state.incidents.get(before.incident);
}

function reopened(incident: Incident, failure: Failure): Incident {
  return {
    ...incident,
    cause: failure.resource,
    failures: [...incident.failures.slice(-20), failure.id],
    state: { kind: "open" },
    relapses: incident.relapses + 1,
  };
}

function opened(state: IncidentsState, failure: Failure, now: Instant): Incident {
  return {
    id: state.ids.next("inc"),
    openedAt: now.wallMs,
    cause: failure.resource,
    title: `${failure.resource}: ${failure.reason}`,
    severity: failure.severity,
    failures: [failure.id],
    victims: [],
    state: { kind: "open" },
    relapses: 0,
  };
}

function join(
  state: IncidentsState,
  incident: Incident,
  failure: Failure,
  options: { asVictim: boolean },
  changed: Set<string>,
): void {
  const list = options.asVictim ? "victims" : "failures";
  state.incidents.set(incident.id, {
    ...incident,
    severity: worst(incident.severity, options.asVictim ? "low" : failure.severity),
    [list]: [...incident[list], failure.id],
  });
  state.incidentOf.set(failure.id, incident.id);
  changed.add(incident.id);
}

/** Incidents that turn out to be victims of a cause that was recognised later. */
function absorb(state: IncidentsState, cause: Incident, now: Instant, changed: Set<string>): void {
  for (const other of state.incidents.values()) {
    if (
      other.id === cause.id ||
      !isLive(other) ||
      !state.topology.needs(other.cause).has(cause.cause)
    )
      continue;
    const open = other.failures.flatMap((id) => state.failures.get(id) ?? []);
    const recent = open.every(
      (each) => cause.openedAt - each.at <= state.fleet.detection.correlateMs,
    );
    if (
      open.length === 0 ||
      !recent ||
      open.some((each) => failureTypes[each.type].category === "capacity")
    )
      continue;
    for (const failure of [
      ...open,
      ...other.victims.flatMap((id) => state.failures.get(id) ?? []),
    ]) {
      const current = state.incidents.get(cause.id);
      if (current) join(state, current, failure, { asVictim: true }, changed);
    }
    const by = `is part of ${cause.id}`;
    become(state, other, { kind: "resolved", at: now.wallMs, by }, changed);
  }
}

function promoteVictims(state: IncidentsState, now: Instant, changed: Set<string>): void {
  for (;;) {
    const id = state.grace.takeDue(now.monotonicMs);
    if (id === undefined) return;
    const incident = state.incidents.get(id);
    if (incident === undefined || !isLive(incident) || hasOpenFailure(state, incident)) continue;
    const left = incident.victims.flatMap((each) => state.failures.get(each) ?? []);
    become(
      state,
      incident,
      { kind: "resolved", at: now.wallMs, by: "its cause is healed" },
      changed,
    );
    for (const victim of left) {
      state.incidentOf.delete(victim.id);
      place(state, victim, now, changed);
    }
  }
}

function worst(a: Severity, b: Severity): Severity {
  return severityRank[a] >= severityRank[b] ? a : b;
}

/** What was live when the daemon before this one ended. */
export function restoreIncidents(
  state: IncidentsState,
  failures: readonly Failure[],
  incidents: readonly Incident[],
): void {
  for (const failure of failures) state.failures.set(failure.id, failure);
  for (const incident of incidents) {
    state.incidents.set(incident.id, incident);
    for (const id of [...incident.failures, ...incident.victims]) {
      if (state.failures.has(id)) state.incidentOf.set(id, incident.id);
    }
  }
}

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
 * N3. The same failure of the same resource within `relapseMs` of its resolution reopens the
 *     incident that it caused. Cause and title of an incident never change: why it came back
 *     is told beside them, and what was its victim opens an incident of its own.
 * N4. When the cause is healed, victims that are still failing after `correlateMs` get an incident
 *     of their own.
 * N5. `dependency_down` belongs to the incident of what is down, and takes along the soft failures
 *     that its resource had before.
 * N6. Kept is what is live or may still relapse, and of a live incident what is open and its last
 *     failures: neither grows with time.
 * N7. An incident that comes back too often is told to a person, once until it was quiet for the
 *     window: each time it was healed, and never for good. What is done about it goes on.
 * N8. A fact that was known before the cause failed is nobody else's doing; only what fails later,
 *     or softly, is a victim. A crash has for its cause only what leaves its dependents without an
 *     answer, or without room.
 */
import { formatDuration, type Instant } from "../kernel/index.ts";
import {
  type Failure,
  failureTypes,
  type Incident,
  type IncidentState,
  isLive,
  mayBecome,
  type Severity,
  severityRank,
  signatureOf,
} from "../model/index.ts";
import {
  causeOf,
  hasOpenFailure,
  type IncidentsState,
  liveIncidentOf,
  type Outcome,
  stillNeeded,
} from "./incidents-state.ts";

const resolvedMax = 1000;
/** Failures that are over, of one incident. */
const overMax = 20;

/** One tick: its time, and the incidents that change in it. */
interface Round {
  readonly state: IncidentsState;
  readonly now: Instant;
  readonly changed: Set<string>;
}

/** Returns the incidents that changed, in their new form. */
export function correlate(
  state: IncidentsState,
  news: { readonly raised: readonly Failure[]; readonly outcomes: readonly Outcome[] },
  now: Instant,
): readonly Incident[] {
  const round: Round = { state, now, changed: new Set() };
  for (const outcome of news.outcomes) settle(round, outcome);
  for (const failure of causesFirst(state, news.raised)) place(round, failure);
  promoteVictims(round);
  const changed = [...round.changed].flatMap((id) => state.incidents.get(id) ?? []);
  forgetExpired(round);
  for (const { id } of changed) forgetUnlessNeeded(state, id);
  return changed;
}

/** What is found together is one story from the start: whoever is needed needs less himself. */
function causesFirst({ topology }: IncidentsState, raised: readonly Failure[]): readonly Failure[] {
  if (raised.length < 2) return raised;
  const needs = ({ resource }: Failure): number => topology.needs(resource).size;
  return raised.toSorted((a, b) => needs(a) - needs(b));
}

/** Keeps N6. What expires first was remembered first. */
function forgetExpired({ state, now }: Round): void {
  for (const [signature, { incident, untilMs }] of state.resolved) {
    if (untilMs >= now.monotonicMs && state.resolved.size <= resolvedMax) return;
    state.resolved.delete(signature);
    forgetUnlessNeeded(state, incident);
  }
}

function forgetUnlessNeeded(state: IncidentsState, id: string): void {
  if (!stillNeeded(state, id)) state.incidents.delete(id);
}

function settle(round: Round, outcome: Outcome): void {
  if (outcome.kind === "failure_resolved") {
    closeFailure(round, outcome);
    return;
  }
  const incident = round.state.incidents.get(outcome.incident);
  if (incident === undefined || !isLive(incident)) return;
  // What is done for a victim does not change what is known of the cause.
  if ("failure" in outcome && !incident.failures.includes(outcome.failure)) return;
  // What is done meanwhile does not take back that a person was told (N7).
  if (isToldOften(incident)) return;
  become(round, incident, stateAfter(outcome, round.now));
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

function become({ state, changed }: Round, incident: Incident, next: IncidentState): void {
  if (!mayBecome(incident.state.kind, next.kind) || isSame(incident.state, next)) return;
  state.incidents.set(incident.id, { ...incident, state: next });
  changed.add(incident.id);
}

function isSame(a: IncidentState, b: IncidentState): boolean {
  if (a.kind !== b.kind) return false;
  return "action" in a && "action" in b ? a.action === b.action : true;
}

function closeFailure(round: Round, outcome: Extract<Outcome, { kind: "failure_resolved" }>): void {
  const { state, now } = round;
  const failure = state.failures.get(outcome.failure);
  const id = state.incidentOf.get(outcome.failure);
  if (failure === undefined || id === undefined) return;
  state.failures.delete(failure.id);
  state.incidentOf.delete(failure.id);
  const incident = state.incidents.get(id);
  if (incident?.cause === failure.resource) remember(round, failure, id);
  if (incident === undefined || !isLive(incident)) return;
  const open = [...incident.failures, ...incident.victims].filter((each) =>
    state.failures.has(each),
  );
  if (open.length === 0) {
    become(round, incident, { kind: "resolved", at: now.wallMs, by: outcome.by });
    return;
  }
  const causeIsWell = !incident.failures.some((each) => state.failures.has(each));
  if (causeIsWell) state.grace.set(id, now.monotonicMs + state.fleet.detection.correlateMs);
}

function remember({ state, now }: Round, failure: Failure, incident: string): void {
  const untilMs = now.monotonicMs + state.fleet.detection.relapseMs;
  const signature = signatureOf(failure);
  const before = state.resolved.get(signature);
  state.resolved.delete(signature);
  state.resolved.set(signature, { incident, untilMs });
  if (before !== undefined) forgetUnlessNeeded(state, before.incident);
}

function place(round: Round, failure: Failure): void {
  const { state, now } = round;
  state.failures.set(failure.id, failure);
  const own = liveIncidentOf(state, failure.resource);
  const needed = failure.type === "dependency_down" ? causeOf(state, failure) : undefined;
  if (needed && own?.cause === failure.resource && mayBeVictim(state, own)) {
    fold(round, needed, own);
  } else if (own) {
    join(round, own, { failure, asVictim: own.cause !== failure.resource });
    return;
  }
  const cause = causeOf(state, failure);
  if (cause) {
    join(round, cause, { failure, asVictim: true });
    return;
  }
  const relapsed = relapseOf(state, failure, now);
  const incident = relapsed
    ? reopened(state, relapsed, { failure, now })
    : opened(state, failure, now);
  state.incidents.set(incident.id, incident);
  state.incidentOf.set(failure.id, incident.id);
  round.changed.add(incident.id);
  absorb(round, incident, failure);
}

function relapseOf(state: IncidentsState, failure: Failure, now: Instant): Incident | undefined {
  const before = state.resolved.get(signatureOf(failure));
  if (before === undefined || before.untilMs < now.monotonicMs) return undefined;
  return state.incidents.get(before.incident);
}

function reopened(
  state: IncidentsState,
  incident: Incident,
  { failure, now }: { readonly failure: Failure; readonly now: Instant },
): Incident {
  // Victims that outlasted it have an incident of their own by now (N1).
  const victims = incident.victims.filter(
    (id) => !state.failures.has(id) || state.incidentOf.get(id) === incident.id,
  );
  const { toldOftenAt: _before, ...known } = incident;
  return {
    ...known,
    severity: worst(incident.severity, failure.severity),
    failures: [...incident.failures.slice(-overMax), failure.id],
    victims,
    state: { kind: "open" },
    relapses: incident.relapses + 1,
    reopened: { at: now.wallMs, reason: failure.reason },
    ...oftenness(state, incident, now),
  };
}

/** Keeps N7. */
function oftenness(
  { fleet }: IncidentsState,
  { relapsedAt = [], toldOftenAt }: Incident,
  now: Instant,
): Partial<Incident> {
  const { relapses, relapseWindowMs } = fleet.budgets;
  const recent = relapsedAt.filter((at) => now.wallMs - at < relapseWindowMs);
  const all = [...recent, now.wallMs].slice(-relapses);
  if (recent.length > 0 && toldOftenAt !== undefined) return { relapsedAt: all, toldOftenAt };
  if (all.length < relapses) return { relapsedAt: all };
  const span = formatDuration(now.wallMs - (all[0] ?? now.wallMs));
  const reason = `it has come back ${all.length} times within ${span}: healed each time, and never for good`;
  const state = { kind: "escalated", at: now.wallMs, reason } as const;
  return { relapsedAt: all, toldOftenAt: now.wallMs, state };
}

function isToldOften({ state, toldOftenAt }: Incident): boolean {
  return state.kind === "escalated" && state.at === toldOftenAt;
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
  { state, changed }: Round,
  incident: Incident,
  { failure, asVictim }: { readonly failure: Failure; readonly asVictim: boolean },
): void {
  const list = asVictim ? "victims" : "failures";
  state.incidents.set(incident.id, {
    ...incident,
    severity: worst(incident.severity, asVictim ? "low" : failure.severity),
    [list]: [...shortened(state, incident[list]), failure.id],
  });
  state.incidentOf.set(failure.id, incident.id);
  changed.add(incident.id);
}

/** Without the oldest of those that are over. */
function shortened({ failures }: IncidentsState, ids: readonly string[]): readonly string[] {
  let excess = ids.filter((id) => !failures.has(id)).length - overMax;
  return ids.filter((id) => {
    if (excess <= 0 || failures.has(id)) return true;
    excess -= 1;
    return false;
  });
}

/** Incidents that turn out to be victims of a cause that was recognised later: by this failure. */
function absorb(round: Round, cause: Incident, failure: Failure): void {
  const { state } = round;
  for (const other of state.incidents.values()) {
    if (
      other.id === cause.id ||
      !isLive(other) ||
      !state.topology.needs(other.cause).has(cause.cause)
    )
      continue;
    const open = other.failures.flatMap((id) => state.failures.get(id) ?? []);
    const recent = open.every((each) => failure.at - each.at <= state.fleet.detection.correlateMs);
    if (open.length === 0 || !recent || open.some((each) => isOwn(each, failure))) continue;
    fold(round, cause, other);
  }
}

/** Keeps N8. An exhaustion builds up by itself, whenever it is noticed. */
function isOwn({ type, at }: Failure, cause: Failure): boolean {
  const { category, decisive } = failureTypes[type];
  return category === "capacity" || (decisive && at < cause.at);
}

/** What it suffers from may all be somebody else's doing: no fact of its own is among it. */
function mayBeVictim(state: IncidentsState, incident: Incident): boolean {
  return incident.failures.every((id) => {
    const type = state.failures.get(id)?.type;
    return type === undefined || !failureTypes[type].decisive;
  });
}

/** All that is open of the other becomes a victim of the cause. */
function fold(round: Round, cause: Incident, other: Incident): void {
  const { state, now } = round;
  for (const id of [...other.failures, ...other.victims]) {
    const failure = state.failures.get(id);
    const current = state.incidents.get(cause.id);
    if (failure && current) join(round, current, { failure, asVictim: true });
  }
  become(round, other, { kind: "resolved", at: now.wallMs, by: `is part of ${cause.id}` });
}

function promoteVictims(round: Round): void {
  const { state, now } = round;
  for (;;) {
    const id = state.grace.takeDue(now.monotonicMs);
    if (id === undefined) return;
    const incident = state.incidents.get(id);
    if (incident === undefined || !isLive(incident) || hasOpenFailure(state, incident)) continue;
    const left = incident.victims.flatMap((each) => state.failures.get(each) ?? []);
    become(round, incident, { kind: "resolved", at: now.wallMs, by: "its cause is healed" });
    for (const victim of left) {
      state.incidentOf.delete(victim.id);
      place(round, victim);
    }
  }
}

function worst(a: Severity, b: Severity): Severity {
  return severityRank[a] >= severityRank[b] ? a : b;
}

/** Cases of recovery begin and grow with the incidents that they belong to. */
import type { Instant } from "../kernel/index.ts";
import type { Failure, Incident } from "../model/index.ts";
import type { Attempt, PlanState, RecoveryCase } from "./state.ts";

/** An incident is new, has new failures, or has become somebody else's; these are the news. */
export function takeUp(state: PlanState, incident: Incident, now: Instant): readonly Failure[] {
  const news: Failure[] = [];
  if (incident.state.kind === "resolved") return news;
  const lists = [
    { ids: incident.failures, asVictim: false },
    { ids: incident.victims, asVictim: true },
  ];
  for (const { ids, asVictim } of lists) {
    for (const id of ids) {
      const failure = state.failures.get(id);
      if (failure === undefined) continue;
      const known = state.cases.get(failure.resource);
      const isNew = known?.failures.has(id) !== true;
      const isNews = isNew || known.incident !== incident.id;
      const each =
        known ?? openCase(state, { incident, resource: failure.resource, asVictim }, now);
      each.incident = incident.id;
      each.asVictim = asVictim;
      each.failures.set(id, failure);
      if (!isNews) continue;
      news.push(failure);
      // That it belongs to another incident says nothing about how it is now.
      if (isNew) each.knownMs = now.monotonicMs;
      touch(state, each, now);
    }
  }
  return news;
}

function openCase(
  state: PlanState,
  made: { incident: Incident; resource: RecoveryCase["resource"]; asVictim: boolean },
  now: Instant,
): RecoveryCase {
  const { resource, incident, asVictim } = made;
  const before = state.history.get(resource);
  const isRelapse =
    before !== undefined && now.monotonicMs - before.closedMs < state.fleet.budgets.healthyRunMs;
  const each: RecoveryCase = {
    resource,
    incident: incident.id,
    asVictim,
    failures: new Map(),
    // A relapse before a healthy run means that what seemed to help has not.
    attempts: isRelapse ? before.attempts.map((one) => ({ ...one, helped: false })) : [],
    phase: "open",
    sinceMs: now.monotonicMs,
    knownMs: now.monotonicMs,
    dueMs: 0,
    judged: new Set(),
    restedMs: undefined,
    askedMs: undefined,
    heldMs: undefined,
    lookedMs: undefined,
    withheld: new Set(),
  };
  state.history.delete(resource);
  state.cases.set(resource, each);
  return each;
}

/**
 * A case that waited for ever is looked at again, with all strategies but the one that is under
 * way, or being taken back: that is not tried again before the others because of it.
 */
export function beginAnew(state: PlanState, resource: RecoveryCase["resource"]): void {
  const each = state.cases.get(resource);
  if (each === undefined) return;
  each.dueMs = 0;
  each.restedMs = undefined;
  each.withheld.clear();
  each.attempts = each.attempts.filter((one) => isUnderWay(each, one));
  state.due.set(resource, 0);
}

function isUnderWay({ phase, attempts }: RecoveryCase, attempt: Attempt): boolean {
  if (phase === "open") return false;
  return attempt.helped === undefined || (phase === "reverting" && attempt === attempts.at(-1));
}

export function touch(state: PlanState, each: RecoveryCase, now: Instant): void {
  each.dueMs = 0;
  state.due.set(each.resource, now.monotonicMs);
}

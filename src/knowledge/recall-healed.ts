/**
 * What was healed lately, as the journal tells it: should it come back, it is the same incident,
 * and what seemed to help has not.
 *
 * H1. A resolved incident is remembered as long as a failure that it caused may reopen it; how long
 *     that is, is for the reader to say. Bounded: beyond `resolvedMax` the oldest are forgotten.
 * H2. Attempts of one resource belong to one incident; those of another one begin anew.
 * H3. Where the planner begins anew with what is ill, what was tried before is forgotten here, too:
 *     the next daemon tries what this one would have tried.
 */
import {
  type Action,
  type Failure,
  type Incident,
  isLive,
  type Plan,
  type Relapse,
  recordVerdict,
  signatureOf,
  type Tried,
  type Verdict,
} from "../model/index.ts";
import type { Recollection } from "./recollection.ts";

const resolvedMax = 300;
const triedMax = 300;
const attemptsMax = 100;

export function noteIncident(memory: Recollection, incident: Incident): void {
  const { id } = incident;
  if (isLive(incident)) {
    memory.past.delete(id);
    memory.incidents.set(id, incident);
    return;
  }
  memory.incidents.delete(id);
  if (isRemembered(memory, id)) memory.past.set(id, incident);
}

/** Before the failure is forgotten. Keeps H1. */
export function noteHealed(memory: Recollection, failure: Failure, at: number): void {
  for (const { id, cause, failures } of memory.incidents.values()) {
    if (cause !== failure.resource || !failures.includes(failure.id)) continue;
    const signature = signatureOf(failure);
    memory.resolved.delete(signature);
    memory.resolved.set(signature, { incident: id, at });
  }
  const [oldest] = memory.resolved.keys();
  if (memory.resolved.size > resolvedMax && oldest !== undefined) memory.resolved.delete(oldest);
  for (const id of memory.past.keys()) if (!isRemembered(memory, id)) memory.past.delete(id);
}

function isRemembered({ resolved }: Recollection, id: string): boolean {
  for (const { incident } of resolved.values()) if (incident === id) return true;
  return false;
}

export function notePlanned(memory: Recollection, { id, resource, strategy, cause }: Plan): void {
  if (cause.kind !== "failure") return;
  const before = memory.tried.get(resource);
  const isSame = before?.incident === cause.incident;
  const earlier = isSame ? before.attempts : [];
  // What was healed and came back has not been healed.
  const known =
    before?.closedAt === undefined ? earlier : earlier.map((one) => ({ ...one, helped: false }));
  const attempts = [...known.slice(1 - attemptsMax), { strategy, action: id }];
  keepTried(memory, resource, { incident: cause.incident, attempts });
}

/** It is over without success. What was withdrawn was not tried, what a person has refused was. */
export function noteFailed(memory: Recollection, { plan, status, answer }: Action): void {
  if (status.kind !== "failed" && status.kind !== "rolled_back") return;
  changeAttempt(memory, plan, answer?.kind === "withdrawn" ? undefined : false);
}

/** Of what is ill all is tried again, but what is under way (H3). */
export function forgetTried(memory: Recollection, resource: string): void {
  const tried = memory.tried.get(resource);
  if (tried === undefined || tried.closedAt !== undefined) return;
  const underWay = new Set([...memory.actions.values()].map(({ plan }) => plan.id));
  const attempts = tried.attempts.filter((one) => !one.helped && underWay.has(one.action));
  memory.tried.set(resource, { ...tried, attempts });
}

export function noteRelapse(memory: Recollection, relapse: Relapse, at: number): void {
  const failure = memory.failures.get(relapse.failure);
  if (failure === undefined) return;
  const key = { signature: signatureOf(failure), strategy: relapse.strategy };
  recordVerdict(memory.book, key, { healed: false, at });
}

export function noteProof(memory: Recollection, verdict: Verdict): void {
  const action = memory.actions.get(verdict.action ?? "");
  if (action === undefined) {
    if (verdict.healed) forgetCredit(memory, verdict);
    return;
  }
  changeAttempt(memory, action.plan, verdict.healed);
  const { resource, strategy } = action.plan;
  const tried = memory.tried.get(resource);
  if (tried === undefined) return;
  const { healedBy: _before, ...rest } = tried;
  const healedBy = { action: action.id, strategy };
  keepTried(memory, resource, verdict.healed ? { ...rest, healedBy } : rest);
}

/** It got well by itself: nothing has the credit, should it come back. */
function forgetCredit(memory: Recollection, { failure, action }: Verdict): void {
  const resource = memory.failures.get(failure)?.resource;
  const tried = resource === undefined ? undefined : memory.tried.get(resource);
  if (action !== undefined || resource === undefined || tried === undefined) return;
  const { healedBy: _before, ...rest } = tried;
  keepTried(memory, resource, rest);
}

/** Nothing of it is open any more. */
export function noteWell(memory: Recollection, { resource }: Failure, at: number): void {
  const tried = memory.tried.get(resource);
  if (tried) keepTried(memory, resource, { ...tried, closedAt: at });
}

function changeAttempt(memory: Recollection, plan: Plan, helped: boolean | undefined): void {
  const tried = memory.tried.get(plan.resource);
  if (tried === undefined) return;
  const attempts = tried.attempts.flatMap((one) => {
    if (one.action !== plan.id) return [one];
    return helped === undefined ? [] : [{ ...one, helped }];
  });
  keepTried(memory, plan.resource, { ...tried, attempts });
}

function keepTried({ tried }: Recollection, resource: string, next: Tried): void {
  tried.delete(resource);
  tried.set(resource, next);
  const [oldest] = tried.keys();
  if (tried.size > triedMax && oldest !== undefined) tried.delete(oldest);
}

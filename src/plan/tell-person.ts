/**
 * When a person has to know: the incident is escalated, with the reason.
 *
 * E1. Of one incident a person is told once, as long as any case of it is open.
 * E2. What comes back again and again is healed every time, and a person is told all the same: what
 *     heals it does not last.
 */
import { formatDuration } from "../kernel/index.ts";
import type { Incident } from "../model/index.ts";
import type { PlanState, PlanTick, RecoveryCase } from "./state.ts";

/** A person is told each time when an incident has come back so often again. */
const relapsesTold = 5;

export function escalate(
  state: PlanState,
  { incident }: Pick<RecoveryCase, "incident">,
  { tick, reason }: { readonly tick: PlanTick; readonly reason: string },
): void {
  if (state.escalated.has(incident)) return;
  state.escalated.add(incident);
  tick.out.escalations.push({ incident, reason });
}

/** Keeps E2. */
export function tellRelapses(state: PlanState, incident: Incident, tick: PlanTick): void {
  const { id, relapses } = incident;
  if (relapses === 0 || relapses % relapsesTold !== 0) return;
  const within = formatDuration(state.fleet.detection.relapseMs);
  const reason = `it has come back ${relapses} times, each within ${within} of being healed`;
  escalate(state, { incident: id }, { tick, reason });
}

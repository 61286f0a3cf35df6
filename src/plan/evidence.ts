/**
 * What is worth knowing of a process before it is changed: a plan gets the steps that gather it.
 *
 * G1. What needs the living process comes before the first action of a case, whatever that is, and
 *     before every end of a process; only requests are kept away from it sooner.
 * G2. Of a dead one the text is copied after it runs again: that must not make the outage longer.
 * G3. A plan never depends on it (every step is optional).
 */
import type { ResourceId, Step } from "../model/index.ts";
import type { PlanState, RecoveryCase } from "./state.ts";
import { strategies } from "./strategies/index.ts";
import { simpleStep } from "./strategies/steps.ts";
import { type Context, isDead, type Strategy } from "./strategy.ts";

export interface Choice {
  readonly strategy: Strategy;
  readonly context: Context;
}

export function stepsWithEvidence(
  state: PlanState,
  each: RecoveryCase,
  { strategy, context }: Choice,
): readonly Step[] {
  const steps = strategy.steps(context);
  if (steps.length === 0 || strategy.protects) return steps;
  if (isDead(context)) return isAboutPort(context) ? steps : withTextOf(context.resource, steps);
  const living = [...endedBy(steps), ...(isFirst(each) ? [context.resource] : [])];
  const looks = [...new Set(living)]
    .filter((resource) => state.slots.get(resource)?.run !== undefined)
    .map((resource) => simpleStep("diagnose", resource));
  const first = steps.findIndex(({ kind }) => kind !== "eject");
  const ejects = first === -1 ? steps.length : first;
  return [...steps.slice(0, ejects), ...looks, ...steps.slice(ejects)];
}

function endedBy(steps: readonly Step[]): readonly ResourceId[] {
  return steps.filter(({ kind }) => kind === "stop").map(({ resource }) => resource);
}

/** That it was taken out of the rotation has changed nothing in it. */
function isFirst({ attempts }: RecoveryCase): boolean {
  const protecting = strategies.filter(({ protects }) => protects).map(({ name }) => name);
  return attempts.every(({ strategy }) => protecting.includes(strategy));
}

function withTextOf(dead: ResourceId, steps: readonly Step[]): readonly Step[] {
  return steps.flatMap((step) =>
    step.kind === "start" && step.resource === dead ? [step, simpleStep("collect", dead)] : [step],
  );
}

/** It never ran: somebody else has its port. */
function isAboutPort({ failure }: Context): boolean {
  return failure.type === "port_conflict" || failure.type === "proxy_listen";
}

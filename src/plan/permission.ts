import { type Mode, strictest } from "../kernel/index.ts";
import { strategyScope } from "../model/index.ts";
import type { PlanState } from "./state.ts";
import { type Context, isDead, type Strategy } from "./strategy.ts";

/** May it act? Undefined: yes. Else the reason why it only watches. */
export function forbidden(
  state: PlanState,
  strategy: Strategy,
  context: Context,
): string | undefined {
  const mode = modeOf(state, context);
  // The restart policy is what the service was handed over for; it acts in every mode but off.
  if (isRestartPolicy(strategy, context)) return mode === "off" ? "mode off" : undefined;
  const declared = state.fleet.strategyModes[strategy.name] ?? "full";
  const runtime = state.modes.get(strategyScope(strategy.name)) ?? "full";
  const effective = strictest(mode, declared, runtime);
  if (effective === "full") return undefined;
  if (effective !== "limited") return `mode ${effective}`;
  return state.fleet.limitedTo.includes(strategy.name)
    ? undefined
    : "mode limited does not name it";
}

/**
 * A process that is gone is brought back because its restart policy says so. That is supervision,
 * and nothing that is rationed: backoff, crash count and quarantine bound it, so that neither is.
 */
export function isByPolicy(strategy: Strategy, context: Context): boolean {
  return strategy.name === "quarantine" || isRevival(strategy, context);
}

export function isRevival(strategy: Strategy, context: Context): boolean {
  return strategy.name === "restart" && isDead(context);
}

export function modeOf(state: PlanState, context: Pick<Context, "service" | "spec">): Mode {
  const own = context.service?.mode ?? context.spec?.mode ?? "full";
  const name = context.service?.name;
  const runtime = [state.modes.get("fleet"), name && state.modes.get(name)].filter(
    (mode): mode is Mode => mode !== undefined,
  );
  return strictest(state.fleet.mode, own, ...runtime);
}

export function needsApproval(strategy: Strategy, context: Context): boolean {
  const declared = (context.service ?? context.spec)?.approvals[strategy.name];
  if (declared !== undefined) return declared === "always";
  return strategy.irreversible(context);
}

/** With its end, when nothing that runs is stopped by that. */
function isRestartPolicy({ name }: Strategy, context: Context): boolean {
  const { type } = context.failure;
  if (type !== "process_exited" && type !== "crash_loop") return false;
  return (
    name === "restart" || name === "restart_proxy" || (name === "quarantine" && isDead(context))
  );
}

/**
 * Switch to the declared alternative (another provider, a replica, a read-only mode). Switched
 * back when it does not help.
 */
import { hooksOf, type Strategy } from "../strategy.ts";
import { hookStep } from "./steps.ts";

export const switchAlternative: Strategy = {
  name: "switch_alternative",
  heals: { check_failed: 20, unreachable: 20, slow: 25, dependency_down: 20, start_timeout: 60 },
  repeatable: false,
  reverts: true,
  irreversible: (context) => isIrreversible(hooksOf(context)?.alternative),
  against: (context) =>
    hooksOf(context)?.alternative === undefined ? "no `alternative` is declared" : undefined,
  steps(context) {
    const hook = hooksOf(context)?.alternative;
    return hook ? [hookStep(context, "alternative", hook)] : [];
  },
};

export function isIrreversible(
  hook: { readonly undo?: unknown; readonly reversible: boolean } | undefined,
): boolean {
  return hook !== undefined && hook.undo === undefined && !hook.reversible;
}

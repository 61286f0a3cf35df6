/** Re-run the reconnect hook: the service itself knows how to renew its connections. */
import { hooksOf, type Strategy } from "../strategy.ts";
import { hookStep } from "./steps.ts";

export const reconnect: Strategy = {
  name: "reconnect",
  heals: { check_failed: 10, unreachable: 10, dependency_down: 10, stalled_work: 10 },
  repeatable: false,
  reverts: true,
  irreversible: () => false,
  against: (context) =>
    hooksOf(context)?.reconnect === undefined ? "no `reconnect` hook is declared" : undefined,
  steps(context) {
    const hook = hooksOf(context)?.reconnect;
    return hook ? [hookStep(context, "reconnect", hook)] : [];
  },
};

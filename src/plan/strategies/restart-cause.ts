/**
 * What it needs is not well, though nothing has been judged a failure there yet: restart that
 * first. Restarting the victim of a sick dependency heals nothing.
 */

import { wantedHash } from "../slots.ts";
import { isInstance, type Strategy } from "../strategy.ts";
import { startStep, stopStep } from "./steps.ts";

export const restartCause: Strategy = {
  name: "restart_cause",
  heals: { dependency_down: 15, check_failed: 15 },
  repeatable: false,
  fits: isInstance,
  reverts: false,
  irreversible: () => false,
  against: ({ suspects }) =>
    suspects.length === 0 ? "nothing that it needs is under suspicion" : undefined,
  steps({ suspects, fleet }) {
    return suspects.flatMap((slot) => {
      const service = fleet.services[slot.service];
      if (service === undefined) return [];
      return [
        stopStep(slot.resource, service, { which: "all" }),
        startStep(slot.resource, wantedHash(slot, service)),
      ];
    });
  },
};

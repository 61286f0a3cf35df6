/**
 * Replace an instance that still answers, before a limit is hit or because it no longer works as
 * it should: start its successor beside it, wait until that serves, drain the old one, stop it.
 * Nobody loses a request. If the successor never gets ready, the old one goes on.
 */

import { wantedHash } from "../slots.ts";
import { isDead, isDeaf, isInstance, type Strategy } from "../strategy.ts";
import { drainStep, readyStep, startStep, stopStep } from "./steps.ts";

export const drainRestart: Strategy = {
  name: "drain_restart",
  heals: {
    memory_exhaustion: 20,
    descriptor_exhaustion: 20,
    process_exhaustion: 20,
    stalled_work: 20,
    check_failed: 30,
    slow: 20,
    threshold_exceeded: 20,
  },
  repeatable: true,
  fits: isInstance,
  reverts: false,
  irreversible: () => false,
  against(context) {
    const { slot, service, failure } = context;
    if (slot === undefined || service === undefined) return "it is not an instance of ours";
    if (service.listen === undefined) return "without `listen` two processes cannot take turns";
    if (isDead(context)) return "nothing runs that could be drained";
    return isDeaf(failure) ? "it does not answer, so there is nothing to drain" : undefined;
  },
  steps({ slot, service, resource }) {
    if (slot === undefined || service === undefined) return [];
    return [
      startStep(resource, wantedHash(slot, service), { beside: true }),
      readyStep(resource, service),
      drainStep(resource, service, "previous"),
      stopStep(resource, service, { which: "previous" }),
    ];
  },
};

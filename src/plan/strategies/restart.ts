/**
 * Restart an instance. Dead: start it. Deaf: take it out of the rotation, kill it, start it. Each
 * further attempt waits longer (the planner's backoff).
 */
import { wantedHash } from "../slots.ts";
import { isDead, isDeaf, isInstance, type Strategy } from "../strategy.ts";
import { simpleStep, startStep, stopStep } from "./steps.ts";

export const restart: Strategy = {
  name: "restart",
  heals: {
    process_exited: 30,
    crash_loop: 30,
    start_failed: 30,
    start_timeout: 30,
    hang: 30,
    unreachable: 30,
    stalled_work: 30,
    heartbeat_missed: 30,
    check_failed: 40,
    memory_exhaustion: 30,
    descriptor_exhaustion: 30,
    process_exhaustion: 30,
  },
  repeatable: true,
  fits: isInstance,
  reverts: false,
  irreversible: () => false,
  against({ slot, service, crashesMax }) {
    if (slot === undefined || service === undefined) return "it is not an instance of ours";
    if (slot.desired === "stopped") return "it is to be stopped";
    if (service.restart === "never") return "its restart policy is never";
    if (slot.crashes < crashesMax) return undefined;
    return `it has crashed ${slot.crashes} times in a row`;
  },
  steps(context) {
    const { slot, service, resource, failure } = context;
    if (slot === undefined || service === undefined) return [];
    const start = startStep(resource, wantedHash(slot, service));
    if (isDead(context)) return [start];
    const graceMs = isDeaf(failure) || failure.type === "start_timeout" ? 0 : service.stop.graceMs;
    return [
      simpleStep("eject", resource),
      stopStep(resource, service, { which: "all", graceMs }),
      start,
    ];
  },
};

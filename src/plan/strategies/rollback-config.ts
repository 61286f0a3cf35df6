/**
 * It crashes or never gets ready since its configuration changed: run it with the last spec under
 * which it had a healthy run. Taken back (the declared spec is tried again) when that does not
 * help, because then the change was not the cause.
 */
import { isDead, isInstance, type Strategy } from "../strategy.ts";
import { startStep, stopStep } from "./steps.ts";

export const rollbackConfig: Strategy = {
  name: "rollback_config",
  heals: { crash_loop: 20, start_timeout: 40, start_failed: 20, check_failed: 50 },
  repeatable: false,
  fits: isInstance,
  reverts: true,
  irreversible: () => false,
  against({ slot, service }) {
    if (slot === undefined || service === undefined) return "it is not an instance of ours";
    if (slot.goodHash === undefined) return "no configuration has had a healthy run yet";
    return slot.goodHash === service.hash
      ? "the last good configuration is the present one"
      : undefined;
  },
  steps(context) {
    const { slot, service, resource } = context;
    if (slot?.goodHash === undefined || service === undefined) return [];
    const start = startStep(resource, slot.goodHash);
    return isDead(context)
      ? [start]
      : [stopStep(resource, service, { which: "all", graceMs: 0 }), start];
  },
};

/**
 * It crashes and crashes. Stop starting it, keep the evidence, tell a person. It is left when the
 * spec or the binary changes, or when somebody starts it.
 */
import { isDead, isInstance, type Strategy } from "../strategy.ts";
import { stopStep } from "./steps.ts";

export const quarantine: Strategy = {
  name: "quarantine",
  heals: { crash_loop: 90, start_failed: 90, process_exited: 90 },
  repeatable: false,
  fits: isInstance,
  reverts: false,
  terminal: true,
  irreversible: () => false,
  against({ slot, service, crashesMax }) {
    if (slot === undefined) return "it is not an instance of ours";
    if (service?.restart === "never") return "its restart policy is never";
    return slot.crashes < crashesMax
      ? `${slot.crashes} crashes in a row; ${crashesMax} put it into quarantine`
      : undefined;
  },
  steps: (context) =>
    isDead(context) || context.service === undefined
      ? []
      : [stopStep(context.resource, context.service, { which: "all", graceMs: 0 })],
};

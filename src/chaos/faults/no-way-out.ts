/**
 * N3: the one process of ai-router can open no connection any more; a new process could. Not
 * silent. Seen: its check fails, in the same words as if the provider were ill. Healed: switching
 * to the other provider, which comes first, cannot help and has to be taken back; a restart does
 * help. Not lost: analyses, which wait.
 */
import type { Fault } from "../fault.ts";
import { leaveCode } from "../leave-code.ts";

export const noWayOut: Fault = {
  id: "N3",
  title: "no connection out",
  silent: false,
  control: false,
  strikes: "ai-router",
  diagnosis: ["check_failed"],
  inVain: ["switch_alternative"],
  healedBy: ["drain_restart", "restart"],
  healWithinMs: 40_000,
  inject: (scene) =>
    leaveCode(scene, {
      service: "ai-router",
      what: "no connection out",
      code: `
        const { Socket } = process.getBuiltinModule("node:net");
        Socket.prototype.connect = function () {
          const error = Object.assign(new Error("no free port"), { code: "EADDRNOTAVAIL" });
          process.nextTick(() => this.destroy(error));
          return this;
        };`,
    }),
};

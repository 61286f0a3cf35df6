/**
 * M5: one trust-engine opens files and never closes them, a hundredth of its limit at a time,
 * until nothing can be opened any more. Partly silent: open connections go on. Seen: the trend,
 * before the limit. Healed: a new process beside it, then the old one is drained. Not lost: a
 * score.
 */
import type { Fault } from "../fault.ts";
import { leaveCode } from "../leave-code.ts";

const everyMs = 60;

export const leakDescriptors: Fault = {
  id: "M5",
  title: "descriptor leak to EMFILE",
  silent: true,
  control: false,
  strikes: "trust-engine",
  diagnosis: ["descriptor_exhaustion"],
  healedBy: ["drain_restart", "restart"],
  healWithinMs: 30_000,
  async unavailable(scene) {
    const limit = scene.fleet.services[this.strikes]?.limits.descriptors;
    return limit === undefined ? `${this.strikes} has no limit on descriptors` : undefined;
  },
  inject(scene) {
    const limit = scene.fleet.services[this.strikes]?.limits.descriptors ?? 0;
    return leaveCode(scene, {
      service: this.strikes,
      what: `descriptors up to ${limit} left open`,
      code: `
        const { openSync } = process.getBuiltinModule("node:fs");
        let opened = 0;
        setInterval(() => {
          try {
            for (let n = 0; n < ${Math.ceil(limit / 100)} && opened < ${limit}; n += 1) {
              openSync("/dev/null");
              opened += 1;
            }
          } catch {
            // EMFILE: what becomes free meanwhile is taken the next time.
          }
        }, ${everyMs});`,
    });
  },
};

/**
 * M2: one trust-engine takes twice its memory limit at once, and the kernel kills it. Not silent.
 * Seen: an exit, with the kernel's count of such kills as its cause. Healed: a restart. Not lost:
 * an acknowledged score. On a machine without control groups the limit is polled, and the daemon
 * acts.
 */
import type { Fault } from "../fault.ts";
import { leaveCode } from "../leave-code.ts";

export const exceedMemory: Fault = {
  id: "M2",
  title: "killed for its memory",
  silent: false,
  control: false,
  strikes: "trust-engine",
  diagnosis: ["process_exited", "memory_exhaustion"],
  healedBy: ["restart", "drain_restart"],
  healWithinMs: 15_000,
  async unavailable(scene) {
    const limitBytes = scene.fleet.services[this.strikes]?.limits.memoryBytes;
    return limitBytes === undefined ? `${this.strikes} has no limit on memory` : undefined;
  },
  inject(scene) {
    const limitBytes = scene.fleet.services[this.strikes]?.limits.memoryBytes ?? 0;
    return leaveCode(scene, {
      service: this.strikes,
      what: "twice the allowed memory",
      code: `globalThis.keptByDrill = Buffer.alloc(${2 * limitBytes}, 1);`,
    });
  },
};

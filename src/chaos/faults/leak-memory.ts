/**
 * M1: one trust-engine keeps 80 MB more every second. Silent until the kernel kills it. Seen: a
 * trend that reaches the limit, before it does. Healed: a new process beside it, then the old one
 * is drained and ended. Not lost: a single request.
 */
import type { Fault } from "../fault.ts";
import { leaveCode } from "../leave-code.ts";

const pieceBytes = 4 * 1024 * 1024;
const everyMs = 50;
const usualLimitBytes = 512 * 1024 * 1024;

export const leakMemory: Fault = {
  id: "M1",
  title: "memory leak, 80 MB/s",
  silent: true,
  control: false,
  strikes: "trust-engine",
  diagnosis: ["memory_exhaustion"],
  healedBy: ["drain_restart"],
  healWithinMs: 30_000,
  inject(scene) {
    const limitBytes = scene.fleet.services[this.strikes]?.limits.memoryBytes ?? usualLimitBytes;
    // Where nobody enforces the limit, the machine must survive all the same.
    const piecesMax = Math.ceil((limitBytes * 1.5) / pieceBytes);
    return leaveCode(scene, {
      service: this.strikes,
      what: "a leak of 80 MB/s",
      code: `
        const kept = [];
        const timer = setInterval(() => {
          kept.push(Buffer.alloc(${pieceBytes}, 1));
          if (kept.length >= ${piecesMax}) clearInterval(timer);
        }, ${everyMs});
        globalThis.keptByDrill = kept;`,
    });
  },
};

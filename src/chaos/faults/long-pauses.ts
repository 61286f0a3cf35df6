/**
 * C3, a control: ai-router collects garbage for at least 300 ms at a time, ten times: a real heap,
 * a real collector, everything else waits. It is well between. Not to be seen, not to be healed.
 */
import type { Fault } from "../fault.ts";
import { leaveCode } from "../leave-code.ts";

const pauses = 10;
const pauseMs = 300;
const everyMs = 1_500;
const objects = 1_000_000;

export const longPauses: Fault = {
  id: "C3",
  title: "control: long GC pauses",
  silent: true,
  control: true,
  strikes: "ai-router",
  diagnosis: [],
  healedBy: [],
  healWithinMs: 5_000,
  lastsMs: (pauses + 2) * everyMs,
  inject: (scene) =>
    leaveCode(scene, {
      service: "ai-router",
      what: `${pauses} collections of ${pauseMs} ms`,
      passes: true,
      code: `
        process.getBuiltinModule("node:v8").setFlagsFromString("--expose-gc");
        const collect = process.getBuiltinModule("node:vm").runInNewContext("gc");
        let heap = Array.from({ length: ${objects} }, (_, n) => ({ n, list: [n] }));
        let left = ${pauses};
        const timer = setInterval(() => {
          const end = performance.now() + ${pauseMs};
          do collect(); while (performance.now() < end);
          left -= 1;
          if (left > 0) return;
          clearInterval(timer);
          heap = undefined;
        }, ${everyMs});`,
    }),
};

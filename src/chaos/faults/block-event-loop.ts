/**
 * P3: a loop without end in the event loop of one trust-engine. Silent: it is alive, busy and
 * accepts connections. Seen: a hang, with the name of the function that blocks in the diagnosis.
 * Healed: a restart. Not lost: acknowledged scores.
 */
import type { Fault } from "../fault.ts";
import { leaveCode } from "../leave-code.ts";

export const blockEventLoop: Fault = {
  id: "P3",
  title: "event loop blocked",
  silent: true,
  control: false,
  strikes: "trust-engine",
  diagnosis: ["hang"],
  healedBy: ["restart"],
  healWithinMs: 10_000,
  inject: (scene) =>
    leaveCode(scene, {
      service: "trust-engine",
      what: "an endless loop",
      code: "(function searchWithoutEnd() { for (;;); })();",
    }),
};

/**
 * T4: the daemon's wall clock jumps back by an hour, and forward again at the end. Silent. Seen:
 * the jump itself. Healed: without an action; timers and deadlines run on the monotonic clock, ids
 * stay in order, nothing is restarted. Not lost: nothing. Only where the drill has started the
 * daemon under a clock that can be moved.
 */
import { writeFileSync } from "node:fs";
import type { Fault } from "../fault.ts";
import { watchProcesses } from "../pick-process.ts";
import { strike } from "../strike.ts";

export const clockBack: Fault = {
  id: "T4",
  title: "clock jumps back 1 h",
  silent: true,
  control: false,
  strikes: "daemon",
  diagnosis: ["clock_jump"],
  healedBy: [],
  healWithinMs: 15_000,
  lastsMs: 8_000,
  async unavailable({ clockFile, notOwn }) {
    if (clockFile !== undefined) return undefined;
    return notOwn ?? "the daemon's clock cannot be moved: libfaketime is not installed";
  },
  async inject(scene) {
    const path = scene.clockFile ?? "";
    const proof = await watchProcesses(scene, Object.keys(scene.fleet.services));
    return strike(scene, {
      undo: [{ kind: "write", path, text: "+0" }],
      land() {
        writeFileSync(path, "-3600");
        return "the daemon's clock is an hour slow";
      },
      proof,
    });
  },
};

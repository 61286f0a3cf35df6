/**
 * S7, a control: for 20 s ai-router runs 100 ms and is stopped 200 ms, in turns. It is slow and
 * well: every answer comes. Not to be seen, not to be healed, although a look at the wrong moment
 * finds it stopped.
 */
import { Accomplice } from "../accomplice.ts";
import type { Fault } from "../fault.ts";
import { pickProcess } from "../pick-process.ts";
import { strike } from "../strike.ts";

const lastsMs = 20_000;

export const slowService: Fault = {
  id: "S7",
  title: "control: slow and healthy",
  silent: true,
  control: true,
  strikes: "ai-router",
  diagnosis: [],
  healedBy: [],
  healWithinMs: 5_000,
  lastsMs,
  async inject(scene) {
    const { process } = await pickProcess(scene, this.strikes);
    const turns = { stopMs: 200, runMs: 100, limitMs: 2 * lastsMs };
    let pulse: Accomplice | undefined;
    return strike(scene, {
      undo: [{ kind: "signal", process, signal: "SIGCONT" }],
      undoAfterMs: 3 * lastsMs,
      async land() {
        pulse = await Accomplice.start({ kind: "pulse", process, ...turns });
        return `pid ${process.pid} is stopped two thirds of the time`;
      },
      // Whoever ends it lets the process go on.
      release: async () => pulse?.end(),
    });
  },
};

/**
 * M4, a control: for 15 s strangers on the same machine want all of its processors. Everything is a
 * little slower and well. Not to be seen as a failure of anybody, not to be healed.
 */
import { availableParallelism } from "node:os";
import { Accomplice } from "../accomplice.ts";
import type { Fault } from "../fault.ts";
import { strike } from "../strike.ts";

const lastsMs = 15_000;

export const busyNeighbour: Fault = {
  id: "M4",
  title: "control: busy neighbour",
  silent: true,
  control: true,
  strikes: "machine",
  diagnosis: [],
  healedBy: [],
  healWithinMs: 5_000,
  lastsMs,
  async inject(scene) {
    const hogs: Accomplice[] = [];
    const hogsMax = availableParallelism();
    return strike(scene, {
      // They end with the drill and with their time, so there is nothing to arm.
      undo: [],
      async land() {
        while (hogs.length < hogsMax) {
          hogs.push(await Accomplice.start({ kind: "burn", limitMs: 2 * lastsMs }));
        }
        return `${hogs.length} busy processes`;
      },
      async release() {
        await Promise.all(hogs.map((hog) => hog.end()));
      },
    });
  },
};

/**
 * S1: SIGKILL to the daemon itself; two seconds later a new one is started. Seen: nothing is to be
 * reported. Healed: the new daemon adopts what runs. Not lost: a single request, since the fleet
 * and its front proxy run on; the proof is that every service still runs in the same processes.
 */
import type { Fault } from "../fault.ts";
import { watchProcesses } from "../pick-process.ts";
import { landSignal, strike } from "../strike.ts";

export const killDaemon: Fault = {
  id: "S1",
  title: "daemon killed",
  silent: false,
  control: false,
  strikes: "daemon",
  diagnosis: [],
  healedBy: [],
  healWithinMs: 10_000,
  lastsMs: 2_000,
  async inject(scene) {
    const sameAsBefore = await watchProcesses(scene, Object.keys(scene.fleet.services));
    return strike(scene, {
      undo: [{ kind: "start", start: scene.daemonStart }],
      land: () => landSignal(scene.daemon(), "SIGKILL"),
      release: () => scene.startDaemon(),
      proof: sameAsBefore,
    });
  },
};

/**
 * S2: the daemon itself is stopped for eight seconds. Silent. Seen: nothing is to be reported;
 * above all the daemon must not take its own absence for the death of others. Healed: it goes on.
 * Not lost: a single request; every service runs in the same processes afterwards.
 */
import type { Fault } from "../fault.ts";
import { watchProcesses } from "../pick-process.ts";
import { landSignal, strike } from "../strike.ts";

export const stopDaemon: Fault = {
  id: "S2",
  title: "daemon stopped for 8 s",
  silent: true,
  control: false,
  strikes: "daemon",
  diagnosis: [],
  healedBy: [],
  healWithinMs: 10_000,
  lastsMs: 8_000,
  async inject(scene) {
    const process = scene.daemon();
    const proof = await watchProcesses(scene, Object.keys(scene.fleet.services));
    return strike(scene, {
      undo: [{ kind: "signal", process, signal: "SIGCONT" }],
      undoAfterMs: 30_000,
      land: () => landSignal(process, "SIGSTOP"),
      proof,
    });
  },
};

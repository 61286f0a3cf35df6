/**
 * P1: SIGKILL to one process of trust-engine, as the kernel or a person would send it.
 * Not silent: the process is gone. Seen: its exit. Healed: a restart. Not lost: an acknowledged
 * score, because each is on the disk before its answer leaves; the other instance goes on serving.
 */
import type { Fault } from "../fault.ts";
import { pickProcess } from "../pick-process.ts";
import { landSignal, strike } from "../strike.ts";

export const killProcess: Fault = {
  id: "P1",
  title: "kill -9",
  silent: false,
  control: false,
  strikes: "trust-engine",
  diagnosis: ["process_exited"],
  healedBy: ["restart"],
  healWithinMs: 5_000,
  async inject(scene) {
    const { process } = await pickProcess(scene, this.strikes);
    return strike(scene, { undo: [], land: () => landSignal(process, "SIGKILL") });
  },
};

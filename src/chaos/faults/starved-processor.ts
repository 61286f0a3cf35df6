/**
 * M3, a control: mobile-converter gets a quarter of a processor for 20 s. It is slower and well.
 * Not to be seen, not to be healed: to restart what is merely short of time makes it worse.
 */
import type { Fault } from "../fault.ts";
import { pickProcess } from "../pick-process.ts";
import { processorQuota } from "../processor-quota.ts";
import { Refusal } from "../refusal.ts";
import { strike } from "../strike.ts";

const percent = 25;
const reason = "no control group for processor time can be made here";

export const starvedProcessor: Fault = {
  id: "M3",
  title: "control: little processor time",
  silent: true,
  control: true,
  strikes: "mobile-converter",
  diagnosis: [],
  healedBy: [],
  healWithinMs: 5_000,
  lastsMs: 20_000,
  async unavailable(scene) {
    const { process } = await pickProcess(scene, this.strikes);
    return processorQuota(process) ? undefined : reason;
  },
  async inject(scene) {
    const { process } = await pickProcess(scene, this.strikes);
    const quota = processorQuota(process);
    if (quota === undefined) throw new Refusal(reason);
    return strike(scene, {
      undo: quota.undo,
      land() {
        quota.apply(percent);
        return `${percent} % of a processor for pid ${process.pid}`;
      },
    });
  },
};

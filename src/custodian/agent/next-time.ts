import { Cron } from "croner";
import type { VaultSchedule } from "../../config/index.ts";

/** When it is due again after it was done at `lastMs`; undefined: never. Wall milliseconds. */
export function nextTime(schedule: VaultSchedule, lastMs: number): number | undefined {
  if (schedule.kind === "every") return lastMs + schedule.everyMs;
  const next = new Cron(schedule.cron, { paused: true }).nextRun(new Date(lastMs));
  return next?.getTime();
}

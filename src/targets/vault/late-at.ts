import { Cron } from "croner";
import { z } from "zod";

export const scheduleSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("every"), everyMs: z.number().positive() }),
  z.object({ kind: z.literal("cron"), cron: z.string().min(1) }),
]);

/** A run may take its time, and the machine may have been off for a while. */
const patienceMs = { every: 600_000, cron: 3_600_000 } as const;

/**
 * When the run that follows one at `lastMs` is late: after two intervals, or an hour behind its
 * time. Undefined: it never is due.
 */
export function lateAt(
  schedule: z.infer<typeof scheduleSchema> | undefined,
  lastMs: number,
): number | undefined {
  if (schedule === undefined) return undefined;
  if (schedule.kind === "every") return lastMs + 2 * schedule.everyMs + patienceMs.every;
  const next = new Cron(schedule.cron, { paused: true }).nextRun(new Date(lastMs));
  return next === null ? undefined : next.getTime() + patienceMs.cron;
}

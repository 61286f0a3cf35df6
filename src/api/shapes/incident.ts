/** Incidents with all that belongs to them. */
import { z } from "zod";
import { resource } from "./fleet.ts";
import { actionRow, failureRow, severity } from "./rows.ts";

const time = z.number();

const incidentState = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("open") }),
  z.object({ kind: z.literal("recovering"), action: z.string() }),
  z.object({ kind: z.literal("verifying"), action: z.string() }),
  z.object({ kind: z.literal("resolved"), at: time, by: z.string() }),
  z.object({ kind: z.literal("escalated"), at: time, reason: z.string() }),
]);

export const incident = z.object({
  id: z.string(),
  openedAt: time,
  cause: resource,
  title: z.string(),
  severity,
  failures: z.array(z.string()),
  victims: z.array(z.string()),
  state: incidentState,
  relapses: z.number(),
  reopened: z.object({ at: time, reason: z.string() }).optional(),
  relapsedAt: z.array(time).optional(),
  toldOftenAt: time.optional(),
});

const verdict = z.object({
  actionId: z.string(),
  strategy: z.string(),
  healed: z.boolean(),
  reason: z.string(),
  at: time,
  healedAfterMs: z.number().nullable(),
});

const timelineItem = z.object({
  at: time,
  kind: z.string(),
  text: z.string(),
});

export const incidentStory = incident.extend({
  failureRows: z.array(failureRow),
  victimRows: z.array(failureRow),
  actions: z.array(actionRow),
  verdicts: z.array(verdict),
  timeline: z.array(timelineItem),
});

/** An action that is not over, as the loop sees it. */
export const actionUnderWay = z.object({
  id: z.string(),
  at: time,
  state: z.string(),
  strategy: z.string(),
  resource,
  reason: z.string(),
  irreversible: z.boolean(),
  steps: z.array(z.string()),
  /** What the first steps would do, as far as that was looked at for who is asked to approve. */
  preview: z.array(z.string()),
});

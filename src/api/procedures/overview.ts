import { z } from "zod";
import { takeOverview } from "../figures/overview.ts";
import { mode, resourceState, service } from "../shapes/fleet.ts";
import { incident } from "../shapes/incident.ts";
import { nothing } from "../shapes/inputs.ts";
import { procedure } from "./procedure.ts";

export const overview = procedure({
  method: "GET",
  path: "/api/v1/overview",
  access: "read",
  summary: "The fleet at a glance, with a verdict in one sentence",
  input: nothing,
  output: z.object({
    fleet: z.string(),
    version: z.string(),
    at: z.number(),
    startedAt: z.number(),
    mode,
    verdict: z.object({ kind: z.enum(["well", "busy", "trouble"]), text: z.string() }),
    services: z.array(service),
    resources: z.object({
      total: z.number(),
      healthy: z.number(),
      unwell: z.array(resourceState),
    }),
    incidents: z.array(incident.extend({ summary: z.string(), openVictims: z.number() })),
    waitingForApproval: z.number(),
    journal: z.object({
      kept: z.enum(["store", "emergency", "memory"]),
      position: z.number().nullable(),
    }),
  }),
  run: ({ house }) => takeOverview(house),
});

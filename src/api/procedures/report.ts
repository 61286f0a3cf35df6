import { z } from "zod";
import { makeHealingReport } from "../figures/healing-report.ts";
import { procedure } from "./procedure.ts";

const share = z.number().min(0).max(1);

const healingReport = z.object({
  fromAt: z.number(),
  toAt: z.number(),
  /** True when the window holds more rows than are read. */
  isPartial: z.boolean(),
  problemsDetected: z.number(),
  problemsHealed: z.number(),
  /** Healed, and no person had asked for anything. */
  healedByItself: z.number(),
  failoversExecuted: z.number(),
  actions: z.object({
    taken: z.number(),
    helped: z.number(),
    didNotHelp: z.number(),
    takenBack: z.number(),
  }),
  recoveryMs: z.object({ median: z.number().nullable(), worst: z.number().nullable() }),
  systemHealthImprovement: z.object({
    scoreBefore: share,
    scoreNow: share,
    improvement: z.number(),
  }),
  uptimeImpact: z.object({
    availability: share,
    downMs: z.number(),
    services: z.array(
      z.object({
        service: z.string(),
        availability: share,
        downMs: z.number(),
        failures: z.number(),
        healthScore: share,
      }),
    ),
  }),
  userImpact: z.object({
    /** As the front proxy counted them since it began. */
    requests: z.number(),
    failedRequests: z.number(),
    heldRequests: z.number(),
    affectedServices: z.array(z.string()),
    text: z.string(),
  }),
  actionItems: z.array(z.object({ resource: z.string(), text: z.string() })),
});

export const healing = procedure({
  method: "GET",
  path: "/api/v1/reports/healing",
  access: "read",
  summary: "What was detected, what was healed, what it cost; computed from the tables",
  input: z.object({
    hours: z.coerce
      .number<number>()
      .positive()
      .max(24 * 90)
      .default(24),
  }),
  output: healingReport,
  run: ({ house }, { hours }) => makeHealingReport(house, hours * 3_600_000),
});

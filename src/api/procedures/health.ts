import { z } from "zod";
import { lookAtHealth } from "../figures/system-health.ts";
import { predict } from "../figures/predictions.ts";
import { defined } from "../defined.ts";
import { nothing } from "../shapes/inputs.ts";
import { failureRow, severity } from "../shapes/rows.ts";
import { procedure } from "./procedure.ts";

const status = z.enum(["healthy", "degraded", "unhealthy"]);

const systemHealth = z.object({
  overall: status,
  checks: z.array(
    z.object({
      name: z.string(),
      status,
      latency: z.number(),
      message: z.string().optional(),
      metadata: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
  timestamp: z.number(),
});

export const health = procedure({
  method: "GET",
  path: "/api/v1/health",
  access: "read",
  summary: "Every check with its status; the worst decides",
  input: nothing,
  output: systemHealth,
  run: ({ house }) => lookAtHealth(house),
});

export const reliability = procedure({
  method: "GET",
  path: "/reliability",
  access: "read",
  summary: "One view of all: systems, recent errors, health, predictions",
  input: nothing,
  output: z.object({
    timestamp: z.iso.datetime(),
    systems: z.record(
      z.string(),
      z.object({ kind: z.string(), state: z.string(), reason: z.string().optional() }),
    ),
    errors: z.array(failureRow),
    health: systemHealth,
    predictions: z.array(
      z.object({
        resource: z.string(),
        type: z.string(),
        severity,
        message: z.string(),
        expectedAt: z.number().optional(),
      }),
    ),
  }),
  run: async ({ house }) => {
    const services = house
      .services()
      .map(({ name, state }) => [name, { kind: "service", state }] as const);
    const others = house
      .resources()
      .map(({ resource, kind, health: state, reason }) => {
        return [resource, { kind, state, ...defined({ reason: reason ?? undefined }) }] as const;
      });
    return {
      timestamp: new Date(house.clock.now().wallMs).toISOString(),
      systems: Object.fromEntries([...services, ...others]),
      errors: await house.store.failures({ limit: 50 }),
      health: await lookAtHealth(house),
      predictions: predict(house),
    };
  },
});

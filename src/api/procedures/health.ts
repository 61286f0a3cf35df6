import { z } from "zod";
import { defined } from "../defined.ts";
import { predict } from "../figures/predictions.ts";
import { lookAtHealth } from "../figures/system-health.ts";
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

const system = z.object({ kind: z.string(), state: z.string(), reason: z.string().optional() });
type System = z.output<typeof system>;

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
    systems: z.record(z.string(), system),
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
    const others = house.resources().map(({ resource, kind, health: state, reason }) => {
      return [resource, { kind, state, ...defined({ reason: reason ?? undefined }) }] as const;
    });
    return {
      timestamp: new Date(house.clock.now().wallMs).toISOString(),
      systems: Object.fromEntries<System>([...services, ...others]),
      errors: await house.store.failures({ limit: 50 }),
      health: await lookAtHealth(house),
      predictions: predict(house),
    };
  },
});

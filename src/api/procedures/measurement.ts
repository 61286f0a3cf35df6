import { z } from "zod";
import type { BreakerRow } from "../../model/index.ts";
import type { EngineReport } from "../../targets/index.ts";
import { defined } from "../defined.ts";
import { name, nothing } from "../shapes/inputs.ts";
import { baselineRow, breakerRow, metricRow } from "../shapes/rows.ts";
import { procedure } from "./procedure.ts";

const hourMs = 3_600_000;

export const metricsSeries = procedure({
  method: "GET",
  path: "/api/v1/metrics-series",
  access: "read",
  summary: "Rolled-up measurements, oldest first; the last hour unless said otherwise",
  input: z.object({
    source: name.optional(),
    metricName: name.optional(),
    fromAt: z.coerce.number<number>().optional(),
    toAt: z.coerce.number<number>().optional(),
    limit: z.coerce.number<number>().int().min(1).max(10_000).default(1000),
  }),
  output: z.array(metricRow),
  run: ({ house }, input) => {
    const toAt = input.toAt ?? house.clock.now().wallMs;
    const { source, metricName, limit } = input;
    const fromAt = input.fromAt ?? toAt - hourMs;
    return house.store.metrics({ fromAt, toAt, limit, ...defined({ source, metricName }) });
  },
});

export const baselines = procedure({
  method: "GET",
  path: "/api/v1/baselines",
  access: "read",
  summary: "What is normal for each series over 1 h, 24 h and 7 d",
  input: z.object({ source: name.optional() }),
  output: z.array(baselineRow),
  run: ({ house }, { source }) => house.store.baselines(source),
});

export const breakers = procedure({
  method: "GET",
  path: "/api/v1/breakers",
  access: "read",
  summary: "Circuit breakers: those that were stored, and those that engines tell of now",
  input: nothing,
  output: z.array(breakerRow),
  run: async ({ house }) => [...(await house.store.breakers()), ...house.engines().flatMap(told)],
});

/** When one opened, and what it was set to, only its engine knows. */
function told({ service, id, operations, seenAt }: EngineReport): readonly BreakerRow[] {
  return operations.flatMap(({ name: operation, breaker, breakerEnforced, calls, failed }) =>
    breaker === null
      ? []
      : [
          {
            circuitName: `${service}/${operation}@${id}`,
            state: breaker === "isolated" ? "open" : breaker,
            failureCount: failed,
            successCount: calls - failed,
            lastFailureAt: null,
            lastSuccessAt: null,
            openedAt: null,
            nextRetryAt: null,
            configuration: breakerEnforced === false ? { enforced: false } : null,
            updatedAt: seenAt,
          },
        ],
  );
}

import { z } from "zod";
import { visibleEngine } from "../visible.ts";
import { procedure } from "./procedure.ts";

const time = z.number();
const counts = z.record(z.string(), z.number());

const operation = z.object({
  name: z.string(),
  calls: z.number(),
  failed: z.number(),
  failures: counts.describe("by category of the error"),
  inFlight: z.number(),
  p50Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
  breaker: z.enum(["closed", "half_open", "open", "isolated"]).nullable(),
  decisions: z.record(z.string(), z.object({ enforced: z.number(), detected: z.number() })),
});

const failure = z.object({
  at: time,
  event: z.string(),
  severity: z.string(),
  operation: z.string().nullable(),
  category: z.string().nullable(),
  message: z.string(),
  count: z.number().describe("for how many it stands"),
  requestId: z.string().nullable(),
  userId: z.string().nullable(),
});

const series = z.object({
  name: z.string(),
  unit: z.string(),
  attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  value: z.number(),
  at: time,
});

export const engines = procedure({
  method: "GET",
  path: "/api/v1/engines",
  access: "read",
  summary: "What engines inside services, and other senders of OTLP, told of themselves",
  input: z.object({ service: z.string().max(200).optional() }),
  output: z.array(
    z.object({
      service: z.string(),
      id: z.string(),
      pid: z.number().nullable(),
      host: z.string().nullable(),
      sender: z.string(),
      firstSeenAt: time,
      seenAt: time,
      operations: z.array(operation),
      failures: z.array(failure).describe("newest first"),
      series: z.array(series).describe("what it measures besides: the last value of each"),
      spans: z.number(),
      failedSpans: z.number(),
      refused: z.number().describe("points and lines that found no room"),
    }),
  ),
  run: ({ house, caller }, { service }) =>
    house
      .engines()
      .filter((engine) => service === undefined || engine.service === service)
      .map((engine) => visibleEngine(engine, caller)),
});

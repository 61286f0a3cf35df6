import { z } from "zod";
import { SoulMirrorError } from "../../kernel/index.ts";
import { findService } from "../find-resource.ts";
import { mode } from "../shapes/fleet.ts";
import { name, nothing } from "../shapes/inputs.ts";
import { steeredService } from "../steered-service.ts";
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

const wish = z.object({
  version: z.number().describe("counts the changes; 0: nobody has ever wanted anything"),
  mode: mode.nullable(),
  isolated: z.record(z.string(), z.string()).describe("operations, and why"),
});

const link = z.object({
  instance: z.string(),
  since: time,
  version: z.number().nullable().describe("of the wish that it goes by, as it has acknowledged"),
  mode: mode.nullable().describe("in force there; it may be stricter than what is wanted"),
  open: z.array(z.string()).describe("circuits that it has opened by what it has seen itself"),
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
      wanted: wish,
      link: link.nullable().describe("null: it does not listen for what is wanted"),
    }),
  ),
  run: ({ house, caller }, { service }) =>
    house
      .engines()
      .filter((engine) => service === undefined || engine.service === service)
      .map((engine) => ({
        ...visibleEngine(engine, caller),
        wanted: house.steering.wishOf(engine.service),
        link: house.steering.linkOf(engine.service, engine.id) ?? null,
      })),
});

export const steeredEngines = procedure({
  method: "GET",
  path: "/api/v1/engines/wanted",
  access: "read",
  summary: "What is wanted of the engines inside services, and which of them have acknowledged it",
  input: nothing,
  output: z.array(z.object({ service: z.string(), wish, engines: z.array(link) })),
  run: ({ house }) => house.steering.services(),
});

export const steerEngines = procedure({
  method: "POST",
  path: "/api/v1/engines/wanted",
  access: "act",
  summary: "Restrict the engines inside a service: a mode at most, an operation isolated",
  input: z.object({
    service: name,
    mode: mode.nullable().optional().describe("null takes it back"),
    isolate: z.object({ operation: name, reason: name }).optional(),
    release: name.optional().describe("an operation that was isolated"),
  }),
  output: wish,
  run: async ({ house, caller }, { service, ...change }) => {
    const found = findService(house, service).name;
    if (Object.values(change).every((value) => value === undefined)) {
      throw new SoulMirrorError("BAD_REQUEST", "nothing is wanted", {
        fix: "give `mode`, `isolate` or `release`",
      });
    }
    return await house.steer(found, change, caller.name);
  },
});

export const engineStand = procedure({
  method: "POST",
  path: "/api/v1/engine/control",
  access: "engine",
  summary: "For engines: which wish they go by, and which circuits they have opened",
  input: z.object({
    service: name.optional().describe("where no token of a service is shown"),
    instance: name,
    version: z.number().int().min(0).nullable(),
    mode,
    open: z.array(z.object({ name, forMs: z.number().min(0).max(86_400_000) })).max(100),
  }),
  output: z.object({ heard: z.literal(true) }),
  run: ({ house, caller }, { service, ...stand }) => {
    if (house.steering.hear(steeredService(caller, service), stand))
      return { heard: true as const };
    throw new SoulMirrorError("CONFLICT", `no engine ${stand.instance} listens`, {
      fix: "open GET /api/v1/engine/control first",
    });
  },
});

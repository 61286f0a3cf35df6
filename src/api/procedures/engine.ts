import { z } from "zod";
import { type LimitName, limitBounds, SoulMirrorError } from "../../kernel/index.ts";
import { sharedErrors } from "../../targets/index.ts";
import { checkSteering } from "../check-steering.ts";
import { findService } from "../find-resource.ts";
import { mode } from "../shapes/fleet.ts";
import { name, nothing } from "../shapes/inputs.ts";
import { steeredService } from "../steered-service.ts";
import { visibleEngine } from "../visible.ts";
import { procedure } from "./procedure.ts";

const time = z.number();
const forMsMax = 30 * 86_400_000;

/** What is below it would refuse next to everything: isolating says so, with a reason. */
function bounded(limit: LimitName, unit: string) {
  const { min, max } = limitBounds[limit];
  const low = `${limit}: below ${min} ${unit} next to nothing gets through; isolate it instead`;
  return z.number().min(min, low).max(max, `${limit}: at most ${max} ${unit}`);
}
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
  breakerEnforced: z
    .boolean()
    .nullable()
    .describe("false: it turns nothing away, because the mode or a switch only lets it be told"),
  breakerReason: z.string().nullable().describe("why it is isolated, where it is"),
  decisions: z.record(z.string(), z.object({ enforced: z.number(), detected: z.number() })),
});

const provider = z.object({
  name: z.string(),
  ring: z.string().describe("which providers stand in for each other"),
  state: z.enum(["serving", "held", "ejected"]),
  place: z.number().nullable().describe("1: asked first; null: not asked now"),
  calls: z.number(),
  faults: z.number(),
  failureRate: z.number().describe("share of faults of late"),
  latencyMs: z.number().nullable(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  spent: z.number().nullable().describe("in the currency of the declared prices"),
  wish: z.enum(["prefer", "eject"]).nullable().describe("of a person, as the engine goes by it"),
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

const error = z.object({
  id: z.string().describe("the same for the same error in every engine"),
  headline: z.string().describe("its way through wrapped services, and what it is"),
  origin: z.string().describe("the operation where it arises most"),
  resource: z.string().nullable().describe("what it is about, such as 127.0.0.1:5432"),
  category: z.string(),
  calls: z.number(),
  isBursting: z.boolean(),
  relation: z.string().nullable().describe("what it follows, or comes with"),
  at: time.describe("when it was last seen to happen"),
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
  providers: z
    .record(z.string(), z.object({ kind: z.enum(["prefer", "eject"]), reason: z.string() }))
    .describe("AI providers that are asked first, or not at all"),
  limits: z
    .record(
      z.string(),
      z.object({
        timeoutMs: z.number().optional(),
        concurrency: z.number().optional(),
        perSecond: z.number().optional(),
      }),
    )
    .describe("by operation, or by what was wrapped"),
  said: z
    .record(
      z.string(),
      z.object({
        by: z.string(),
        at: time,
        until: time.nullable(),
        reason: z.string().nullable(),
      }),
    )
    .describe("who wants each part: mode, isolate NAME, provider NAME, limit NAME"),
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
      figuresAt: time.nullable().describe("when the last figures of its operations came"),
      operations: z.array(operation),
      providers: z.array(provider),
      errors: z.array(error).describe("what fails, each error once; the most frequent first"),
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

export const errorsShared = procedure({
  method: "GET",
  path: "/api/v1/engines/errors",
  access: "read",
  summary: "What several services fail on at the same time: one resource, and one trouble",
  input: nothing,
  output: z.array(
    z.object({
      resource: z.string(),
      services: z.array(z.string()),
      categories: z.array(z.string()),
      calls: z.number(),
      at: time.describe("when the last of them failed on it"),
    }),
  ),
  run: ({ house }) => sharedErrors(house.engines(), house.clock.now().wallMs),
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
  summary: "Steer the engines inside a service: mode, isolated operations, limits, AI providers",
  input: z.object({
    service: name,
    mode: mode.nullable().optional().describe("at most; null takes it back"),
    isolate: z.object({ operation: name, reason: name }).optional(),
    release: name.optional().describe("an operation that was isolated"),
    prefer: name.optional().describe("an AI provider to ask first"),
    eject: name.optional().describe("an AI provider not to ask"),
    readmit: name.optional().describe("an AI provider to ask as usual again"),
    limit: z
      .object({
        operation: name,
        timeoutMs: bounded("timeoutMs", "ms").int(),
        concurrency: bounded("concurrency", "calls at once").int(),
        perSecond: bounded("perSecond", "calls per second"),
      })
      .partial({ timeoutMs: true, concurrency: true, perSecond: true })
      .optional()
      .describe("of an operation, or of all of something that was wrapped"),
    unlimit: name.optional().describe("an operation whose limits are taken back"),
    reason: name.optional().describe("of everything that is wanted here"),
    forMs: z.number().int().min(1000).max(forMsMax).optional().describe("it ends by itself then"),
    who: z.string().min(1).max(80).optional().describe("for the journal: who asks with this token"),
    unseen: z.boolean().optional().describe("also what no engine has told of yet"),
  }),
  output: wish,
  run: async ({ house, caller }, { service, who, unseen = false, ...change }) => {
    const found = findService(house, service).name;
    const { reason: _, forMs: _ms, ...wanted } = change;
    if (Object.values(wanted).every((value) => value === undefined)) {
      throw new SoulMirrorError("BAD_REQUEST", "nothing is wanted", {
        fix: "give `mode`, `isolate`, `release`, `prefer`, `eject`, `readmit`, `limit` or `unlimit`",
      });
    }
    checkSteering(house, { service: found, change, unseen });
    const by = who === undefined ? caller.name : `${who} (${caller.name})`;
    return await house.steer(found, change, by);
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

/**
 * How people write what concerns the in-process engine: the section `engine`, and of a service the
 * policies of its calls, for the service and for single methods.
 */
import { z } from "zod";
import { engineParts } from "../kernel/index.ts";
import { strategies, strategy } from "./schema-hooks.ts";
import { address, probe } from "./schema-probes.ts";
import { duration, fraction, mode, oneOf, record, text, whole, yesOrNo } from "./schema-values.ts";

const part = oneOf(engineParts);

const parts = z.union([z.array(part), part], {
  error: "expected parts of the engine\nwrite for example [breaker, retry]",
});

const rate = fraction().describe("Share of the calls within `window`");

const growth = z
  .number({ error: "expected a number from 1 to 10\nwrite for example 2" })
  .min(1, { error: "expected a number from 1 to 10\nwrite for example 2" })
  .max(10, { error: "expected a number from 1 to 10\nwrite for example 2" });

/** `timeout: 10` is meant as seconds by nearly everybody who writes it. */
const callTimeout = duration.refine((value) => !isShort(value), {
  error: ({ input }) => {
    const given = String(input);
    return `expected a duration with a unit\n${given} is ${given} ms: write ${given}s, or ${given}ms`;
  },
});

function isShort(value: string | number): boolean {
  return /^\d+(?:\.\d+)?$/.test(`${value}`.trim()) && Number(value) > 0 && Number(value) < 100;
}

const pause = duration.describe("Duration: 500ms, 30s, 1m");

const retry = record({
  attempts: whole(1, 20).optional().describe("Calls at most, the first one included"),
  delay: pause.optional().describe("Before the second call"),
  growth: growth.optional(),
  delay_max: pause.optional(),
  budget: rate.optional().describe("Share of retries among all calls"),
});

const breaker = record({
  enabled: yesOrNo.optional(),
  failure_threshold: whole(0, 1_000_000).optional().describe("Faults in a row; 0: never"),
  success_threshold: whole(1, 1000).optional(),
  reset_timeout: pause.optional().describe("How long it stays open"),
  reset_growth: growth.optional(),
  reset_timeout_max: pause.optional(),
  failure_rate: rate.optional(),
  slow_call_rate: rate.optional(),
  slow_call: pause.optional().describe("So long is slow"),
  window: duration.optional(),
  minimum_calls: whole(1).optional(),
});

const breakerOrSwitch = z.union([yesOrNo, breaker], {
  error: "expected false, true or { failure_threshold: 5 }\nwrite false to switch it off",
});

const bulkhead = record({
  limit: whole(1, 1_000_000).describe("Calls under way at once"),
  queue: whole(0, 1_000_000).optional().describe("Calls that may wait"),
});

const strategiesOrWords = z.union(
  [
    strategies,
    text.refine(
      (value) => value.split(",").every((word) => strategy.safeParse(word.trim()).success),
      { error: "expected strategies\nwrite restart, reconnect or failover" },
    ),
  ],
  { error: "expected a strategy or a list of them\nwrite restart or [reconnect, restart]" },
);

/** What a service and each of its methods may say of their calls. */
const calls = {
  mode: mode.optional(),
  limited_to: parts.optional(),
  timeout: callTimeout.optional().describe("Longest time for a call; 0: none"),
  auto_retry: yesOrNo.optional().describe("True: its calls may be done twice; false: never"),
  retry: retry.optional(),
  breaker: breakerOrSwitch.optional(),
  bulkhead: bulkhead.optional(),
};

const methods = z
  .record(text, record(calls), { error: "expected methods by name\nwrite NAME: { timeout: 5s }" })
  .optional();

const service = record({
  ...calls,
  recovery_strategy: strategiesOrWords.optional(),
  health_check: probe.optional(),
  listen: address.optional(),
  methods,
});

const switches = record({
  engine: yesOrNo.optional(),
  self_healing: yesOrNo.optional(),
  instrumentation: yesOrNo.optional(),
  health_monitoring: yesOrNo.optional(),
  breakers: yesOrNo.optional(),
  auto_recovery: yesOrNo.optional(),
  retry: yesOrNo.optional(),
  failover: yesOrNo.optional(),
  silent_errors: yesOrNo.optional(),
  predictions: yesOrNo.optional(),
});

const defaults = record({ ...calls, recovery_strategy: strategiesOrWords.optional() });

const engine = record({
  mode: mode.optional(),
  limited_to: parts.optional(),
  switches: switches.optional(),
  defaults: defaults.optional(),
  telemetry: record({
    batch_size: whole(1, 100_000).optional(),
    flush_interval: duration.optional(),
    redis_stream: text.optional(),
    redis_url: text.optional(),
  }).optional(),
  health: record({ interval: duration.optional(), timeout: duration.optional() }).optional(),
});

export const engineFileSchema = record({
  mode: mode.optional(),
  engine: engine.optional(),
  services: z
    .record(text, service, { error: "expected services by name\nwrite NAME: { timeout: 30s }" })
    .optional(),
});

/** Keys of a service that mean nothing to the daemon. */
export const engineOnlyKeys: readonly string[] = [
  "limited_to",
  "retry",
  "breaker",
  "bulkhead",
  "methods",
];
/** What stands below `engine.defaults`. */
export const engineDefaultKeys: readonly string[] = Object.keys(defaults.shape);
export const engineServiceKeys: readonly string[] = Object.keys(service.shape);

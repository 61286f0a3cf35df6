/**
 * The one schema of what people write: the fleet file. Defaults are part of it, so that editors
 * show the very values that take effect. Resources are validated kind by kind in `validate.ts`.
 */
import { z } from "zod";
import { strategy } from "./schema-hooks.ts";
import { cadence, looks } from "./schema-probes.ts";
import { severity } from "./schema-resources.ts";
import { service } from "./schema-service.ts";
import {
  duration,
  fraction,
  hostNames,
  interval,
  mode,
  named,
  port,
  record,
  text,
  texts,
  whole,
  yesOrNo,
} from "./schema-values.ts";
import { vault } from "./schema-vaults.ts";

const budgets = record({
  per_resource: whole(0).default(5).describe("Actions on one resource within `window`"),
  per_fleet: whole(0).default(20).describe("Actions on the whole fleet within `window`"),
  window: duration.default("10m"),
  cool_down: duration.default("1s").describe("Pause between two attempts; grows"),
  cool_down_max: duration.default("60s"),
  crashes: whole(1).default(10).describe("Crashes that put an instance into quarantine"),
  crash_window: duration.default("10m"),
  healthy_run: duration.default("10s").describe("After it, counters start anew"),
  relapses: whole(1).default(5).describe("So many relapses of one incident are told to a person"),
  relapse_window: duration.default("1h"),
});

const thresholds = record({
  error_rate: fraction()
    .optional()
    .describe("Share of looks, and of requests at the front proxy, that may fail"),
  response_time: duration.optional().describe("How long a good answer to a probe may take"),
  memory_usage: fraction().optional().describe("Of the machine; needs a resource host/NAME"),
  cpu_usage: fraction().optional().describe("Of the machine; needs a resource host/NAME"),
});

const detection = record({
  watch: duration.default("5s").describe("So long must observations stay good to be healed"),
  verify_deadline: duration.default("30s").describe("No proof by then is not healed"),
  relapse: duration.default("10m").describe("The same again within this time is a relapse"),
  correlate: duration.default("10s").describe("Failures this near to a cause may be its victims"),
  exhaustion_lead: duration.default("60s").describe("A nearer exhaustion is acted upon"),
  disk_full_within: duration.default("24h"),
  certificate_days: whole(0, 3650).default(14),
  clock_jump: duration.default("1s"),
  deviation: yesOrNo.default(true).describe("Whether what is far from the usual is told"),
  thresholds: thresholds.prefault({}),
  connectivity: texts
    .prefault([])
    .describe("HOST:PORT that tell whether the watcher itself has a network"),
});

const api = z
  .union(
    [
      port,
      record({
        host: text.default("127.0.0.1"),
        port: port.default(5050),
        hosts: hostNames.prefault([]).describe("Further names it is reached by, over a proxy say"),
      }),
    ],
    { error: "expected a port or { host, port, hosts }\nwrite 5050" },
  )
  .prefault({})
  .describe("Where the API and the page are");

const { command: _required, ...optional } = service.shape;

export const fleetSchema = record({
  fleet: text.default("fleet").describe("Name of the fleet"),
  mode: mode.default("full"),
  services: named(service, "service").prefault({}).describe("What is kept running"),
  resources: z
    .record(z.string(), z.unknown(), { error: "expected resources\nwrite KIND/NAME: { ... }" })
    .prefault({})
    .describe("What is watched, by KIND/NAME"),
  vaults: named(vault, "vault").prefault({}).describe("What is protected, and where it is kept"),
  strategy_modes: z.record(strategy, mode).prefault({}).describe("Modes of single strategies"),
  limited_to: z
    .union([strategy, z.array(strategy)], { error: "expected strategies\nwrite [restart]" })
    .prefault([])
    .describe("Strategies that act in mode limited"),
  budgets: budgets.prefault({}).describe("How much may be done"),
  detection: detection.prefault({}).describe("When something counts as wrong, and as healed"),
  retention: record({
    metrics: duration.default("7d"),
    failures: duration.default("90d"),
    journal: duration.default("90d"),
  })
    .prefault({})
    .describe("How long things are kept"),
  api,
  defaults: record({
    services: record(optional).partial().optional().describe("For every service"),
    probes: record({
      ...cadence,
      interval: interval.default("1s"),
      timeout: duration.default("500ms"),
      down: looks.default(2),
      of: looks.default(3),
      up: whole(1, 1000).default(2),
    })
      .prefault({})
      .describe("For every probe of a service"),
    resources: record({
      ...cadence,
      interval: interval.default("10s"),
      timeout: duration.default("5s"),
      down: looks.default(2),
      of: looks.default(3),
      up: whole(1, 1000).default(2),
      mode: mode.default("full"),
      severity: severity.default("medium"),
    })
      .prefault({})
      .describe("For every resource"),
  }).prefault({}),
});

export type WrittenFleet = z.infer<typeof fleetSchema>;

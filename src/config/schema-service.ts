/** How people write a service. */
import { z } from "zod";
import { hooks, strategies } from "./schema-hooks.ts";
import { address, probe, work } from "./schema-probes.ts";
import {
  command,
  duration,
  mode,
  oneOf,
  record,
  secretText,
  size,
  text,
  texts,
  whole,
  yesOrNo,
} from "./schema-values.ts";

const signals = [
  "SIGTERM",
  "SIGINT",
  "SIGQUIT",
  "SIGHUP",
  "SIGUSR1",
  "SIGUSR2",
  "SIGWINCH",
  "SIGKILL",
] as const;

const account = z
  .union([text, z.int().min(0)], { error: "expected a name or a number\nwrite www-data" })
  .describe("Name or number of the account; needs root");

const percent = z
  .union([z.number().positive(), z.string().regex(/^\d+(\.\d+)?%$/)], {
    error: "expected a percentage\nwrite 150 or 150%",
  })
  .describe("Percent of one core; held by a control group, or without effect");

const limits = record({
  memory: size.optional(),
  descriptors: whole(8).optional(),
  processes: whole(1).optional(),
  cpu: percent.optional(),
});

const stop = record({
  signal: oneOf(signals).default("SIGTERM"),
  grace: duration.default("10s").describe("Then the whole group is killed"),
  drain: duration.default("30s").describe("Time for requests in flight"),
});

export const service = record({
  command,
  cwd: text.optional().describe("Default: the folder of the fleet file"),
  env: z
    .record(z.string().regex(/^[^=\0]+$/), secretText, {
      error: "expected variables with values\nwrite { NAME: value }",
    })
    .prefault({})
    .describe("Added to the environment; { env: NAME } takes a secret from the daemon's own"),
  listen: address.optional().describe("Owned by the front proxy; instances get PORT"),
  instances: whole(1, 1000).default(1).describe("More than one needs `listen`"),
  depends_on: texts.optional().describe("NAME or KIND/NAME of what it needs"),
  mode: mode.default("full"),
  restart: oneOf(["always", "on-failure", "never"])
    .default("always")
    .describe("Acts in every mode but off"),
  health_check: probe.optional().describe("Liveness, readiness and startup in one"),
  startup: probe.optional().describe("Asked until it passes once; nothing else is before"),
  readiness: probe.optional().describe("Not ready: gets no requests, is not restarted"),
  liveness: probe.optional().describe("Not alive: is healed"),
  work: z
    .array(work, { error: "expected a list\nwrite [{ counter: NAME, waiting: NAME }]" })
    .prefault([])
    .describe("Counters that must grow while work waits"),
  limits: limits.prefault({}).describe("What an instance may use"),
  stop: stop.prefault({}),
  start: record({ timeout: duration.default("30s") }).prefault({}),
  timeout: duration.default("30s").describe("Longest time for a request at the front proxy"),
  auto_retry: yesOrNo.default(true).describe("Idempotent requests may be tried again"),
  recovery_strategy: strategies.optional(),
  ...hooks,
  scale: record({ max: whole(1, 1000).optional() }).optional(),
  user: account.optional(),
  group: account.optional(),
  pid_file: text.optional(),
  log: record({
    max_size: size.default("10MB"),
    keep: whole(0, 1000).default(5).describe("Rotated files that are kept"),
  }).prefault({}),
});

export type WrittenService = z.infer<typeof service>;

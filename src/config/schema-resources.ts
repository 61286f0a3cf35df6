/** What is watched and is not a service of ours: one schema a kind. */
import { z } from "zod";
import { hooks, strategies } from "./schema-hooks.ts";
import {
  authorities,
  cadence,
  expectation,
  headers,
  httpRequest,
  seriesList,
} from "./schema-probes.ts";
import {
  command,
  duration,
  fraction,
  httpUrl,
  interval,
  mode,
  oneOf,
  pattern,
  port,
  record,
  secretText,
  size,
  text,
  texts,
  whole,
} from "./schema-values.ts";

export const severity = oneOf(["low", "medium", "high", "critical"]);

/** What every resource may have. */
const resourceCommon = {
  ...cadence,
  mode: mode.optional(),
  severity: severity.optional().describe("Default medium"),
  depends_on: texts.optional().describe("NAME or KIND/NAME of what it needs"),
  recovery_strategy: strategies.optional(),
  ...hooks,
};

const host = text.describe("Name or address");

export const resourceSchemas = {
  http: record({
    url: httpUrl,
    ...httpRequest,
    expect: expectation.optional(),
    days: whole(0, 3650).optional().describe("The certificate must be valid for so many days"),
    ...resourceCommon,
  }).describe("An HTTP answer"),
  tcp: record({ host: host.default("127.0.0.1"), port, ...resourceCommon }).describe(
    "A port that accepts connections",
  ),
  dns: record({
    name: text,
    type: oneOf(["A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"]).default("A"),
    expect: texts.optional().describe("Answers that must be among those given"),
    server: text.optional().describe("Default: the system's"),
    ...resourceCommon,
  }).describe("A name that resolves"),
  tls: record({
    host,
    port: port.default(443),
    servername: text.optional(),
    authorities: authorities.optional(),
    days: whole(0, 3650).optional().describe("Default: detection.certificate_days"),
    ...resourceCommon,
  }).describe("A certificate"),
  command: record({
    command,
    cwd: text.optional(),
    env: z.record(z.string(), secretText).optional(),
    expect: expectation.optional(),
    ...resourceCommon,
  }).describe("A command that ends well"),
  files: record({
    path: text.describe("File, folder or glob; the newest counts"),
    max_age: duration.optional(),
    min_bytes: size.optional(),
    ...resourceCommon,
  }).describe("Files that must be there, fresh and not empty"),
  log: record({
    file: text.describe("File or glob"),
    pattern: z
      .union([pattern, z.array(pattern).min(1, { error: "it is empty\nname a pattern" })], {
        error: "expected a pattern or a list of them\nwrite FATAL or /fatal|panic/i",
      })
      .describe("Text or /expression/; several as a list"),
    threshold: whole(1).default(1).describe("So many matches within `window`"),
    window: duration.default("1m"),
    ...resourceCommon,
  }).describe("Lines in a log file"),
  heartbeat: record({
    every: interval,
    grace: duration.optional().describe("Default: half of `every`"),
    ...resourceCommon,
  }).describe("A dead-man switch: somebody must report"),
  prometheus: record({
    url: httpUrl,
    headers: headers.optional(),
    authorities: authorities.optional(),
    series: seriesList,
    ...resourceCommon,
  }).describe("Thresholds on series of a Prometheus text"),
  host: record({
    disks: texts.prefault(["/"]).describe("Paths whose file systems are watched"),
    interfaces: texts.optional().describe("Network interfaces; default all but loopback"),
    thresholds: record({
      cpu: fraction().optional(),
      memory: fraction().optional(),
      disk: fraction().optional(),
      inodes: fraction().optional(),
      swap: fraction().optional(),
      load: fraction(1000).optional().describe("Per core"),
      descriptors: fraction().optional().describe("Of the most that the kernel opens at a time"),
      pressure_cpu: fraction().optional().describe("Share of 10 s in which something waited"),
      pressure_memory: fraction().optional(),
      pressure_io: fraction().optional(),
      network_errors: fraction(1_000_000).optional().describe("Each second, of each interface"),
      network_drops: fraction(1_000_000).optional(),
    }).prefault({}),
    ...resourceCommon,
  }).describe("The machine itself"),
} as const;

export type ResourceKind = keyof typeof resourceSchemas;

export type WrittenResource = {
  [Kind in ResourceKind]: {
    readonly kind: Kind;
    readonly written: z.infer<(typeof resourceSchemas)[Kind]>;
  };
}[ResourceKind];

export const resourceKinds = Object.keys(resourceSchemas) as readonly ResourceKind[];

/** `kind/name`; names may look like host names, mail addresses or paths of one step. */
export const resourceKey: RegExp = /^[a-z]+\/[A-Za-z0-9][A-Za-z0-9._@:-]*$/;

/** How people write probes: who is asked, how often, and what counts as a good answer. */
import { z } from "zod";
import {
  command,
  duration,
  headerName,
  headerValue,
  httpMethod,
  interval,
  number,
  pattern,
  port,
  record,
  text,
  whole,
} from "./schema-values.ts";

const statusError = 'expected a status\nwrite 200, "2xx" or [200, 204]';
const oneStatus = z.union([z.int().min(100).max(599), z.string().regex(/^[1-5](xx|\d\d)$/)]);
const status = z.union([oneStatus, z.array(oneStatus).min(1)], { error: statusError });

export const headers = z.record(headerName, headerValue).describe("Header fields");

export const expectation = record({
  status: status.optional().describe('HTTP status: 200, "2xx" or a list; default 2xx'),
  body: pattern.optional(),
  headers: z.record(z.string(), pattern).optional().describe("Text or /expression/ per header"),
  json: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .optional()
    .describe("Value per dotted path into the JSON body: { status: pass }"),
  max: interval.optional().describe("Slower answers are not good"),
  exit: whole(0, 255).optional().describe("Exit code of a command; default 0"),
  output: pattern.optional().describe("Text or /expression/ in the output of a command"),
}).describe("What a good answer looks like");

export const authorities = text.describe(
  "File of certificates (PEM) to trust instead of the system's",
);

export const httpRequest = {
  method: httpMethod.optional().describe("Default GET"),
  headers: headers.optional(),
  authorities: authorities.optional(),
  body: text.optional().describe("What is sent"),
};

/** The looks that are remembered are the bits of one number. */
export const looks = whole(1, 30);

/** How often, and how many looks make it down or up. */
export const cadence = {
  interval: interval.optional(),
  timeout: duration.optional(),
  down: looks.optional().describe("So many bad looks of the last `of` are down"),
  of: looks.optional(),
  up: whole(1, 1000).optional().describe("So many good looks in a row are up again"),
};

const addressError = 'expected an address\nwrite 6379 or "127.0.0.1:6379"';

export const address = z
  .union([port, z.string().regex(/^(\[[\da-f:]+\]|[^\s:]+):\d{1,5}$/i, { error: addressError })], {
    error: addressError,
  })
  .describe("Port, or HOST:PORT");

const probeMap = record({
  http: text.optional().describe("URL, or a path on the service's own address"),
  tcp: address.optional(),
  command: command.optional(),
  heartbeat: interval.optional().describe("The service reports by itself at least so often"),
  grace: duration.optional().describe("How much later a heartbeat may come"),
  ...httpRequest,
  expect: expectation.optional(),
  ...cadence,
});

const probeError =
  "expected a probe\nwrite a URL, /path, custom, or { http: /health, interval: 1s }";

export const probe = z
  .union([text, probeMap], { error: probeError })
  .superRefine((value, context) => {
    if (typeof value === "string") {
      if (value === "custom" || /^(\/|https?:\/\/)/.test(value)) return;
      context.addIssue({ code: "custom", message: probeError });
      return;
    }
    const asked = (["http", "tcp", "command", "heartbeat"] as const).filter(
      (key) => value[key] !== undefined,
    );
    if (asked.length === 1) return;
    const found = asked.length === 0 ? "none" : asked.join(" and ");
    const message = `expected one of http, tcp, command, heartbeat; found ${found}\nkeep one`;
    context.addIssue({ code: "custom", message });
  })
  .describe("URL, /path on the service's own address, custom (asked by nobody), or a map");

export const work = record({
  name: text.optional().describe("Default: the counter"),
  url: text.default("/metrics").describe("Prometheus text: a URL, or a path of the service"),
  headers: headers.optional(),
  counter: text.describe("Series that must grow while work waits"),
  waiting: text.describe("Series that says how much waits"),
  stall_after: interval.default("5s"),
  interval: interval.default("1s"),
  timeout: duration.default("500ms"),
}).describe("A counter that must grow while work waits");

const series = record({
  name: text.describe("Name of the series"),
  labels: z.record(z.string(), z.string()).optional(),
  above: number.optional().describe("More than this is bad"),
  below: number.optional().describe("Less than this is bad"),
  rate_above: number.optional().describe("Growing by more than this per second is bad"),
}).superRefine((value, context) => {
  if (value.above ?? value.below ?? value.rate_above) return;
  if (value.above === 0 || value.below === 0 || value.rate_above === 0) return;
  context.addIssue({
    code: "custom",
    message: "it has no limit\nadd above, below or rate_above",
  });
});

export const seriesList = z
  .array(series, { error: "expected a list of series\nwrite [{ name: NAME, above: 10 }]" })
  .min(1, { error: "it is empty\nname a series" });

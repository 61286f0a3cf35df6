/**
 * A report as `application/health+json` (draft-inadarei-api-health-check-06): pass, warn and fail.
 *
 * D1. Every check has a key `component:measurement` of its own, with one colon.
 * D2. Nothing of `metadata` is shown, and messages go through `redact`.
 * D3. Warnings are 200, as the draft wants it: only `fail` is 503.
 * D4. Why it fails is told first, in words (`output`), and the worst checks stand before the
 *     others: whoever shows the beginning of a document shows its cause.
 */

import { redact } from "../redact.ts";
import type { CheckResult, HealthReport, HealthStatus } from "./check.ts";

export const healthMediaType = "application/health+json";

type Word = "pass" | "warn" | "fail";

export interface HealthDocument {
  readonly status: Word;
  readonly version?: string;
  readonly releaseId?: string;
  readonly serviceId?: string;
  readonly description?: string;
  /** The checks that fail, or else those that warn: `database: connect ECONNREFUSED ...; ...`. */
  readonly output?: string;
  readonly checks: Readonly<Record<string, readonly HealthMeasurement[]>>;
}

export interface HealthMeasurement {
  readonly componentId: string;
  readonly componentType: "component" | "datastore" | "system";
  readonly observedValue: number;
  readonly observedUnit: "ms";
  readonly status: Word;
  readonly time: string;
  readonly output?: string;
}

export interface HealthDocumentOptions {
  /** `serviceId` of the document. */
  readonly service?: string;
  /** `releaseId`; its first number is the `version`. */
  readonly release?: string;
  readonly description?: string;
  /** False: only the status of the whole and of each check, without a word why. True by default. */
  readonly details?: boolean;
}

const words: Readonly<Record<HealthStatus, Word>> = {
  healthy: "pass",
  degraded: "warn",
  unhealthy: "fail",
};

const badness: Readonly<Record<HealthStatus, number>> = { unhealthy: 0, degraded: 1, healthy: 2 };
/** Of checks in the `output` of the whole; all of them are among `checks`. */
const toldMax = 5;

export function toHealthDocument(
  report: HealthReport,
  options: HealthDocumentOptions = {},
): HealthDocument {
  const { service, release, description, details = true } = options;
  const time = new Date(report.timestamp).toISOString();
  const checks = report.checks.toSorted((a, b) => badness[a.status] - badness[b.status]);
  const output = details ? outputOf(checks) : "";
  return {
    status: words[report.overall],
    ...(output === "" ? {} : { output }),
    ...(release === undefined ? {} : { version: release.split(".")[0] ?? "", releaseId: release }),
    ...(service === undefined ? {} : { serviceId: service }),
    ...(description === undefined ? {} : { description }),
    checks: Object.fromEntries(
      checks.map((check) => [keyOf(check.name), [measurementOf(check, time, details)]]),
    ),
  };
}

export function httpStatusOf(report: HealthReport): 200 | 503 {
  return report.overall === "unhealthy" ? 503 : 200;
}

/** Of checks with the worst first. Empty while all are well. */
function outputOf(checks: readonly CheckResult[]): string {
  const [worst] = checks;
  if (worst === undefined || worst.status === "healthy") return "";
  const alike = checks.filter(({ status }) => status === worst.status);
  const told = alike
    .slice(0, toldMax)
    .map(({ name, message = words[worst.status] }) => `${name}: ${redact(message)}`);
  const more = alike.length - told.length;
  return [...told, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

/** The draft allows one colon only: that between the component and what is measured. */
function keyOf(name: string): string {
  return `${name.replaceAll("%", "%25").replaceAll(":", "%3A")}:responseTime`;
}

const types: Readonly<Record<string, HealthMeasurement["componentType"]>> = {
  database: "datastore",
  redis: "datastore",
  memory: "system",
  cpu: "system",
  disk: "system",
  "event loop": "system",
};

function measurementOf(check: CheckResult, time: string, details: boolean): HealthMeasurement {
  const { name, status, latency, message } = check;
  return {
    componentId: name,
    componentType: types[name] ?? "component",
    observedValue: latency,
    observedUnit: "ms",
    status: words[status],
    time,
    ...(details && status !== "healthy" && message !== undefined
      ? { output: redact(message) }
      : {}),
  };
}

/**
 * A report as `application/health+json` (draft-inadarei-api-health-check-06): pass, warn and fail.
 *
 * D1. Every check has a key `component:measurement` of its own, with one colon.
 * D2. Nothing of `metadata` is shown, and messages go through `redact`.
 * D3. Warnings are 200, as the draft wants it: only `fail` is 503.
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

export function toHealthDocument(
  report: HealthReport,
  options: HealthDocumentOptions = {},
): HealthDocument {
  const { service, release, description, details = true } = options;
  const time = new Date(report.timestamp).toISOString();
  return {
    status: words[report.overall],
    ...(release === undefined ? {} : { version: release.split(".")[0] ?? "", releaseId: release }),
    ...(service === undefined ? {} : { serviceId: service }),
    ...(description === undefined ? {} : { description }),
    checks: Object.fromEntries(
      report.checks.map((check) => [keyOf(check.name), [measurementOf(check, time, details)]]),
    ),
  };
}

export function httpStatusOf(report: HealthReport): 200 | 503 {
  return report.overall === "unhealthy" ? 503 : 200;
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

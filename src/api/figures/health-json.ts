/**
 * Health as `application/health+json` (draft-inadarei-api-health-check-06): pass, warn and fail,
 * a list of measurements for each check. Warnings are still 200: whoever asks decides by them.
 */
import type { House } from "../house.ts";
import type { Check, Status, SystemHealth } from "./system-health.ts";

const words: Readonly<Record<Status, "pass" | "warn" | "fail">> = {
  healthy: "pass",
  degraded: "warn",
  unhealthy: "fail",
};

export interface HealthDocument {
  readonly status: "pass" | "warn" | "fail";
  readonly version: string;
  readonly releaseId: string;
  readonly serviceId: string;
  readonly description: string;
  readonly checks: Readonly<Record<string, readonly Measurement[]>>;
}

interface Measurement {
  readonly componentId: string;
  readonly componentType: "component" | "datastore" | "system";
  readonly status: "pass" | "warn" | "fail";
  readonly observedValue?: number | string;
  readonly observedUnit?: string;
  readonly time: string;
  readonly output?: string;
}

export function toHealthDocument(house: House, health: SystemHealth): HealthDocument {
  const time = new Date(health.timestamp).toISOString();
  return {
    status: words[health.overall],
    version: house.version.split(".")[0] ?? house.version,
    releaseId: house.version,
    serviceId: house.fleetName,
    description: `the fleet ${house.fleetName} under SoulMirror`,
    checks: Object.fromEntries(health.checks.map((check) => measure(check, time))),
  };
}

function measure(check: Check, time: string): readonly [string, readonly Measurement[]] {
  const { name, status, latency, message } = check;
  // A message about a check that passes is not an output of it.
  const output = status === "healthy" || message === undefined ? {} : { output: message };
  const common = { componentId: name, status: words[status], time, ...output };
  if (name === "store" || name === "loop") {
    const componentType = name === "store" ? "datastore" : "system";
    const key = name === "store" ? "store:responseTime" : "loop:delayP99";
    return [key, [{ ...common, componentType, observedValue: latency, observedUnit: "ms" }]];
  }
  return [
    `${name}:state`,
    [{ ...common, componentType: "component", observedValue: message ?? status }],
  ];
}

/**
 * Health as `application/health+json` (draft-inadarei-api-health-check-06): pass, warn and fail,
 * a list of measurements for each check. Warnings are still 200: whoever asks decides by them.
 *
 * J1. Every check has a key `component:measurement` of its own, with one colon: services and
 *     resources go by `kind/name`, the daemon's own parts by `soulmirror/...`, which is no kind.
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

/** What the daemon measures of itself. */
const own: Readonly<
  Record<string, Pick<Measurement, "componentType"> & { readonly what: string }>
> = {
  store: { componentType: "datastore", what: "responseTime" },
  loop: { componentType: "system", what: "delayP99" },
};

function measure(check: Check, time: string): readonly [string, readonly Measurement[]] {
  const { name, status, latency, message } = check;
  const ours = own[name];
  const componentId = ours === undefined ? name : `soulmirror/${name}`;
  // A message about a check that passes is not an output of it.
  const output = status === "healthy" || message === undefined ? {} : { output: message };
  const common = { componentId, status: words[status], time, ...output };
  // The draft allows no colon in the name of a component.
  const component = componentId.replaceAll(":", "%3A");
  if (ours === undefined) {
    const observedValue = message ?? status;
    return [`${component}:state`, [{ ...common, componentType: "component", observedValue }]];
  }
  const { componentType, what } = ours;
  const observed = { observedValue: latency, observedUnit: "ms" };
  return [`${component}:${what}`, [{ ...common, componentType, ...observed }]];
}

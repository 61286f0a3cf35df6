/** Who an engine is, in OpenTelemetry's words. */
import { hostname } from "node:os";
import { version } from "../../system/index.ts";
import type { Attributes } from "./otlp-format.ts";

export function engineResource(service: string, startedAt: number): Attributes {
  const host = hostname();
  return {
    "service.name": service,
    "service.instance.id": instanceName(startedAt),
    "host.name": host,
    "process.pid": process.pid,
    "telemetry.sdk.name": "soulmirror",
    "telemetry.sdk.language": "nodejs",
    "telemetry.sdk.version": version(),
  };
}

/** A pid comes back on a machine that runs for long; with the time of its start it does not. */
export function instanceName(startedAt: number): string {
  return `${hostname()}:${process.pid}:${Math.round(startedAt)}`;
}

/**
 * Where telemetry goes, as the environment says: what the daemon gives its services, the variables
 * of the metrics' collector, and OpenTelemetry's own.
 *
 * V1. `SOULMIRROR_ENDPOINT` wins over `OTEL_EXPORTER_OTLP_ENDPOINT`; with neither nothing is sent.
 * V2. The token goes with `SOULMIRROR_ENDPOINT` only, never to another receiver.
 */
import { SoulMirrorError } from "../../kernel/index.ts";
import { positiveNumber } from "./limits.ts";
import { collectorDefaults } from "./metrics-collector.ts";
import type { OtlpOptions } from "./otlp-transport.ts";

export interface TelemetrySettings {
  readonly batchSize: number;
  readonly flushIntervalMs: number;
  readonly redisStreamKey: string;
  readonly redisUrl: string | undefined;
  readonly otlp: OtlpOptions | undefined;
  readonly service: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws BAD_REQUEST for a number that is none, or headers that are no list of `key=value`. */
export function telemetrySettings(environment: Environment): TelemetrySettings {
  return {
    batchSize: numberIn(environment, "METRICS_BATCH_SIZE", collectorDefaults.batchSize),
    flushIntervalMs: numberIn(
      environment,
      "METRICS_FLUSH_INTERVAL_MS",
      collectorDefaults.flushIntervalMs,
    ),
    redisStreamKey: filled(environment["METRICS_REDIS_STREAM_KEY"]) ?? "metrics:stream",
    redisUrl: filled(environment["REDIS_URL"]),
    otlp: ofDaemon(environment) ?? ofCollector(environment),
    service: filled(environment["SOULMIRROR_SERVICE"]) ?? filled(environment["OTEL_SERVICE_NAME"]),
  };
}

function ofDaemon(environment: Environment): OtlpOptions | undefined {
  const endpoint = filled(environment["SOULMIRROR_ENDPOINT"]);
  return endpoint === undefined
    ? undefined
    : { endpoint, token: filled(environment["SOULMIRROR_TOKEN"]) };
}

function ofCollector(environment: Environment): OtlpOptions | undefined {
  const endpoint = filled(environment["OTEL_EXPORTER_OTLP_ENDPOINT"]);
  if (endpoint === undefined) return undefined;
  const key = "OTEL_EXPORTER_OTLP_TIMEOUT";
  const timeoutMs = numberIn(environment, key, 10_000);
  return { endpoint, headers: headersIn(environment), timeoutMs };
}

function headersIn(environment: Environment): Readonly<Record<string, string>> {
  const key = "OTEL_EXPORTER_OTLP_HEADERS";
  const pairs = filled(environment[key])?.split(",") ?? [];
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = "", ...value] = pair.split("=");
      if (name.trim() === "" || value.length === 0) {
        // The value may be a secret: it is not repeated.
        throw new SoulMirrorError("BAD_REQUEST", `${key} has a part without a name or a value`, {
          fix: `write ${key} as \`key1=value1,key2=value2\``,
        });
      }
      return [name.trim().toLowerCase(), decodeURIComponent(value.join("=").trim())];
    }),
  );
}

function numberIn(environment: Environment, key: string, fallback: number): number {
  const text = filled(environment[key]);
  if (text === undefined) return fallback;
  return positiveNumber(key, /^\d+$/.test(text) ? Number(text) : text);
}

function filled(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === "" ? undefined : trimmed;
}

/**
 * Where telemetry goes, as the environment says: to the daemon that has started this service, else
 * where OpenTelemetry's own variables point.
 *
 * V1. `SOULMIRROR_ENDPOINT` wins over `OTEL_EXPORTER_OTLP_ENDPOINT`; with neither nothing is sent.
 * V2. The token goes with `SOULMIRROR_ENDPOINT` only, never to another receiver.
 */
import {
  checkArgument,
  checkOptions,
  havingOption,
  SoulMirrorError,
  wholeOption,
} from "../../kernel/index.ts";
import type { OtlpOptions } from "./otlp-transport.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws OPTIONS_INVALID for a number that is none, or headers that are no list of `key=value`. */
export function otlpOptions(environment: Environment): OtlpOptions | undefined {
  const variables = havingOption([], "variables of an environment", "hand in process.env");
  checkArgument(["otlpOptions", "environment"], environment, variables);
  return ofDaemon(environment) ?? ofCollector(environment);
}

function ofDaemon(environment: Environment): OtlpOptions | undefined {
  const endpoint = filled(environment["SOULMIRROR_ENDPOINT"]);
  const token = filled(environment["SOULMIRROR_TOKEN"]);
  return endpoint === undefined ? undefined : { endpoint, token };
}

function ofCollector(environment: Environment): OtlpOptions | undefined {
  const endpoint = filled(environment["OTEL_EXPORTER_OTLP_ENDPOINT"]);
  if (endpoint === undefined) return undefined;
  const timeout = filled(environment["OTEL_EXPORTER_OTLP_TIMEOUT"]);
  return {
    endpoint,
    headers: headersIn(filled(environment["OTEL_EXPORTER_OTLP_HEADERS"])),
    ...(timeout === undefined ? {} : { timeoutMs: timeoutIn(timeout) }),
  };
}

function timeoutIn(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : text;
  return checkOptions("OTEL_EXPORTER_OTLP_TIMEOUT", value, wholeOption({ min: 1, max: 600_000 }));
}

function headersIn(text: string | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (text?.split(",") ?? []).map((pair) => {
      const [name = "", ...value] = pair.split("=");
      if (name.trim() !== "" && value.length > 0) {
        return [name.trim().toLowerCase(), decoded(value.join("=").trim())];
      }
      const key = "OTEL_EXPORTER_OTLP_HEADERS";
      // The value may be a secret: it is not repeated.
      throw new SoulMirrorError("OPTIONS_INVALID", `${key} has a part without a name or a value`, {
        fix: `write ${key} as \`key1=value1,key2=value2\``,
      });
    }),
  );
}

/** A value with a lone `%` was not encoded. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function filled(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === "" ? undefined : trimmed;
}

import { describe, expect, test } from "vitest";
import { telemetrySettings } from "./telemetry-settings.ts";

describe("telemetry by the environment", () => {
  test("without a word: the defaults, and nothing is sent", () => {
    expect(telemetrySettings({ METRICS_BATCH_SIZE: " " })).toEqual({
      batchSize: 100,
      flushIntervalMs: 1000,
      redisStreamKey: "metrics:stream",
      redisUrl: undefined,
      otlp: undefined,
      service: undefined,
    });
  });

  test("the variables of the collector", () => {
    const environment = {
      METRICS_BATCH_SIZE: "20",
      METRICS_FLUSH_INTERVAL_MS: "250",
      METRICS_REDIS_STREAM_KEY: "m",
      REDIS_URL: "redis://localhost",
    };
    const set = { batchSize: 20, flushIntervalMs: 250, redisStreamKey: "m" };
    expect(telemetrySettings(environment)).toMatchObject({ ...set, redisUrl: "redis://localhost" });
  });

  test("the daemon comes first, and its token goes nowhere else (V1, V2)", () => {
    const collector = {
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318",
      OTEL_EXPORTER_OTLP_HEADERS: "x-key=a%20b, Other=c=d",
      SOULMIRROR_TOKEN: "secret",
    };
    expect(telemetrySettings(collector).otlp).toEqual({
      endpoint: "http://collector:4318",
      headers: { "x-key": "a b", other: "c=d" },
      timeoutMs: 10_000,
    });
    const daemon = { ...collector, SOULMIRROR_ENDPOINT: "http://127.0.0.1:5050" };
    const otlp = { endpoint: "http://127.0.0.1:5050", token: "secret" };
    expect(telemetrySettings(daemon).otlp).toEqual(otlp);
  });

  test.each([
    [{ METRICS_BATCH_SIZE: "many" }, 'METRICS_BATCH_SIZE is "many"'],
    [{ METRICS_BATCH_SIZE: "0" }, "METRICS_BATCH_SIZE is 0"],
    [{ METRICS_FLUSH_INTERVAL_MS: "-1" }, 'METRICS_FLUSH_INTERVAL_MS is "-1"'],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c", OTEL_EXPORTER_OTLP_HEADERS: "token" },
      "OTEL_EXPORTER_OTLP_HEADERS has a part without a name or a value",
    ],
  ])("%o is told with its key", (environment, says) => {
    expect(() => telemetrySettings(environment)).toThrow(says);
  });
});

import { describe, expect, test } from "vitest";
import { otlpOptions } from "./otlp-options.ts";

describe("where telemetry goes", () => {
  test("without a word: nowhere", () => {
    expect(otlpOptions({ SOULMIRROR_ENDPOINT: " ", SOULMIRROR_TOKEN: "t" })).toBe(undefined);
  });

  test("the daemon comes first, and its token goes nowhere else (V1, V2)", () => {
    const collector = {
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318",
      OTEL_EXPORTER_OTLP_HEADERS: "x-key=a%20b, Other=c=d,share=50%",
      OTEL_EXPORTER_OTLP_TIMEOUT: "2500",
      SOULMIRROR_TOKEN: "secret",
    };
    expect(otlpOptions(collector)).toEqual({
      endpoint: "http://collector:4318",
      headers: { "x-key": "a b", other: "c=d", share: "50%" },
      timeoutMs: 2500,
    });
    const daemon = { ...collector, SOULMIRROR_ENDPOINT: "http://127.0.0.1:5050" };
    const token = "secret";
    expect(otlpOptions(daemon)).toEqual({ endpoint: "http://127.0.0.1:5050", token });
  });

  test.each([
    [{ OTEL_EXPORTER_OTLP_TIMEOUT: "soon" }, "OTEL_EXPORTER_OTLP_TIMEOUT"],
    [{ OTEL_EXPORTER_OTLP_HEADERS: "token" }, "has a part without a name or a value"],
  ])("%o is told with its key", (environment, says) => {
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c" };
    expect(() => otlpOptions({ ...endpoint, ...environment })).toThrow(says);
  });
});

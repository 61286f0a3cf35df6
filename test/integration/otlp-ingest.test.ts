/** OTLP over HTTP into the daemon: real SDKs, our own engine, and everything that is wrong. */
import { gzipSync } from "node:zlib";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  AggregationType,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EngineEventHub } from "../../src/engine/events.ts";
import { realTools } from "../../src/engine/real-tools.ts";
import { engineResource } from "../../src/engine/telemetry/engine-resource.ts";
import { MetricsCollector } from "../../src/engine/telemetry/metrics-collector.ts";
import { OtlpExporter } from "../../src/engine/telemetry/otlp-exporter.ts";
import { OtlpMetricSink } from "../../src/engine/telemetry/otlp-metric-sink.ts";
import { OtlpTransport } from "../../src/engine/telemetry/otlp-transport.ts";
import { sampleReport } from "../../src/engine/telemetry/sample-view-bench.ts";
import { bookLimits, EngineBook } from "../../src/targets/otlp/engine-book.ts";
import { ApiBench, token } from "./api-bench.ts";
import { ApiHouse } from "./api-house.ts";

let bench: ApiBench;
beforeEach(async () => {
  bench = await ApiBench.start();
});
afterEach(async () => {
  expect(bench.complaints).toEqual([]);
  await bench[Symbol.asyncDispose]();
});

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a).localeCompare(JSON.stringify(b));
}

const engineToken = "engine-of.shop";
const authorization = { authorization: `Bearer ${engineToken}` };

function send(path: string, body: Buffer | string, headers: Record<string, string> = {}) {
  const type = { "content-type": "application/json", ...authorization, ...headers };
  return fetch(`${bench.api.url}${path}`, { method: "POST", headers: type, body });
}

describe("an OpenTelemetry SDK, in protobuf", () => {
  test("its metrics are shown, of every kind", async () => {
    const exporter = new OTLPMetricExporter({
      url: `${bench.api.url}/v1/metrics`,
      headers: authorization,
      temporalityPreference: AggregationTemporality.CUMULATIVE,
    });
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 });
    const type = AggregationType.EXPONENTIAL_HISTOGRAM;
    const views = [{ instrumentName: "wait", aggregation: { type } }] as const;
    const provider = new MeterProvider({ readers: [reader], views: [...views] });
    const meter = provider.getMeter("test");
    const jobs = meter.createCounter("jobs", { unit: "{job}" });
    jobs.add(3, { queue: "mail" });
    jobs.add(4, { queue: "print" });
    meter.createUpDownCounter("waiting").add(-7);
    meter.createHistogram("size").record(12.5);
    const wait = meter.createHistogram("wait");
    for (let value = 1; value <= 100; value += 1) wait.record(value);
    await provider.forceFlush();
    const [engine] = bench.house.engines();
    expect([engine?.service, engine?.refused]).toEqual(["shop", 0]);
    const shown = engine?.series.map(({ name, unit, attributes, value }) => [
      name,
      unit,
      attributes,
      value,
    ]);
    expect(shown?.toSorted(byText)).toEqual([
      ["jobs", "{job}", { queue: "mail" }, 3],
      ["jobs", "{job}", { queue: "print" }, 4],
      ["size", "", {}, 12.5],
      ["wait", "", {}, 5050],
      ["waiting", "", {}, -7],
    ]);
    await provider.shutdown();
  });

  test("its logs and failed spans are shown", async () => {
    const url = bench.api.url;
    const logs = new OTLPLogExporter({ url: `${url}/v1/logs`, headers: authorization });
    const logProcessor = new SimpleLogRecordProcessor({ exporter: logs });
    const loggers = new LoggerProvider({ processors: [logProcessor] });
    loggers.getLogger("test").emit({
      severityText: "ERROR",
      severityNumber: 17,
      eventName: "order.lost",
      body: "an order was lost",
      attributes: { "error.type": "timeout", retries: 3 },
    });
    await loggers.forceFlush();
    const spans = new OTLPTraceExporter({ url: `${url}/v1/traces`, headers: authorization });
    const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
    for (const code of [1, 2]) {
      const span = tracers.getTracer("test").startSpan("work");
      span.setStatus({ code });
      span.end();
    }
    await tracers.forceFlush();
    const [engine] = bench.house.engines();
    expect(engine).toMatchObject({ spans: 2, failedSpans: 1 });
    expect(engine?.failures).toMatchObject([
      { event: "order.lost", severity: "ERROR", category: "timeout", message: "an order was lost" },
    ]);
    await Promise.all([loggers.shutdown(), tracers.shutdown()]);
  });
});

describe("our own engine", () => {
  const transport = () =>
    new OtlpTransport({ endpoint: bench.api.url, token: engineToken }, realTools.wallMs);
  const resource = engineResource("whatever it says", 0);

  test("why a circuit is isolated is shown for as long as it is", async () => {
    let report = sampleReport("pay", [1], { breaker: "isolated", isolatedBecause: "it is ill" });
    const view = { operations: () => [report] };
    const events = new EngineEventHub();
    const exporter = new OtlpExporter({ view, events, transport: transport(), resource });
    const shown = () => {
      const { breaker, breakerReason } = bench.house.engines()[0]?.operations[0] ?? {};
      return [breaker, breakerReason];
    };
    await exporter.exportMetrics();
    expect(shown()).toEqual(["isolated", "it is ill"]);
    report = sampleReport("pay", [1], { breaker: "closed" });
    await exporter.stop();
    expect(shown()).toEqual(["closed", null]);
  });

  test("its operations, circuits and failures are shown, with the latency within 1 %", async () => {
    const latencies = Array.from({ length: 1000 }, (_, place) => 5 + place);
    const report = sampleReport("trpc.user.list", latencies, {
      succeeded: 1000,
      failures: { rate_limit: 4 },
      decisions: { retry: { detected: 5, enforced: 2 } },
      breaker: "open",
      inFlight: 3,
    });
    const events = new EngineEventHub();
    const view = { operations: () => [report] };
    const exporter = new OtlpExporter({ view, events, transport: transport(), resource });
    const error = new Error("429");
    const failed = { operation: "trpc.user.list", category: "rate_limit", attempts: 1 } as const;
    events.emit("service_error", { ...failed, error, requestId: "r-9" });
    await exporter.stop();
    expect([exporter.lastFailure, exporter.logs.lost]).toEqual([undefined, 0]);
    const answer = await bench.json("/api/v1/engines?service=shop", { token });
    expect(answer).toMatchObject([
      {
        service: "shop",
        pid: process.pid,
        operations: [
          {
            name: "trpc.user.list",
            calls: 1004,
            failed: 4,
            failures: { rate_limit: 4 },
            breaker: "open",
            inFlight: 3,
            decisions: { retry: { detected: 5, enforced: 2 } },
          },
        ],
        failures: [{ message: "trpc.user.list failed: 429", requestId: "r-9" }],
      },
    ]);
    const operation = bench.house.engines()[0]?.operations[0];
    expect(Math.abs((operation?.p50Ms ?? 0) / 504 - 1)).toBeLessThan(0.01);
    expect(Math.abs((operation?.p99Ms ?? 0) / 994 - 1)).toBeLessThan(0.01);
    const page = await bench.ask("/");
    expect(page.text).toContain("Inside the services");
    expect(page.text).toMatch(/trpc\.user\.list[\s\S]*1004[\s\S]*✖<\/span> open/);
    expect(await bench.json("/api/v1/breakers")).toMatchObject([
      { circuitName: expect.stringMatching(/^shop\/trpc.user.list@/) as string, state: "open" },
    ]);
  });

  test("who has no token sees no messages and no ids", async () => {
    const events = new EngineEventHub();
    const view = { operations: () => [] };
    const exporter = new OtlpExporter({ view, events, transport: transport(), resource });
    const failed = { operation: "pay", category: "unknown", attempts: 1 } as const;
    events.emit("service_error", { ...failed, error: "card 4111", userId: "u-1" });
    await exporter.stop();
    const { text } = await bench.ask("/api/v1/engines");
    expect(text).toContain("pay");
    expect(text).not.toMatch(/4111|u-1/);
  });

  test("recorded metrics arrive, and what has no room is lost and counted at both ends", async () => {
    await bench[Symbol.asyncDispose]();
    const house = new ApiHouse(undefined, new EngineBook({ ...bookLimits, seriesMax: 3 }));
    bench = await ApiBench.start(house);
    const sink = new OtlpMetricSink(transport(), resource);
    const collector = new MetricsCollector({ sinks: [sink] });
    for (let place = 0; place < 5; place += 1) {
      const metric = { metricType: "system", metricName: `m-${place}`, unit: "bytes", source: "s" };
      collector.record({ ...metric, value: place });
    }
    await collector.stop();
    expect(house.engines()[0]).toMatchObject({ series: { length: 3 }, refused: 2 });
    expect(collector.figures()[sink.name]).toMatchObject({ added: 5, delivered: 3, lost: 2 });
  });
});

describe("what is wrong gets a status that says whether to send it again (W3)", () => {
  test.each([
    { what: "no token", headers: { authorization: "" }, body: "{}", status: 401 },
    { what: "a wrong token", headers: { authorization: "Bearer no" }, body: "{}", status: 401 },
    { what: "no JSON", headers: {}, body: "{", status: 400 },
    { what: "no object", headers: {}, body: "7", status: 400 },
    {
      what: "no protobuf",
      headers: { "content-type": "application/x-protobuf" },
      body: "\u0007\u0007",
      status: 400,
    },
    { what: "another type", headers: { "content-type": "text/plain" }, body: "{}", status: 415 },
    { what: "another encoding", headers: { "content-encoding": "br" }, body: "{}", status: 415 },
    { what: "no gzip", headers: { "content-encoding": "gzip" }, body: "{}", status: 400 },
  ])("$what", async ({ headers, body, status }) => {
    const answer = await send("/v1/metrics", body, headers);
    expect(answer.status).toBe(status);
    // A `Status` of the specification, in the form of the request.
    const text = await answer.text();
    if (!text.startsWith("{")) expect(text.charCodeAt(0)).toBe(0x12);
    else expect(Object.keys(JSON.parse(text) as object)).toEqual(["message"]);
  });

  test("too large, as it comes and as it unpacks (W1)", async () => {
    const large = await send("/v1/logs", " ".repeat(2 * 1024 * 1024 + 1));
    expect(large.status).toBe(413);
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024, " "));
    expect(bomb.length).toBeLessThan(100_000);
    const unpacked = await send("/v1/logs", bomb, { "content-encoding": "gzip" });
    expect(unpacked.status).toBe(413);
  });

  test("too many at a time are asked to come again", async () => {
    const text = JSON.stringify({ resourceMetrics: [], pad: "x".repeat(3_000_000) });
    const packed = gzipSync(text);
    const many = Array.from({ length: 60 }, () =>
      send("/v1/metrics", packed, { "content-encoding": "gzip" }),
    );
    const answers = await Promise.all(many);
    const statuses = new Set(answers.map(({ status }) => status));
    expect([...statuses].toSorted((a, b) => a - b)).toEqual([200, 503]);
    const refused = answers.find(({ status }) => status === 503);
    expect(refused?.headers.get("retry-after")).toBe("2");
  });

  test("an empty message is taken, in both forms (W2)", async () => {
    const json = await send("/v1/traces", "{}");
    expect([json.status, await json.text()]).toEqual([200, "{}"]);
    const binary = { "content-type": "application/x-protobuf" };
    const protobuf = await send("/v1/traces", Buffer.alloc(0), binary);
    expect([protobuf.status, (await protobuf.arrayBuffer()).byteLength]).toEqual([200, 0]);
  });

  test("a partial success says how many and why, in both forms (W2)", async () => {
    const points = [{ attributes: [] }, { asInt: "5" }];
    const metrics = [{ name: "x", gauge: { dataPoints: points } }];
    const message = { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] };
    const json = await send("/v1/metrics", JSON.stringify(message));
    const errorMessage = "1 had no room, or could not be understood";
    const partialSuccess = { rejectedDataPoints: "1", errorMessage };
    expect([json.status, await json.json()]).toEqual([200, { partialSuccess }]);
    // The same: a metric `x` with one point that has no value.
    const bytes = [0x0a, 0x0b, 0x12, 0x09, 0x12, 0x07, 0x0a, 0x01, 0x78, 0x2a, 0x02, 0x0a, 0x00];
    const binary = { "content-type": "application/x-protobuf" };
    const protobuf = await send("/v1/metrics", Buffer.from(bytes), binary);
    const answer = Buffer.from(await protobuf.arrayBuffer());
    expect([...answer.subarray(2, 4)]).toEqual([0x08, 1]);
    expect(answer.toString()).toContain(errorMessage);
  });
});

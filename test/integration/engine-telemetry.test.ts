/** What the engine sends, to a collector over real HTTP, and into the spans of the real SDK. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { context, trace } from "@opentelemetry/api";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EngineEventHub } from "../../src/engine/events.ts";
import { createEngine } from "../../src/engine/index.ts";
import type { OperationReport } from "../../src/engine/operation.ts";
import { realTools } from "../../src/engine/real-tools.ts";
import { engineResource } from "../../src/engine/telemetry/engine-resource.ts";
import { EngineTelemetry } from "../../src/engine/telemetry/engine-telemetry.ts";
import { OtlpExporter } from "../../src/engine/telemetry/otlp-exporter.ts";
import { keyValues, metricsRequest } from "../../src/engine/telemetry/otlp-format.ts";
import { type OtlpOptions, OtlpTransport } from "../../src/engine/telemetry/otlp-transport.ts";
import { sampleReport } from "../../src/engine/telemetry/sample-view.ts";
import { traceDecisions } from "../../src/engine/telemetry/span-events.ts";
import { ManualTools } from "../../src/resilience/index.ts";
import { Collector } from "./otlp-collector.ts";
import { startRedis } from "./redis-server.ts";

const checkout = fileURLToPath(new URL("../../", import.meta.url));

let collector: Collector;
beforeEach(async () => {
  collector = await Collector.start();
});
afterEach(async () => await collector.stop());

function transportTo(options: Partial<OtlpOptions> = {}): OtlpTransport {
  return new OtlpTransport({ endpoint: collector.url, ...options }, realTools.wallMs);
}

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("one request", () => {
  const small = metricsRequest({}, []);
  const large = metricsRequest({ text: "x".repeat(5000) }, []);

  test("names itself, carries the token, and is compressed when that is worth it", async () => {
    const transport = transportTo({ token: "t0ken", headers: { "x-more": "1" } });
    await transport.post("metrics", small);
    await transport.post("logs", large);
    const seen = collector.requests.map(({ path, headers }) => [
      path,
      headers["content-encoding"],
      headers.authorization,
      headers["x-more"],
      headers["user-agent"]?.split("/")[0],
    ]);
    expect(seen).toEqual([
      ["/v1/metrics", undefined, "Bearer t0ken", "1", "soulmirror-engine"],
      ["/v1/logs", "gzip", "Bearer t0ken", "1", "soulmirror-engine"],
    ]);
    expect(collector.complaints).toEqual([]);
    transport.close();
  });

  test("a path of the endpoint is kept", async () => {
    await transportTo({ endpoint: `${collector.url}/otlp/` }).post("traces", small);
    expect(collector.requests.map(({ path }) => path)).toEqual(["/otlp/v1/traces"]);
  });

  test.each([429, 502, 503, 504])(
    "%i may be sent again, when it has asked for (T1)",
    async (status) => {
      const transport = transportTo();
      collector.mood = { status, headers: { "retry-after": "7" } };
      expect(await errorOf(transport.post("metrics", small))).toMatchObject({
        name: "SinkAway",
        retryAfterMs: 7000,
      });
      const date = new Date(realTools.wallMs() + 100_000).toUTCString();
      collector.mood = { status, headers: { "retry-after": date } };
      const { retryAfterMs } = (await errorOf(transport.post("metrics", small))) as {
        retryAfterMs: number;
      };
      expect(Math.abs(retryAfterMs - 100_000)).toBeLessThan(10_000);
    },
  );

  test.each([400, 401, 404, 413, 500, 301])("%i is never sent again (T1, T3)", async (status) => {
    collector.mood = { status, headers: { location: `${collector.url}/elsewhere` } };
    expect(await errorOf(transportTo().post("metrics", small))).toMatchObject({
      name: "DeliveryRefused",
      lost: undefined,
    });
    expect(collector.requests).toEqual([]);
  });

  test("of a partial success the rest is lost, and not sent again (T2)", async () => {
    const partialSuccess = { rejectedLogRecords: "3", errorMessage: "too old" };
    collector.mood = { status: 200, body: JSON.stringify({ partialSuccess }) };
    expect(await errorOf(transportTo().post("logs", small))).toMatchObject({
      name: "DeliveryRefused",
      lost: 3,
      message: `${collector.url} did not take 3: too old`,
    });
    const warning = { partialSuccess: { rejectedLogRecords: 0, errorMessage: "a word" } };
    collector.mood = { status: 200, body: JSON.stringify(warning) };
    await transportTo().post("logs", small);
  });

  test("an answer that is no JSON, or endless, is an answer (T3)", async () => {
    collector.mood = { status: 200, body: "x".repeat(1_000_000) };
    await transportTo().post("metrics", small);
    expect(collector.requests.length).toBe(1);
  });

  test("silence ends with its time, nobody at all at once", async () => {
    collector.mood = { status: 200, isSilent: true };
    const late = await errorOf(transportTo({ timeoutMs: 100 }).post("metrics", small));
    expect(late).toMatchObject({ name: "SinkAway" });
    await collector.stop();
    expect(await errorOf(transportTo().post("metrics", small))).toMatchObject({ name: "SinkAway" });
  });

  test.each(["localhost:4318", "ftp://x", ""])("the endpoint %j is none", (endpoint) => {
    expect(() => transportTo({ endpoint })).toThrow(`endpoint is ${JSON.stringify(endpoint)}`);
  });
});

function exporterOf(reports: readonly OperationReport[], operationsMax?: number) {
  const events = new EngineEventHub();
  const tools = new ManualTools();
  const exporter = new OtlpExporter({
    view: { operations: () => reports },
    events,
    tools,
    transport: transportTo(),
    resource: engineResource("shop", tools.wallMs()),
    operationsMax,
  });
  return { events, tools, exporter };
}

function failOnce(events: EngineEventHub, operation: string): void {
  const error = new RangeError("no stock");
  const ids = { requestId: "r-1", userId: "u-1" };
  events.emit("service_error", { operation, category: "server_error", error, attempts: 3, ...ids });
}

describe("the exporter", () => {
  test("tells who it is and every operation, again and again", async () => {
    const { exporter, tools } = exporterOf([sampleReport("pay", [1, 2])]);
    await exporter.exportMetrics();
    await tools.advance(3000);
    await exporter.exportMetrics();
    await exporter.stop();
    const resource = collector.requests[0]?.message.resourceMetrics?.[0]?.resource;
    expect(resource?.attributes).toContainEqual(keyValues({ "service.name": "shop" })[0]);
    expect(resource?.attributes).toContainEqual(keyValues({ "process.pid": process.pid })[0]);
    const calls = collector.metrics.filter(({ name }) => name === "soulmirror.operation.calls");
    expect(calls.map(({ sum }) => sum?.dataPoints[0]?.asDouble)).toEqual([2, 2, 2]);
    expect(exporter.lastFailure).toBe(undefined);
  });

  test("many operations are several messages, and too many are one more (cardinality)", async () => {
    const reports = Array.from({ length: 260 }, (_, place) => sampleReport(`op-${place}`, [5]));
    const { exporter } = exporterOf(reports, 250);
    await exporter.exportMetrics();
    await exporter.stop();
    const calls = collector.metrics.filter(({ name }) => name === "soulmirror.operation.calls");
    const told = calls.slice(0, 3).map(({ sum }) => sum?.dataPoints.length);
    expect(told).toEqual([100, 100, 51]);
    expect(calls[2]?.sum?.dataPoints.at(-1)?.asDouble).toBe(10);
  });

  test("a receiver that is away costs nothing: the next message says it all (X1)", async () => {
    const { exporter } = exporterOf([sampleReport("pay", [1])]);
    await collector.stop();
    await exporter.exportMetrics();
    expect(exporter.lastFailure).toContain("does not answer");
    await collector.listen();
    await exporter.exportMetrics();
    expect(exporter.lastFailure).toBe(undefined);
    await exporter.stop();
  });

  test("a failure is a log record with its event's name, error and ids", async () => {
    const { events, exporter } = exporterOf([]);
    failOnce(events, "pay");
    await exporter.stop();
    const [record] = collector.logs;
    expect(record).toMatchObject({
      severityText: "ERROR",
      severityNumber: 17,
      eventName: "soulmirror.service_error",
      body: { stringValue: "pay failed: no stock" },
    });
    const attributes = keyValues({
      "event.name": "soulmirror.service_error",
      "soulmirror.operation": "pay",
      "error.type": "server_error",
      "exception.type": "RangeError",
      "exception.message": "no stock",
      "soulmirror.attempts": 3,
      "soulmirror.request_id": "r-1",
      "user.id": "u-1",
    });
    expect(record?.attributes).toEqual(attributes);
  });

  test("a flood of one failure is a few records and one that counts (G1)", async () => {
    const { events, exporter } = exporterOf([]);
    for (let time = 0; time < 5000; time += 1) failOnce(events, "pay");
    failOnce(events, "ship");
    await exporter.stop();
    const counts = collector.logs.map(({ attributes }) => {
      const text = (key: string) => attributes.find((each) => each.key === key)?.value;
      return [text("soulmirror.operation"), text("soulmirror.repeated")];
    });
    const pay = { stringValue: "pay" };
    expect(counts).toEqual([
      ...Array.from({ length: 5 }, () => [pay, undefined]),
      [{ stringValue: "ship" }, undefined],
      [pay, { intValue: "4995" }],
    ]);
  });

  test("a breaker that opens is told with its reason", async () => {
    const { events, exporter } = exporterOf([]);
    const decision = { kind: "breaker", from: "closed", to: "open", reason: "5 of 5" } as const;
    events.emit("breaker", { name: "pay", decision, enforced: true });
    await exporter.stop();
    expect(
      collector.logs.map(({ body, severityText }) => [severityText, body.stringValue]),
    ).toEqual([["WARN", "the circuit of pay went from closed to open: 5 of 5"]]);
  });
});

describe("the telemetry of an engine, as one", () => {
  const shop = {
    sell: async (item: string) => {
      if (item === "gone") throw new Error("sold out");
      return item;
    },
  };

  test("what is wrapped, tracked and recorded arrives at the collector and in Redis", async () => {
    await using redis = await startRedis();
    const client = new Redis(redis.port, redis.host);
    const engine = createEngine({ service: "shop" });
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    const events = engine.events;
    const telemetry = new EngineTelemetry({ view: engine, events, environment, redis: client });
    const wrapped = engine.wrap("shop", shop);
    await wrapped.sell("tea");
    await expect(wrapped.sell("gone")).rejects.toThrow("sold out");
    telemetry.tracker.recordSuccess(telemetry.tracker.startOperation("import"));
    await telemetry.stop();
    await engine.close();
    const operations = collector.metrics.find(({ name }) => name === "soulmirror.operation.calls");
    const told = operations?.sum?.dataPoints.map(({ attributes, asDouble }) => [
      attributes.map(({ value }) => String(Object.values(value)[0])).join(" "),
      asDouble,
    ]);
    expect(told).toEqual([
      ["shop.sell success", 1],
      ["shop.sell failure unknown", 1],
      ["import success", 1],
    ]);
    const names = collector.metrics.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["import.duration", "import.success_count"]));
    expect(collector.logs.map(({ eventName }) => eventName)).toEqual(["soulmirror.service_error"]);
    const entries = await client.xrange("metrics:stream", "-", "+");
    const [, [field, data = ""]] = entries[1] ?? ["", ["", ""]];
    const keys = "timestamp metricType metricName value unit tags source";
    expect([entries.length, field, Object.keys(JSON.parse(data) as object).join(" ")]).toEqual([
      2,
      "data",
      keys,
    ]);
    await client.quit();
  });

  test("without anywhere to send to nothing is sent, and recording costs nothing (Y1)", async () => {
    const engine = createEngine({ service: "shop" });
    const { events } = engine;
    const tools = new ManualTools();
    const telemetry = new EngineTelemetry({ view: engine, events, environment: {}, tools });
    telemetry.tracker.recordSuccess(telemetry.tracker.startOperation("import"));
    expect([telemetry.collector, telemetry.exporter, tools.pendingTimers]).toEqual([
      undefined,
      undefined,
      0,
    ]);
    await telemetry.stop();
    await engine.close();
  });

  test("a service that has nothing else to do ends, whatever is still to be told (X2)", async () => {
    const source = `
      import { createEngine } from "${checkout}src/engine/index.ts";
      import { EngineTelemetry } from "${checkout}src/engine/telemetry/engine-telemetry.ts";
      const engine = createEngine({ service: "short" });
      const otlp = { endpoint: "http://127.0.0.1:9" };
      const telemetry = new EngineTelemetry({ view: engine, events: engine.events, otlp });
      const metric = { metricType: "t", metricName: "m", value: 1, unit: "count", source: "s" };
      for (let time = 0; time < 1000; time += 1) telemetry.collector.record(metric);
      console.log("done");
    `;
    const words = ["--input-type=module", "-e", source];
    const { stdout } = await promisify(execFile)(process.execPath, words, { timeout: 20_000 });
    expect(stdout).toBe("done\n");
  });
});

describe("spans of @opentelemetry/api", () => {
  test("the active one carries retries, breaker and failover as events; ended, none", async () => {
    const spans = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
    trace.setGlobalTracerProvider(provider);
    const events = new EngineEventHub();
    const end = await traceDecisions(events);
    const span = trace.getTracer("test").startSpan("call");
    // What an async hooks context manager does for a service, here for one synchronous call.
    const active = trace.setSpan(context.active(), span);
    const manager = {
      active: () => active,
      with: <T>(_context: unknown, run: () => T): T => run(),
      bind: <T>(_context: unknown, target: T): T => target,
      enable: () => manager,
      disable: () => manager,
    };
    context.setGlobalContextManager(manager as never);
    const error = new Error("busy");
    const common = { category: "rate_limit", error } as const;
    const retry = { kind: "retry", attempt: 2, delayMs: 150, ...common } as const;
    const decided = { name: "chat", enforced: true };
    events.emit("retry", { ...decided, decision: { ...retry, because: "never_started" } });
    const failover = { kind: "failover", from: "openai", to: "gemini", ...common } as const;
    events.emit("failover", { ...decided, decision: failover });
    end?.();
    events.emit("failover", { ...decided, decision: failover });
    span.end();
    context.disable();
    trace.disable();
    const [finished] = spans.getFinishedSpans();
    expect(finished?.events.map(({ name, attributes }) => [name, attributes])).toEqual([
      [
        "soulmirror.retry",
        {
          "soulmirror.operation": "chat",
          "soulmirror.enforced": true,
          "soulmirror.retry.attempt": 2,
          "soulmirror.retry.delay_ms": 150,
          "soulmirror.retry.because": "never_started",
          "error.type": "rate_limit",
          "exception.message": "busy",
        },
      ],
      [
        "soulmirror.failover",
        {
          "soulmirror.operation": "chat",
          "soulmirror.enforced": true,
          "soulmirror.failover.from": "openai",
          "soulmirror.failover.to": "gemini",
          "error.type": "rate_limit",
          "exception.message": "busy",
        },
      ],
    ]);
  });
});

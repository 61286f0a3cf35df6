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
import { realTools } from "../../src/engine/real-tools.ts";
import { EngineTelemetry } from "../../src/engine/telemetry/engine-telemetry.ts";
import { metricsRequest } from "../../src/engine/telemetry/otlp-format.ts";
import { type OtlpOptions, OtlpTransport } from "../../src/engine/telemetry/otlp-transport.ts";
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

  test("it ends also while a collector that took a message does not answer (X2, T4)", async () => {
    collector.mood = { status: 200, isSilent: true };
    const source = `
      import { createEngine } from "${checkout}src/engine/index.ts";
      import { EngineTelemetry } from "${checkout}src/engine/telemetry/engine-telemetry.ts";
      const engine = createEngine({ service: "short" });
      const otlp = { endpoint: "${collector.url}", timeoutMs: 600_000 };
      const told = { view: engine, events: engine.events, otlp, sendTimeoutMs: 600_000 };
      const telemetry = new EngineTelemetry(told);
      const metric = { metricType: "t", metricName: "m", value: 1, unit: "count", source: "s" };
      for (let time = 0; time < 1000; time += 1) telemetry.collector.record(metric);
      setTimeout(() => console.log("done"), 1000);
    `;
    const words = ["--input-type=module", "-e", source];
    const { stdout } = await promisify(execFile)(process.execPath, words, { timeout: 20_000 });
    expect(stdout).toBe("done\n");
    expect(collector.silenced).toBeGreaterThan(0);
  });

  test("who awaits a flush or an export gets it, with nothing else to do (L4)", async () => {
    const source = `
      import { MetricsCollector } from "${checkout}src/engine/telemetry/metrics-collector.ts";
      import { OtlpMetricSink } from "${checkout}src/engine/telemetry/otlp-metric-sink.ts";
      import { OtlpTransport } from "${checkout}src/engine/telemetry/otlp-transport.ts";
      const transport = new OtlpTransport({ endpoint: "${collector.url}" }, () => 0);
      const sinks = [new OtlpMetricSink(transport, {})];
      const collector = new MetricsCollector({ sinks });
      const metric = { metricType: "t", metricName: "m", value: 1, unit: "count", source: "s" };
      collector.record(metric);
      await collector.flush();
      console.log(collector.figures()[sinks[0].name].delivered);
    `;
    const words = ["--input-type=module", "-e", source];
    const { stdout } = await promisify(execFile)(process.execPath, words, { timeout: 20_000 });
    expect(stdout).toBe("1\n");
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

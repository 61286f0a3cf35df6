/** What the exporter sends to a collector over real HTTP, and when it is silent. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EngineEventHub } from "../../src/engine/events.ts";
import type { OperationReport } from "../../src/engine/operation.ts";
import { realTools } from "../../src/engine/real-tools.ts";
import { engineResource } from "../../src/engine/telemetry/engine-resource.ts";
import { OtlpExporter } from "../../src/engine/telemetry/otlp-exporter.ts";
import { keyValues } from "../../src/engine/telemetry/otlp-format.ts";
import { type OtlpOptions, OtlpTransport } from "../../src/engine/telemetry/otlp-transport.ts";
import { sampleReport } from "../../src/engine/telemetry/sample-view-bench.ts";
import { ManualTools } from "../../src/resilience/index.ts";
import { until } from "../until.ts";
import { Collector } from "./otlp-collector.ts";

let collector: Collector;
beforeEach(async () => {
  collector = await Collector.start();
});
afterEach(async () => await collector.stop());

function transportTo(options: Partial<OtlpOptions> = {}): OtlpTransport {
  return new OtlpTransport({ endpoint: collector.url, ...options }, realTools.wallMs);
}

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

  test("a stop sends how things are now, also when a message is under way", async () => {
    let calls = 1;
    const held = Promise.withResolvers<void>();
    const posted: number[] = [];
    const transport = transportTo();
    const post: OtlpTransport["post"] = async (signal, message, abort) => {
      const first = posted.length === 0;
      posted.push(calls);
      if (first) await held.promise;
      await transport.post(signal, message, abort);
    };
    const exporter = new OtlpExporter({
      view: { operations: () => [sampleReport("pay", [1], { succeeded: calls })] },
      events: new EngineEventHub(),
      transport: Object.assign(Object.create(transport) as OtlpTransport, { post }),
      resource: {},
    });
    const underWay = exporter.exportMetrics();
    calls = 2;
    const stopped = exporter.stop(20_000);
    held.resolve();
    await Promise.all([underWay, stopped]);
    const told = collector.metrics.filter(({ name }) => name === "soulmirror.operation.calls");
    expect(told.map(({ sum }) => sum?.dataPoints[0]?.asDouble)).toEqual([1, 2]);
    transport.close();
  });

  test("after a stop nothing is sent and no timer waits, also when it was cut short", async () => {
    const events = new EngineEventHub();
    const tools = new ManualTools();
    const transport = transportTo();
    const exporter = new OtlpExporter({
      view: { operations: () => [sampleReport("pay", [1])] },
      events,
      transport,
      resource: {},
      tools,
    });
    collector.mood = { status: 200, isSilent: true };
    // The message of the interval is under way.
    await tools.advance(10_000);
    await until(() => collector.silenced > 0);
    const stopped = exporter.stop(2000);
    await tools.advance(2000);
    await stopped;
    await until(() => exporter.lastFailure !== undefined);
    await tools.advance(60_000);
    expect(tools.pendingTimers).toBe(0);
    await exporter.exportMetrics();
    expect(collector.silenced).toBe(1);
    transport.close();
  });

  test("what is refused of one message keeps back no other, and is told", async () => {
    const reports = Array.from({ length: 260 }, (_, place) => sampleReport(`op-${place}`, [5]));
    const { exporter } = exporterOf(reports);
    const partialSuccess = { rejectedDataPoints: "7", errorMessage: "too many series" };
    collector.mood = { status: 200, body: JSON.stringify({ partialSuccess }) };
    await exporter.exportMetrics();
    const calls = collector.metrics.filter(({ name }) => name === "soulmirror.operation.calls");
    expect(calls.map(({ sum }) => sum?.dataPoints.length)).toEqual([100, 100, 60]);
    expect(exporter.lastFailure).toContain("did not take 7: too many series");
    collector.mood = { status: 200, body: "{}" };
    await exporter.stop();
    expect(exporter.lastFailure).toBe(undefined);
  });

  test("however long it is asked to wait, after ten minutes it sends again", async () => {
    const { exporter, tools } = exporterOf([sampleReport("pay", [1])]);
    collector.mood = { status: 503, headers: { "retry-after": "999999999" } };
    await tools.advance(10_000);
    await until(() => exporter.lastFailure !== undefined);
    collector.mood = { status: 200, body: "{}" };
    await tools.advance(599_000);
    expect(collector.requests).toEqual([]);
    await tools.advance(2000);
    await until(() => collector.requests.length > 0);
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

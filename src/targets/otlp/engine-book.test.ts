import { describe, expect, test } from "vitest";
import { bookLimits, EngineBook } from "./engine-book.ts";
import { readTelemetry, type Telemetry } from "./telemetry.ts";

let atMs = 0;
const now = () => ({ wallMs: 1_700_000_000_000 + atMs, monotonicMs: atMs });

function attributes(words: Readonly<Record<string, string | number | boolean>>) {
  return Object.entries(words).map(([key, value]) => {
    if (typeof value === "boolean") return { key, value: { boolValue: value } };
    return { key, value: typeof value === "string" ? { stringValue: value } : { intValue: value } };
  });
}

interface Told {
  readonly id?: string;
  readonly service?: string;
  readonly calls?: number;
  readonly failed?: number;
  readonly operation?: string;
  readonly breaker?: number;
  readonly others?: readonly string[];
}

function metrics({ id = "a", service = "shop", operation = "pay", ...told }: Told = {}) {
  const of = { "soulmirror.operation": operation };
  const calls = [
    {
      asDouble: told.calls ?? 0,
      attributes: attributes({ ...of, "soulmirror.outcome": "success" }),
    },
    {
      asDouble: told.failed ?? 0,
      attributes: attributes({ ...of, "soulmirror.outcome": "failure", "error.type": "timeout" }),
    },
  ];
  const breaker = [{ asInt: String(told.breaker ?? 0), attributes: attributes(of) }];
  const others = (told.others ?? []).map((name) => ({
    name,
    gauge: { dataPoints: [{ asInt: 1 }] },
  }));
  const metricList = [
    { name: "soulmirror.operation.calls", sum: { dataPoints: calls, aggregationTemporality: 2 } },
    { name: "soulmirror.breaker.state", gauge: { dataPoints: breaker } },
    ...others,
  ];
  const resource = attributes({
    "service.name": service,
    "service.instance.id": id,
    "process.pid": 7,
  });
  return read("metrics", [
    { resource: { attributes: resource }, scopeMetrics: [{ metrics: metricList }] },
  ]);
}

function read(signal: "metrics" | "logs", parts: readonly object[]): readonly Telemetry[] {
  return readTelemetry(signal, {
    [signal === "metrics" ? "resourceMetrics" : "resourceLogs"]: parts,
  });
}

function failure(words: Readonly<Record<string, string | number>>, body = "no") {
  const logRecords = [
    { severityText: "ERROR", body: { stringValue: body }, attributes: attributes(words) },
  ];
  const resource = {
    attributes: attributes({ "service.name": "shop", "service.instance.id": "a" }),
  };
  return read("logs", [{ resource, scopeLogs: [{ logRecords }] }]);
}

describe("what engines tell", () => {
  test("is shown as it was last told, with the open circuit and the failures", () => {
    const book = new EngineBook();
    book.take(metrics({ calls: 10, failed: 1 }), undefined, now());
    book.take(metrics({ calls: 12, failed: 3, breaker: 2 }), undefined, now());
    const words = { "event.name": "soulmirror.service_error", "soulmirror.operation": "pay" };
    book.take(
      failure({ ...words, "error.type": "timeout", "soulmirror.repeated": 40 }),
      "shop",
      now(),
    );
    const [engine] = book.reports(now());
    expect(engine).toMatchObject({ service: "shop", id: "a", pid: 7 });
    expect(engine?.operations).toMatchObject([
      { name: "pay", calls: 15, failed: 3, failures: { timeout: 3 }, breaker: "open" },
    ]);
    expect(engine?.failures).toMatchObject([
      { event: "soulmirror.service_error", operation: "pay", category: "timeout", count: 40 },
    ]);
  });

  test("two instances are two, and a token says whose it is, whatever the message does (K2, K3)", () => {
    const book = new EngineBook();
    book.take(metrics({ id: "a" }), undefined, now());
    book.take(metrics({ id: "b", service: "somebody-else" }), "shop", now());
    expect(book.reports(now()).map(({ service, id }) => [service, id])).toEqual([
      ["shop", "a"],
      ["shop", "b"],
    ]);
  });

  test("between two messages there is a window; of the first nobody knows since when", () => {
    const book = new EngineBook();
    expect(book.take(metrics({ calls: 100 }), undefined, now()).windows).toEqual([]);
    atMs += 10_000;
    const { windows } = book.take(metrics({ calls: 160, failed: 4, breaker: 3 }), undefined, now());
    expect(windows).toEqual([
      { service: "shop", pid: 7, elapsedMs: 10_000, calls: 64, failed: 4, openBreakers: 1 },
    ]);
  });

  test("secrets are masked in what is kept as text", () => {
    const book = new EngineBook(bookLimits, (text) => text.replaceAll("s3cret", "***"));
    book.take(failure({ "user.id": "s3cret" }, "wrong password s3cret"), undefined, now());
    const [kept] = book.reports(now())[0]?.failures ?? [];
    expect([kept?.message, kept?.userId]).toEqual(["wrong password ***", "***"]);
  });
});

describe("is bounded, and the sender is told what had no room (K1)", () => {
  const limits = { ...bookLimits, enginesMax: 2, operationsMax: 3, seriesMax: 4, failuresMax: 5 };

  test("engines", () => {
    const book = new EngineBook(limits);
    book.take(metrics({ id: "a" }), undefined, now());
    book.take(metrics({ id: "b" }), undefined, now());
    const third = book.take(metrics({ id: "c" }), undefined, now());
    expect([third.rejected, third.reason]).toEqual([3, "there is room for 2 senders"]);
    atMs += limits.silentMs + 1;
    expect(book.reports(now())).toEqual([]);
    expect(book.take(metrics({ id: "c" }), undefined, now()).rejected).toBe(0);
  });

  test("operations, series, failures", () => {
    const book = new EngineBook(limits);
    let rejected = 0;
    for (let place = 0; place < 10; place += 1) {
      const told = { operation: `op-${place}`, others: [`gauge-${place}`] };
      rejected += book.take(metrics(told), undefined, now()).rejected;
      book.take(failure({}, `failure ${place}`), undefined, now());
    }
    const [engine] = book.reports(now());
    expect([engine?.operations.length, engine?.series.length]).toEqual([3, 4]);
    expect(engine?.failures.map(({ message }) => message)).toEqual(
      [9, 8, 7, 6, 5].map((place) => `failure ${place}`),
    );
    // Seven operations with three points each, and six series.
    expect([rejected, engine?.refused]).toEqual([27, 27]);
  });
});

import { hostname } from "node:os";
import { describe, expect, test } from "vitest";
import { bookLimits, EngineBook } from "./engine-book.ts";
import { sharedErrors } from "./shared-errors.ts";
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
  readonly enforced?: number;
  readonly others?: readonly string[];
  readonly pid?: number;
  readonly host?: string;
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
  const enforced =
    told.enforced === undefined
      ? []
      : [{ asInt: String(told.enforced), attributes: attributes(of) }];
  const breaker = [{ asInt: String(told.breaker ?? 0), attributes: attributes(of) }];
  const others = (told.others ?? []).map((name) => ({
    name,
    gauge: { dataPoints: [{ asInt: 1 }] },
  }));
  const metricList = [
    { name: "soulmirror.operation.calls", sum: { dataPoints: calls, aggregationTemporality: 2 } },
    { name: "soulmirror.breaker.state", gauge: { dataPoints: breaker } },
    { name: "soulmirror.breaker.enforced", gauge: { dataPoints: enforced } },
    ...others,
  ];
  const resource = attributes({
    "service.name": service,
    "service.instance.id": id,
    "process.pid": told.pid ?? 7,
    ...(told.host === undefined ? {} : { "host.name": told.host }),
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

  test("of a process that lives, or that cannot be seen from here, is shown (K5)", () => {
    const book = new EngineBook();
    const nobody = 2 ** 30;
    book.take(metrics({ id: "here", pid: process.pid, host: hostname() }), "shop", now());
    book.take(metrics({ id: "away", pid: nobody, host: "elsewhere" }), "shop", now());
    book.take(metrics({ id: "in a box", pid: nobody, host: hostname() }), "shop", now());
    const shown = book.reports(now()).map(({ id }) => id);
    expect(shown).toEqual(["here", "away", "in a box"]);
  });

  test("says the subject of what it tells once", () => {
    const book = new EngineBook();
    const key = "db.query.timeoutMs";
    const told = [`mode: mode: off`, `${key}: ${key}: 5 s`, "a: b: a: b", "no: no", ": : x"];
    for (const body of told) book.take(failure({}, body), undefined, now());
    const shown = book.reports(now())[0]?.failures.map(({ message }) => message);
    expect(shown?.toReversed()).toEqual([
      "mode: off",
      `${key}: 5 s`,
      "a: b: a: b",
      "no: no",
      ": : x",
    ]);
  });

  test("has the time of its last figures, which a line of its log is not", () => {
    const book = new EngineBook();
    book.take(failure({}), undefined, now());
    const at = (): unknown => book.reports(now())[0]?.figuresAt;
    expect(at()).toBe(null);
    const figuresAt = now().wallMs;
    book.take(metrics(), undefined, now());
    atMs += 1000;
    book.take(failure({}), undefined, now());
    expect(at()).toBe(figuresAt);
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

  test("a circuit that is only told of is open and turns nothing away", () => {
    const book = new EngineBook();
    const of = (enforced?: number) => ({
      breaker: 2,
      ...(enforced === undefined ? {} : { enforced }),
    });
    const openBreakers = (enforced?: number): unknown => {
      atMs += 10_000;
      return book.take(metrics(of(enforced)), undefined, now()).windows[0]?.openBreakers;
    };
    openBreakers();
    const shown = (): unknown => book.reports(now())[0]?.operations;
    // An engine that is older does not say.
    expect(openBreakers()).toBe(1);
    expect(shown()).toMatchObject([{ breaker: "open", breakerEnforced: null }]);
    expect(openBreakers(0)).toBe(0);
    expect(shown()).toMatchObject([{ breaker: "open", breakerEnforced: false }]);
    expect(openBreakers(1)).toBe(1);
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

describe("errors of engines", () => {
  function errors(id: string, calls: number, { service = "shop", resource = "db:5432" } = {}) {
    const words = {
      "soulmirror.error.id": id,
      "soulmirror.error.headline": `api.order: ECONNREFUSED ${resource} hunter2`,
      "soulmirror.error.origin": "api.order",
      "soulmirror.error.resource": resource,
      "soulmirror.error.bursting": true,
      "error.type": "connection_refused",
    };
    const dataPoints = [{ asDouble: calls, attributes: attributes(words) }];
    const metric = {
      name: "soulmirror.error.calls",
      sum: { dataPoints, aggregationTemporality: 2 },
    };
    const owner = attributes({ "service.name": service, "service.instance.id": service });
    return read("metrics", [
      { resource: { attributes: owner }, scopeMetrics: [{ metrics: [metric] }] },
    ]);
  }

  test("are known by their id, without secrets, and are of when they last became more", () => {
    atMs = 0;
    const book = new EngineBook(bookLimits, (text) => text.replaceAll("hunter2", "***"));
    for (const calls of [3, 7, 7]) {
      book.take(errors("1", calls), undefined, now());
      atMs += 10_000;
    }
    expect(book.reports(now())[0]?.errors).toEqual([
      {
        id: "1",
        headline: "api.order: ECONNREFUSED db:5432 ***",
        origin: "api.order",
        resource: "db:5432",
        category: "connection_refused",
        calls: 7,
        isBursting: true,
        relation: null,
        at: 1_700_000_010_000,
      },
    ]);
    expect(book.reports(now())[0]).toMatchObject({ operations: [], series: [] });
  });

  test("are put together from their calls and from what is known of them", () => {
    atMs = 0;
    const book = new EngineBook();
    const tell = (name: string, value: number, words: Record<string, string>): void => {
      const given = attributes({ "soulmirror.error.id": "1", ...words });
      const dataPoints = [{ asDouble: value, attributes: given }];
      const metric = { name, gauge: { dataPoints } };
      const owner = attributes({ "service.name": "shop", "service.instance.id": "shop" });
      const resource = { attributes: owner };
      const message = [{ resource, scopeMetrics: [{ metrics: [metric] }] }];
      book.take(read("metrics", message), undefined, now());
    };
    const resource = { "soulmirror.error.resource": "db:5432", "error.type": "timeout" };
    const words = {
      "soulmirror.error.headline": "db.query: no answer",
      "soulmirror.error.origin": "db.query",
      "soulmirror.error.relation": "it follows another one",
    };
    tell("soulmirror.error.calls", 3, resource);
    tell("soulmirror.error.bursting", 1, words);
    const both = {
      id: "1",
      headline: "db.query: no answer",
      origin: "db.query",
      resource: "db:5432",
      category: "timeout",
      calls: 3,
      isBursting: true,
      relation: "it follows another one",
    };
    expect(book.reports(now())[0]?.errors).toEqual([expect.objectContaining(both)]);
    tell("soulmirror.error.calls", 4, resource);
    tell("soulmirror.error.bursting", 0, { "soulmirror.error.headline": "a: b" });
    const later = { ...both, calls: 4, isBursting: false, headline: "a: b", relation: null };
    expect(book.reports(now())[0]?.errors).toEqual([expect.objectContaining(later)]);
    expect(book.reports(now())[0]).toMatchObject({ operations: [], series: [] });
  });

  test("are bounded, and what says nothing is refused", () => {
    const book = new EngineBook();
    for (let id = 1; id <= 500; id += 1) book.take(errors(String(id), id), undefined, now());
    const [report] = book.reports(now());
    expect(report?.errors).toHaveLength(100);
    expect(report?.errors[0]).toMatchObject({ id: "500", calls: 500 });
    expect(book.take(errors("", 1), undefined, now()).rejected).toBe(1);
  });

  test("of several services that name one thing are one trouble, while they go on", () => {
    atMs = 0;
    const book = new EngineBook();
    for (const service of ["shop", "mail"])
      book.take(errors("1", 3, { service, resource: "DB:5432" }), undefined, now());
    book.take(errors("2", 3, { service: "bill", resource: "redis:6379" }), undefined, now());
    const shared = () => sharedErrors(book.reports(now()), now().wallMs);
    expect(shared()).toMatchObject([{ resource: "db:5432", services: ["mail", "shop"], calls: 6 }]);
    atMs = 310_000;
    expect(shared()).toEqual([]);
  });
});

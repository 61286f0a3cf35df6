import { expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { ErrorBook, reportOf } from "../errors/index.ts";
import { entryOf, recordOf } from "./engine-log.ts";
import { errorMetrics } from "./error-metrics.ts";
import { keyValues } from "./otlp-format.ts";

test("the most frequent errors of the last ten minutes are told, with their way", async () => {
  const tools = new ManualTools(1, 0);
  const book = new ErrorBook(0);
  const fail = (operation: string, error: unknown): void => {
    const moment = { monotonicMs: tools.monotonicMs(), wallMs: tools.wallMs() };
    book.hear({ operation, category: "unknown", error }, moment);
  };
  const metrics = () => {
    const now = tools.wallMs();
    const report = reportOf({ book, relations: [], sinceMs: 0, since: 0, nowMs: now });
    return errorMetrics(report, { beganAt: 0, now });
  };
  expect(metrics()).toEqual([]);
  for (let index = 0; index < 60; index += 1)
    fail("a", Object.assign(new Error(), { code: `E${index}` }));
  const error = new Error("no answer");
  for (const operation of ["db.query", "api.order", "db.query"]) fail(operation, error);
  const [metric, state] = metrics();
  expect(metric?.name).toBe("soulmirror.error.calls");
  const points = metric?.sum?.dataPoints ?? [];
  expect(points).toHaveLength(30);
  expect(points[0]?.asDouble).toBe(2);
  const [of] = points[0]?.attributes ?? [];
  expect(of?.key).toBe("soulmirror.error.id");
  expect(points[0]?.attributes).toEqual([of, ...keyValues({ "error.type": "unknown" })]);
  expect(state?.name).toBe("soulmirror.error.bursting");
  expect(state?.gauge?.dataPoints[0]).toMatchObject({
    asDouble: 0,
    attributes: [
      of,
      ...keyValues({
        "soulmirror.error.headline": "api.order → db.query: no answer",
        "soulmirror.error.origin": "db.query",
      }),
    ],
  });
  // Its counter stays one series, whatever becomes known of it.
  for (const operation of ["web.buy", "web.buy"]) fail(operation, error);
  for (let burst = 0; burst < 200; burst += 1) fail("db.query", new Error("no answer"));
  const [later, laterState] = metrics();
  expect(later?.sum?.dataPoints[0]?.attributes).toEqual(points[0]?.attributes);
  const before = state?.gauge?.dataPoints[0]?.attributes;
  expect(laterState?.gauge?.dataPoints[0]?.attributes).not.toEqual(before);
  await tools.advance(600_001);
  expect(metrics()).toEqual([]);
});

test("a pattern is a log record with its evidence", () => {
  const named = { id: "1", headline: "db.query: no answer", operation: "db.query" };
  const message = "7 within 20 s: db.query: no answer";
  const evidence = { count: 7 };
  const entry = entryOf("error_pattern", { kind: "burst", error: named, message, evidence }, 0);
  const record = recordOf(entry);
  expect(record).toMatchObject({
    eventName: "soulmirror.error_pattern",
    severityText: "WARN",
    body: { stringValue: message },
  });
  expect(record.attributes).toEqual(
    expect.arrayContaining([
      ...keyValues({
        "soulmirror.error.pattern": "burst",
        "soulmirror.error.id": "1",
        "soulmirror.evidence": '{"count":7}',
      }),
    ]),
  );
});

import { expect, test } from "vitest";
import { redact } from "../redact.ts";
import type { HealthReport } from "./check.ts";
import { httpStatusOf, toHealthDocument } from "./health-document.ts";

const report: HealthReport = {
  overall: "unhealthy",
  timestamp: Date.UTC(2026, 0, 2, 3, 4, 5),
  checks: [
    { name: "database", status: "healthy", latency: 3.5, message: "all is well" },
    { name: "queue: mail", status: "degraded", latency: 1, message: "1200 are waiting" },
    {
      name: "redis",
      status: "unhealthy",
      latency: 5000,
      message: "cannot reach redis://worker:hunter2@cache:6379/0",
      metadata: { password: "hunter2" },
    },
  ],
};

test("D1: one key with one colon for each check, in the words of the draft", () => {
  expect(toHealthDocument(report, { service: "chat", release: "3.1.4" })).toEqual({
    status: "fail",
    version: "3",
    releaseId: "3.1.4",
    serviceId: "chat",
    checks: {
      "database:responseTime": [
        {
          componentId: "database",
          componentType: "datastore",
          observedValue: 3.5,
          observedUnit: "ms",
          status: "pass",
          time: "2026-01-02T03:04:05.000Z",
        },
      ],
      "queue%3A mail:responseTime": [
        {
          componentId: "queue: mail",
          componentType: "component",
          observedValue: 1,
          observedUnit: "ms",
          status: "warn",
          time: "2026-01-02T03:04:05.000Z",
          output: "1200 are waiting",
        },
      ],
      "redis:responseTime": [
        {
          componentId: "redis",
          componentType: "datastore",
          observedValue: 5000,
          observedUnit: "ms",
          status: "fail",
          time: "2026-01-02T03:04:05.000Z",
          output: "cannot reach redis://***@cache:6379/0",
        },
      ],
    },
  });
});

test("D2: no metadata and no secret is shown, and without details no word at all", () => {
  expect(JSON.stringify(toHealthDocument(report))).not.toContain("hunter2");
  expect(JSON.stringify(toHealthDocument(report, { details: false }))).not.toContain("output");
});

test("D3: only fail is 503", () => {
  expect(httpStatusOf(report)).toBe(503);
  expect(httpStatusOf({ ...report, overall: "degraded" })).toBe(200);
  expect(httpStatusOf({ ...report, overall: "healthy" })).toBe(200);
});

test.each([
  ["mysql://root:s3cret@db:3306/shop is away", "mysql://***@db:3306/shop is away"],
  ["password=s3cret host=db", "password=*** host=db"],
  ['{"apiKey": "s3cret", "n": 1}', '{"apiKey": ***, "n": 1}'],
  ["Authorization: Bearer abc.def", "Authorization: *** ***"],
  ["Bearer abc.def", "Bearer ***"],
  ["key sk-proj-abcdefghij is wrong", "key *** is wrong"],
  ["password authentication failed for user", "password authentication failed for user"],
  ["connect ECONNREFUSED 127.0.0.1:5432", "connect ECONNREFUSED 127.0.0.1:5432"],
])("redact: %s", (text, shown) => {
  expect(redact(text)).toBe(shown);
});

test("a text without an end is cut off", () => {
  expect(redact("x".repeat(100_000)).length).toBeLessThan(600);
});

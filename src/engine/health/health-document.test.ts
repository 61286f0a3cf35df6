import { expect, test } from "vitest";
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
    output: "redis: cannot reach redis://***@cache:6379/0",
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

test("D4: why it fails comes first, in words, and the worst checks before the others", () => {
  const document = toHealthDocument(report);
  expect(Object.keys(document)).toEqual(["status", "output", "checks"]);
  expect(Object.keys(document.checks).map((key) => key.split(":")[0])).toEqual([
    "redis",
    "queue%3A mail",
    "database",
  ]);
  const [database, queue] = report.checks;
  if (database === undefined || queue === undefined) throw new Error("the report has both");
  const warns = toHealthDocument({ ...report, overall: "degraded", checks: [database, queue] });
  expect(warns.output).toBe("queue: mail: 1200 are waiting");
  expect(
    toHealthDocument({ ...report, overall: "healthy", checks: [database] }),
  ).not.toHaveProperty("output");
  const many = Array.from({ length: 7 }, (_, index) => ({
    name: `part ${index}`,
    status: "unhealthy" as const,
    latency: 1,
  }));
  expect(toHealthDocument({ ...report, checks: many }).output).toMatch(
    /^part 0: fail; .*part 4: fail; and 2 more$/,
  );
});

import { describe, expect, test } from "vitest";
import { bucketsQuantile } from "../../statistics/index.ts";
import { CappedOperations } from "./capped-operations.ts";
import { operationMetrics } from "./operation-metrics.ts";
import type { KeyValue, OtlpMetric } from "./otlp-format.ts";
import { exposition } from "./prometheus.ts";
import { sampleReport } from "./sample-view-bench.ts";
import { semanticName } from "./semantic-names.ts";

const period = { beganAt: 1_700_000_000_000, now: 1_700_000_010_000 };

/** `operation=x outcome=failure -> 3`, sorted. */
function points(metrics: readonly OtlpMetric[], name: string): readonly string[] {
  const metric = metrics.find((each) => each.name === name);
  const found = metric?.sum?.dataPoints ?? metric?.gauge?.dataPoints ?? [];
  return found.map(({ attributes, asDouble }) => `${told(attributes)} -> ${asDouble}`);
}

function told(attributes: readonly KeyValue[]): string {
  return attributes.map(({ key, value }) => `${key}=${Object.values(value).join("")}`).join(" ");
}

describe("operations as OTLP metrics", () => {
  const report = sampleReport("shop.pay", [10, 20, 30], {
    succeeded: 5,
    failures: { timeout: 2, rate_limit: 1 },
    decisions: { retry: { detected: 7, enforced: 4 } },
    breaker: "open",
    breakerEnforced: false,
    inFlight: 2,
  });
  const metrics = operationMetrics([report], period);

  test("counts are exact, cumulative and told by outcome and category (O1, O2)", () => {
    expect(points(metrics, "soulmirror.operation.calls")).toEqual([
      "soulmirror.operation=shop.pay soulmirror.outcome=success -> 5",
      "soulmirror.operation=shop.pay soulmirror.outcome=failure error.type=timeout -> 2",
      "soulmirror.operation=shop.pay soulmirror.outcome=failure error.type=rate_limit -> 1",
    ]);
    const calls = metrics.find(({ name }) => name === "soulmirror.operation.calls")?.sum;
    expect(calls).toMatchObject({ aggregationTemporality: 2, isMonotonic: true });
    expect(calls?.dataPoints[0]).toMatchObject({
      startTimeUnixNano: "1700000000000000000",
      timeUnixNano: "1700000010000000000",
    });
  });

  test("decisions tell what acted and what was only detected", () => {
    expect(points(metrics, "soulmirror.policy.decisions")).toEqual([
      "soulmirror.operation=shop.pay soulmirror.decision=retry soulmirror.enforced=true -> 4",
      "soulmirror.operation=shop.pay soulmirror.decision=retry soulmirror.enforced=false -> 3",
    ]);
    expect(points(metrics, "soulmirror.breaker.state")).toEqual([
      "soulmirror.operation=shop.pay -> 2",
    ]);
    expect(points(metrics, "soulmirror.breaker.enforced")).toEqual([
      "soulmirror.operation=shop.pay -> 0",
    ]);
  });

  test("why one is isolated is a gauge beside its state, whose series stays one", () => {
    const isolated = sampleReport("pay", [], { breaker: "isolated", isolatedBecause: "it is ill" });
    const told = operationMetrics([isolated], period);
    expect(points(told, "soulmirror.breaker.state")).toEqual(["soulmirror.operation=pay -> 3"]);
    expect(points(told, "soulmirror.breaker.isolation")).toEqual([
      "soulmirror.operation=pay soulmirror.breaker.reason=it is ill -> 1",
    ]);
    expect(metrics.map(({ name }) => name)).not.toContain("soulmirror.breaker.isolation");
  });

  test("the latency is an exponential histogram in seconds, within 1 %", () => {
    const latencies = Array.from({ length: 1000 }, (_, place) => 1.01 ** place);
    const [metric] = operationMetrics([sampleReport("x", latencies)], period);
    const point = metric?.exponentialHistogram?.dataPoints[0];
    if (point === undefined) throw new Error("no histogram");
    expect([metric?.name, metric?.unit, point.count]).toEqual([
      "soulmirror.operation.duration",
      "s",
      1000,
    ]);
    const { scale, zeroCount, positive, negative } = point;
    const buckets = {
      scale,
      zeroCount,
      positive: { offset: positive.offset, counts: positive.bucketCounts },
      negative: { offset: negative.offset, counts: negative.bucketCounts },
    };
    for (const q of [0.1, 0.5, 0.9, 0.99]) {
      const wanted = (latencies[Math.floor(q * 999)] as number) / 1000;
      expect(Math.abs((bucketsQuantile(buckets, q) as number) / wanted - 1)).toBeLessThan(0.01);
    }
    expect(point.sum).toBeCloseTo(latencies.reduce((sum, each) => sum + each, 0) / 1000, 6);
  });
});

describe("OpenTelemetry's names", () => {
  test.each([
    ["trpc.user.byId", "rpc.server.call.duration", { "rpc.method": "user.byId" }],
    ["GET /users/:id", "http.server.request.duration", { "http.route": "/users/:id" }],
    [
      "http api.example.com:8443 POST",
      "http.client.request.duration",
      { "server.address": "api.example.com", "server.port": 8443, "http.request.method": "POST" },
    ],
    ["http [::1]:80 GET", "http.client.request.duration", { "server.address": "[::1]" }],
    ["pg query", "db.client.operation.duration", { "db.system.name": "postgresql" }],
    ["redis.get", "db.client.operation.duration", { "db.operation.name": "get" }],
    ["llm:openai", "gen_ai.client.operation.duration", { "gen_ai.provider.name": "openai" }],
    ["chat-analyzer.analyzeFile", "soulmirror.operation.duration", {}],
    ["redistribute.run", "soulmirror.operation.duration", {}],
  ])("%s is told as %s", (operation, metric, attributes) => {
    expect(semanticName(operation)).toMatchObject({ metric, attributes });
  });

  test("one name has one histogram, however many operations it has", () => {
    const reports = [sampleReport("trpc.a", [1]), sampleReport("x"), sampleReport("trpc.b", [2])];
    const histograms = operationMetrics(reports, period).filter(
      ({ exponentialHistogram }) => exponentialHistogram !== undefined,
    );
    expect(
      histograms.map((each) => [each.name, each.exponentialHistogram?.dataPoints.length]),
    ).toEqual([
      ["rpc.server.call.duration", 2],
      ["soulmirror.operation.duration", 1],
    ]);
  });
});

describe("names made from data", () => {
  test("the first keep their series for good, the others are one (P1, P2)", () => {
    const capped = new CappedOperations(2);
    capped.cap([sampleReport("a"), sampleReport("b")]);
    const parts = { failures: { timeout: 1 }, decisions: { retry: { detected: 2, enforced: 1 } } };
    const many = ["c", "a", "d", "e"].map((name) => sampleReport(name, [5], parts));
    const shown = capped.cap(many);
    expect(shown.map(({ name, calls }) => [name, calls])).toEqual([
      ["a", 2],
      ["(others)", 6],
    ]);
    expect(shown[1]).toMatchObject({
      failures: { timeout: 3 },
      decisions: { retry: { detected: 6, enforced: 3 } },
      succeeded: 3,
    });
    expect(shown[1]?.latency.count).toBe(3);
  });
});

test("text for Prometheus", () => {
  const report = sampleReport("pay", [1.5, 40, 40, 20_000], {
    failures: { timeout: 2 },
    decisions: { retry: { detected: 3, enforced: 1 } },
    breaker: "half_open",
    breakerEnforced: true,
  });
  const text = exposition(
    { service: "shop", operations: () => [report] },
    { bounds: [0.01, 0.1, 1] },
  );
  expect(text.split("\n").filter((line) => !line.startsWith("#"))).toEqual([
    'soulmirror_operation_calls_total{service="shop",operation="pay",outcome="success",error_category=""} 4',
    'soulmirror_operation_calls_total{service="shop",operation="pay",outcome="failure",error_category="timeout"} 2',
    'soulmirror_operation_duration_seconds_bucket{service="shop",operation="pay",le="0.01"} 1',
    'soulmirror_operation_duration_seconds_bucket{service="shop",operation="pay",le="0.1"} 3',
    'soulmirror_operation_duration_seconds_bucket{service="shop",operation="pay",le="1"} 3',
    'soulmirror_operation_duration_seconds_bucket{service="shop",operation="pay",le="+Inf"} 4',
    'soulmirror_operation_duration_seconds_sum{service="shop",operation="pay"} 20.0815',
    'soulmirror_operation_duration_seconds_count{service="shop",operation="pay"} 4',
    'soulmirror_operation_in_flight{service="shop",operation="pay"} 0',
    'soulmirror_policy_decisions_total{service="shop",operation="pay",decision="retry",enforced="true"} 1',
    'soulmirror_policy_decisions_total{service="shop",operation="pay",decision="retry",enforced="false"} 2',
    'soulmirror_breaker_state{service="shop",operation="pay"} 1',
    'soulmirror_breaker_enforced{service="shop",operation="pay"} 1',
    "",
  ]);
});

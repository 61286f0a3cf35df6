import { describe, expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import type { Metric } from "./metric.ts";
import { OperationTracker, type OperationTrackerOptions } from "./operation-tracker.ts";

function set(options: OperationTrackerOptions = {}) {
  const tools = new ManualTools();
  const metrics: Metric[] = [];
  const record = (metric: Metric): void => void metrics.push(metric);
  const tracker = new OperationTracker({ record }, { tools, ...options });
  return { tools, metrics, tracker };
}

describe("OperationTracker", () => {
  test("a success is a duration and a success count", async () => {
    const { tools, metrics, tracker } = set();
    const context = tracker.startOperation("trpc.user.list", { type: "query" });
    await tools.advance(25);
    tracker.recordSuccess(context, ["a"]);
    const tags = { type: "query", status: "success" };
    const common = { metricType: "operation", source: "trpc.user.list", tags };
    expect(metrics).toEqual([
      { ...common, metricName: "trpc.user.list.duration", value: 25, unit: "ms" },
      { ...common, metricName: "trpc.user.list.success_count", value: 1, unit: "count" },
    ]);
  });

  test("a failure carries the type and the category of its error", async () => {
    const { metrics, tracker } = set();
    tracker.recordFailure(tracker.startOperation("pay"), new TypeError("no"), "rate_limit");
    const tags = { status: "failure", error_type: "TypeError", error_category: "rate_limit" };
    expect(metrics.map(({ metricName, tags: told }) => [metricName, told])).toEqual([
      ["pay.duration", tags],
      ["pay.failure_count", tags],
    ]);
  });

  test("the category is worked out where a classifier is given, else it is unknown", () => {
    const classify = () =>
      ({ category: "timeout", isFault: true, isTransient: true, neverStarted: false }) as const;
    const knows = set({ classify });
    knows.tracker.recordFailure(knows.tracker.startOperation("pay"), "slow");
    const plain = set();
    plain.tracker.recordFailure(plain.tracker.startOperation("pay"), "slow");
    expect(knows.metrics[0]?.tags).toMatchObject({
      error_type: "string",
      error_category: "timeout",
    });
    expect(plain.metrics[0]?.tags).toMatchObject({ error_category: "unknown" });
  });

  test("each operation has an id of its own, also two of one moment, and it is no tag", () => {
    const { metrics, tracker } = set();
    const contexts = Array.from({ length: 100 }, () => tracker.startOperation("pay"));
    const ids = contexts.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(100);
    expect(ids[0]).toMatch(/^op_\S+$/);
    for (const context of contexts) tracker.recordSuccess(context);
    expect(JSON.stringify(metrics)).not.toContain(ids[0]);
  });

  test("only the first end of an operation counts, in the meter of the engine, too", () => {
    const ends: string[] = [];
    const call = {
      succeed: () => void ends.push("succeed"),
      fail: () => void ends.push("fail"),
    };
    const view = { meter: (name: string) => ({ begin: () => (ends.push(name), call) }) };
    const { metrics, tracker } = set({ view });
    const context = tracker.startOperation("pay");
    tracker.recordSuccess(context);
    tracker.recordFailure(context, new Error("late"));
    expect([metrics.length, ends]).toEqual([2, ["pay", "succeed"]]);
  });
});

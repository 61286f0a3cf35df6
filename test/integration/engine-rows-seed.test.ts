/** What the package promises by name, on its doors: metrics, health, providers, variables. */
import { join } from "node:path";
import { initTRPC } from "@trpc/server";
import { Redis } from "ioredis";
import { beforeEach, describe, expect, test } from "vitest";
import { failover } from "../../src/public/ai.ts";
import {
  cpuCheck,
  databaseCheck,
  HealthCheckRegistry,
  memoryCheck,
  redisCheck,
  type ServiceError,
  sqliteRecoveryStore,
} from "../../src/public/index.ts";
import {
  MemorySink,
  MetricsCollector,
  OperationTracker,
  RedisStreamSink,
} from "../../src/public/telemetry.ts";
import { healthQuery, trpcMiddleware } from "../../src/public/trpc.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";
import { engineOf, open, withCode } from "./engine-rows-bench.ts";
import { startRedis } from "./redis-server.ts";

let folder: string;

beforeEach(() => {
  folder = temporaryFolder("engine-rows");
});

function failing(error: Error) {
  return {
    async send(): Promise<string> {
      throw error;
    },
  };
}

describe("E10: MetricsCollector", () => {
  test("in the stream `metrics:stream` each entry is a field `data` with the seven keys", async () => {
    const server = await startRedis();
    afterwards(() => server[Symbol.asyncDispose]());
    const client = new Redis(server.port, server.host);
    afterwards(() => client.disconnect());
    await client.ping();
    const collector = new MetricsCollector({ sinks: [new RedisStreamSink(client)] });
    const metric = { metricType: "system", metricName: "depth", value: 5, unit: "items" };
    collector.record({ ...metric, tags: { queue: "mail" }, source: "worker" });
    await collector.stop();
    const [entry] = await client.xrange("metrics:stream", "-", "+");
    expect(entry?.[1]?.[0]).toBe("data");
    const data = JSON.parse(entry?.[1]?.[1] ?? "") as Readonly<Record<string, unknown>>;
    expect(Object.keys(data)).toEqual([
      "timestamp",
      "metricType",
      "metricName",
      "value",
      "unit",
      "tags",
      "source",
    ]);
    expect(data).toMatchObject({ ...metric, tags: { queue: "mail" }, source: "worker" });
  });
});

describe("E11: OperationTracker", () => {
  test("an operation is a duration and a count, with status, error_type and error_category", async () => {
    const sink = new MemorySink();
    const collector = new MetricsCollector({ sinks: [sink] });
    const tracker = new OperationTracker(collector);
    const first = tracker.startOperation("import", { format: "csv" });
    expect(Object.keys(first)).toEqual(["operationId", "operationType", "startTime", "metadata"]);
    tracker.recordSuccess(first);
    const second = tracker.startOperation("import", { format: "csv" });
    expect(second.operationId).not.toBe(first.operationId);
    tracker.recordFailure(second, new RangeError("too long"), "quota_exceeded");
    await collector.stop();
    const ill = { status: "failure", error_type: "RangeError", error_category: "quota_exceeded" };
    expect(sink.items.map(({ metricName, unit, tags }) => [metricName, unit, tags])).toEqual([
      ["import.duration", "ms", { format: "csv", status: "success" }],
      ["import.success_count", "count", { format: "csv", status: "success" }],
      ["import.duration", "ms", { format: "csv", ...ill }],
      ["import.failure_count", "count", { format: "csv", ...ill }],
    ]);
  });

  test.each([
    ["timeout", withCode("ETIMEDOUT")],
    ["timeout", withCode("TIMEOUT")],
    ["connection_refused", withCode("ECONNREFUSED")],
    ["dns_error", withCode("ENOTFOUND")],
    ["rate_limit", new Error("rate limit reached")],
    ["quota_exceeded", new Error("the quota is used up")],
    ["trpc_error", Object.assign(new Error("no"), { name: "TRPCError" })],
    ["unknown", new Error("odd")],
  ] as const)("the category %s", async (category, error) => {
    const engine = engineOf({ autoRetry: false });
    const failures: ServiceError[] = [];
    engine.on("service_error", (failure) => failures.push(failure));
    const mail = engine.wrap("mail", failing(error));
    await expect(mail.send()).rejects.toBe(error);
    expect(failures.map((failure) => failure.category)).toEqual([category]);
  });

  test("who asked is carried from tRPC into the failure that is kept", async () => {
    const path = join(folder, "recoveries.db");
    const engine = engineOf({ autoRetry: false, recoveries: sqliteRecoveryStore(path) });
    const mail = engine.wrap("mail", failing(withCode("ECONNREFUSED")));
    const t = initTRPC.context<{ user: string; request: string }>().create();
    const ids = ({ ctx }: { ctx: { user: string; request: string } }) => ({
      userId: ctx.user,
      requestId: ctx.request,
    });
    const measured = t.procedure.use(trpcMiddleware(engine, { ids, carryIds: true }));
    const router = t.router({ order: measured.mutation(() => mail.send()) });
    const caller = t.createCallerFactory(router)({ user: "ann", request: "r1" });
    const kept = async () => (await engine.recovery.records()).failures;
    await expect(caller.order()).rejects.toThrow("ECONNREFUSED");
    await until(async () => (await kept()).length >= 2, { seen: kept });
    expect(engine.operation("trpc.order")).toMatchObject({ failed: 1 });
    await engine.close();
    const rows = open(path)
      .prepare("select * from failure_events order by affected_service desc")
      .all();
    const requested = { affected_service: "trpc.order", user_id: "ann", request_id: "r1" };
    expect(rows).toMatchObject([{ ...requested, detection_method: "exception" }, {}]);
  });
});

describe("E12: HealthCheckRegistry", () => {
  test("the procedure `health` answers {overall, checks, timestamp} with each built-in check", async () => {
    const server = await startRedis();
    afterwards(() => server[Symbol.asyncDispose]());
    const client = new Redis(server.port, server.host);
    afterwards(() => client.disconnect());
    const registry = new HealthCheckRegistry();
    registry.register("database", databaseCheck(open(join(folder, "shop.db"))));
    registry.register("redis", redisCheck(client));
    registry.register("memory", memoryCheck());
    registry.register("cpu", cpuCheck());
    registry.register("queue", () => ({ status: "degraded", message: "long", metadata: { n: 3 } }));
    const t = initTRPC.create();
    const router = t.router({ health: t.procedure.query(healthQuery(registry)) });
    const report = await t.createCallerFactory(router)({}).health();
    expect(Object.keys(report).toSorted()).toEqual(["checks", "overall", "timestamp"]);
    expect(report.checks.map(({ name }) => name)).toEqual([
      "database",
      "redis",
      "memory",
      "cpu",
      "queue",
    ]);
    const queue = { name: "queue", status: "degraded", message: "long", metadata: { n: 3 } };
    const { latency = -1, ...said } = report.checks.at(-1) ?? {};
    expect(said).toEqual(queue);
    expect(latency).toBeGreaterThanOrEqual(0);
    expect(["degraded", "unhealthy"]).toContain(report.overall);
    expect(report.timestamp).toBeGreaterThan(1e12);
  });

  test("health has a course: overall_health and the shares of memory and cpu are metrics", async () => {
    const server = await startRedis();
    afterwards(() => server[Symbol.asyncDispose]());
    process.env["REDIS_URL"] = server.url;
    afterwards(() => delete process.env["REDIS_URL"]);
    const engine = engineOf();
    engine.health.register("mail", () => "unhealthy");
    await engine.getSystemHealth();
    await engine.close();
    const client = new Redis(server.port, server.host);
    afterwards(() => client.disconnect());
    const entries = await client.xrange("metrics:stream", "-", "+");
    const metrics = entries.map(([, [, data = ""]]) => JSON.parse(data) as Record<string, unknown>);
    const named = (name: string) => metrics.find(({ metricName }) => metricName === name);
    expect(named("overall_health")).toMatchObject({
      metricType: "system",
      value: 0,
      unit: "status",
      tags: { status: "unhealthy" },
      source: "health_monitor",
    });
    expect(named("mail.latency")).toMatchObject({ metricType: "health_check", unit: "ms" });
    expect(named("memory.heap_used_percent")).toMatchObject({ unit: "percent" });
  });
});

describe("E15: AI providers", () => {
  test("the ring is llm:openai, llm:deepseek, llm:gemini; all out is the declared answer", async () => {
    const error = withCode("ECONNREFUSED");
    const provider = { call: () => Promise.reject(error) };
    const ask = failover([provider, { ...provider }, { ...provider }], {
      whenAllFail: () => "degraded",
    });
    expect(ask.ring.report().map(({ name }) => name)).toEqual([
      "llm:openai",
      "llm:deepseek",
      "llm:gemini",
    ]);
    expect(await ask("Who are you?")).toBe("degraded");
    expect(ask.ring.report().map(({ calls, faults }) => [calls, faults])).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
  });
});

describe("E25: the environment", () => {
  test("each variable has the default of the row, and is taken", () => {
    const rows = [
      ["METRICS_BATCH_SIZE", "telemetry.batchSize", 100],
      ["METRICS_FLUSH_INTERVAL_MS", "telemetry.flushIntervalMs", 1000],
      ["METRICS_REDIS_STREAM_KEY", "telemetry.redisStreamKey", "metrics:stream"],
      ["REDIS_URL", "telemetry.redisUrl", undefined],
      ["HEALTH_CHECK_INTERVAL_MS", "health.intervalMs", 30_000],
      ["HEALTH_CHECK_TIMEOUT_MS", "health.timeoutMs", 5000],
      ["CIRCUIT_BREAKER_FAILURE_THRESHOLD", "breaker.failureThreshold", 5],
      ["CIRCUIT_BREAKER_SUCCESS_THRESHOLD", "breaker.successThreshold", 2],
      ["CIRCUIT_BREAKER_TIMEOUT_MS", "timeoutMs", 30_000],
      ["CIRCUIT_BREAKER_RESET_TIMEOUT_MS", "breaker.resetTimeoutMs", 60_000],
      ["RECOVERY_MAX_RETRY_ATTEMPTS", "retry.attempts", 3],
      ["RECOVERY_RETRY_BASE_DELAY_MS", "retry.delayMs", 1000],
      ["ALERT_EMAIL_ENABLED", "alerts.email", false],
      ["ALERT_SMS_ENABLED", "alerts.sms", false],
      ["ALERT_WEBHOOK_URL", "alerts.webhookUrl", undefined],
    ] as const;
    const others: Readonly<Record<string, string>> = {
      METRICS_REDIS_STREAM_KEY: "ours",
      REDIS_URL: "redis://127.0.0.1:1",
      ALERT_EMAIL_ENABLED: "true",
      ALERT_SMS_ENABLED: "true",
      // Shown without its path, which may be a secret.
      ALERT_WEBHOOK_URL: "http://127.0.0.1:1",
    };
    const valuesOf = () =>
      new Map<string, unknown>(
        engineOf()
          .settings.explain()
          .map(({ name, value }) => [name, value]),
      );
    const usual = valuesOf();
    expect(rows.map(([, leaf]) => usual.get(leaf))).toEqual(rows.map(([, , value]) => value));
    for (const [name] of rows) {
      process.env[name] = others[name] ?? "77";
      afterwards(() => delete process.env[name]);
    }
    const set = valuesOf();
    const wanted = rows.map(([name]) => {
      const word = others[name] ?? 77;
      return word === "true" ? true : word;
    });
    expect(rows.map(([, leaf]) => set.get(leaf))).toEqual(wanted);
  });
});

/** Every sink of metrics against the one suite: the memory, a real Redis, a collector over HTTP. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Redis } from "ioredis";
import { realTools } from "../../src/engine/real-tools.ts";
import type { StampedMetric } from "../../src/engine/telemetry/metric.ts";
import { OtlpMetricSink } from "../../src/engine/telemetry/otlp-metric-sink.ts";
import { OtlpTransport } from "../../src/engine/telemetry/otlp-transport.ts";
import { RedisStreamSink } from "../../src/engine/telemetry/redis-stream-sink.ts";
import { RedisUrlSink } from "../../src/engine/telemetry/redis-url-sink.ts";
import { MemorySink, type MetricSink } from "../../src/engine/telemetry/sink.ts";
import { SqliteMetricSink } from "../../src/engine/telemetry/sqlite-metric-sink.ts";
import { temporaryFolder } from "../afterwards.ts";
import { Collector } from "../integration/otlp-collector.ts";
import { type RedisServer, startRedis } from "../integration/redis-server.ts";
import { until } from "../until.ts";
import { metricSinkConformance, type SinkStage } from "./metric-sink.ts";

const nothing = async (): Promise<void> => undefined;

async function openMemory(): Promise<SinkStage> {
  const sink = new MemorySink();
  return {
    sink,
    goAway: nothing,
    hang: nothing,
    comeBack: nothing,
    arrived: async () => sink.items.map(({ metricName, value }) => [metricName, value]),
    [Symbol.asyncDispose]: nothing,
  };
}

type MakeSink = (client: Redis, redis: RedisServer) => MetricSink;

async function openRedis(make: MakeSink): Promise<SinkStage> {
  const redis = await startRedis();
  const client = new Redis(redis.port, redis.host, { retryStrategy: () => 20 });
  client.on("error", () => undefined);
  const ready = async (): Promise<void> => void (await client.ping());
  await ready();
  const sink = make(client, redis);
  return {
    sink,
    async goAway() {
      await redis.stop();
      // Until the client has noticed, it does not know either.
      await until(() => client.status !== "ready", { limitMs: 20_000 });
    },
    hang: async () => redis.freeze(),
    async comeBack() {
      redis.thaw();
      if (client.status !== "ready") await redis.start();
      await ready();
    },
    async arrived() {
      const entries = await client.xrange("metrics:stream", "-", "+");
      return entries.map(([, [field, data = ""]]) => {
        const { metricName, value } = JSON.parse(field === "data" ? data : "{}") as StampedMetric;
        return [metricName, value];
      });
    },
    async [Symbol.asyncDispose]() {
      client.disconnect();
      await sink.close?.();
      await redis[Symbol.asyncDispose]();
    },
  };
}

async function openCollector(): Promise<SinkStage> {
  const collector = await Collector.start();
  const transport = new OtlpTransport({ endpoint: collector.url }, realTools.wallMs);
  return {
    sink: new OtlpMetricSink(transport, { "service.name": "test" }),
    goAway: async () => await collector.stop(),
    hang: async () => void (collector.mood = { status: 200, isSilent: true }),
    async comeBack() {
      collector.mood = { status: 200, body: "{}" };
      await collector.stop();
      await collector.listen();
    },
    arrived: async () =>
      collector.metrics.map(({ name, gauge }) => [name, gauge?.dataPoints[0]?.asDouble ?? 0]),
    async [Symbol.asyncDispose]() {
      transport.close();
      await collector[Symbol.asyncDispose]();
    },
  };
}

/** Away: another process holds its lock. */
async function openSqlite(): Promise<SinkStage> {
  const path = join(temporaryFolder("sqlite-sink"), "metrics.db");
  const sink = new SqliteMetricSink(path);
  const other = new DatabaseSync(path);
  return {
    sink,
    goAway: async () => other.exec("begin exclusive"),
    hang: async () => other.exec("begin exclusive"),
    comeBack: async () => other.exec("rollback"),
    arrived: async () => {
      const there = "select name from sqlite_master where name = 'system_health_metrics'";
      if (other.prepare(there).get() === undefined) return [];
      const rows = other.prepare("select * from system_health_metrics order by id").all();
      return rows.map((row) => [String(row["metric_name"]), Number(row["value"])]);
    },
    async [Symbol.asyncDispose]() {
      await sink.close();
      other.close();
    },
  };
}

metricSinkConformance("memory", openMemory, { isRemote: false });
const ofService = (): Promise<SinkStage> => openRedis((client) => new RedisStreamSink(client));
metricSinkConformance("Redis stream", ofService, { isRemote: true });
const byUrl = (): Promise<SinkStage> => openRedis((_, { url }) => new RedisUrlSink(url));
metricSinkConformance("Redis by its address", byUrl, { isRemote: true });
metricSinkConformance("SQLite", openSqlite, { isRemote: true });
metricSinkConformance("OTLP/HTTP", openCollector, { isRemote: true });

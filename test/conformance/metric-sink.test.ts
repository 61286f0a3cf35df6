/** Every sink of metrics against the one suite: the memory, a real Redis, a collector over HTTP. */
import { Redis } from "ioredis";
import { realTools } from "../../src/engine/real-tools.ts";
import type { StampedMetric } from "../../src/engine/telemetry/metric.ts";
import { OtlpMetricSink } from "../../src/engine/telemetry/otlp-metric-sink.ts";
import { OtlpTransport } from "../../src/engine/telemetry/otlp-transport.ts";
import { RedisStreamSink } from "../../src/engine/telemetry/redis-stream-sink.ts";
import { MemorySink } from "../../src/engine/telemetry/sink.ts";
import { Collector } from "../integration/otlp-collector.ts";
import { startRedis } from "../integration/redis-server.ts";
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

async function openRedis(): Promise<SinkStage> {
  const redis = await startRedis();
  const client = new Redis(redis.port, redis.host, { retryStrategy: () => 20 });
  client.on("error", () => undefined);
  const ready = async (): Promise<void> => void (await client.ping());
  await ready();
  return {
    sink: new RedisStreamSink(client),
    async goAway() {
      await redis.stop();
      // Until the client has noticed, it does not know either.
      while (client.status === "ready") await new Promise((resolve) => setTimeout(resolve, 5));
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

metricSinkConformance("memory", openMemory, { isRemote: false });
metricSinkConformance("Redis stream", openRedis, { isRemote: true });
metricSinkConformance("OTLP/HTTP", openCollector, { isRemote: true });

/**
 * What an engine measures and tells, on its way to the daemon, collectors, streams, scrapers and
 * spans. Bounded everywhere, every loss counted. What to measure is decided where it happens.
 */

export { instanceName } from "./engine-resource.ts";
export {
  EngineTelemetry,
  type EngineTelemetryOptions,
} from "./engine-telemetry.ts";
export { Lane, type LaneFigures } from "./lane.ts";
export type { Metric, StampedMetric } from "./metric.ts";
export { MetricsCollector, type MetricsCollectorOptions } from "./metrics-collector.ts";
export {
  type OperationContext,
  OperationTracker,
  type OperationTrackerOptions,
} from "./operation-tracker.ts";
export { OtlpExporter, type OtlpExporterOptions } from "./otlp-exporter.ts";
export { OtlpMetricSink } from "./otlp-metric-sink.ts";
export { otlpOptions } from "./otlp-options.ts";
export { type OtlpOptions, OtlpTransport } from "./otlp-transport.ts";
export { type ExpositionOptions, exposition } from "./prometheus.ts";
export {
  type RedisStreamClient,
  RedisStreamSink,
  type RedisStreamSinkOptions,
} from "./redis-stream-sink.ts";
export { hasRedisLibrary } from "./redis-url-sink.ts";
export { DeliveryRefused, MemorySink, type MetricSink, type Sink, SinkAway } from "./sink.ts";
export { traceDecisions } from "./span-events.ts";
export { SqliteMetricSink, type SqliteMetricSinkOptions } from "./sqlite-metric-sink.ts";

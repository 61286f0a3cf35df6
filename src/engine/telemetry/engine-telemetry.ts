/**
 * The telemetry of one engine, put together: what it counts goes to the daemon or a collector, what
 * the service records goes there as well, and into Redis where the service hands a client in.
 *
 * Y1. Without an endpoint, a Redis client or another sink nothing is sent and no timer is set.
 * Y2. What cannot be sent never harms the service: only wrong options throw, and at once.
 */
import type { Classify, Tools } from "../../resilience/index.ts";
import type { EngineEventHub } from "../events.ts";
import type { EngineView } from "../operation.ts";
import { realTools } from "../real-tools.ts";
import { engineResource } from "./engine-resource.ts";
import { MetricsCollector, type MetricsCollectorOptions } from "./metrics-collector.ts";
import { OperationTracker } from "./operation-tracker.ts";
import { OtlpExporter } from "./otlp-exporter.ts";
import { OtlpMetricSink } from "./otlp-metric-sink.ts";
import { otlpOptions } from "./otlp-options.ts";
import { type OtlpOptions, OtlpTransport } from "./otlp-transport.ts";
import { type RedisStreamClient, RedisStreamSink } from "./redis-stream-sink.ts";
import type { MetricSink } from "./sink.ts";
import { traceDecisions } from "./span-events.ts";

export interface EngineTelemetryOptions
  extends Omit<MetricsCollectorOptions, "sinks" | "events" | "tools"> {
  readonly view: EngineView;
  readonly events: EngineEventHub;
  /** Default: what the environment says. `false` sends nothing by OTLP. */
  readonly otlp?: OtlpOptions | false | undefined;
  /** An `ioredis` client of the service; metrics then go into its stream as well. */
  readonly redis?: RedisStreamClient | undefined;
  /** Default `metrics:stream`. */
  readonly redisStreamKey?: string | undefined;
  /** Further places of one's own. */
  readonly sinks?: readonly MetricSink[] | undefined;
  /** Between two messages with what the engine counted. Default 10,000. */
  readonly exportIntervalMs?: number | undefined;
  readonly classify?: Classify | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  readonly tools?: Tools | undefined;
  /** Part of the name under which this engine is known. Default: now. */
  readonly startedAt?: number | undefined;
}

export class EngineTelemetry {
  /** Undefined where metrics would go nowhere. */
  readonly collector: MetricsCollector | undefined;
  /** Undefined without an endpoint. */
  readonly exporter: OtlpExporter | undefined;
  readonly tracker: OperationTracker;
  readonly #transport: OtlpTransport | undefined;
  #endTracing: (() => void) | undefined;
  #isStopped = false;

  /** Throws OPTIONS_INVALID with the key, the value and the fix of each mistake. */
  constructor(options: EngineTelemetryOptions) {
    const { view, events, redis, redisStreamKey, sinks = [], ...rest } = options;
    const { otlp, exportIntervalMs, classify, environment, tools = realTools, ...more } = rest;
    const { startedAt = tools.wallMs(), ...pace } = more;
    const target = otlp === undefined ? otlpOptions(environment ?? process.env) : otlp || undefined;
    const resource = engineResource(view.service, startedAt);
    const transport = target && new OtlpTransport(target, tools.wallMs);
    const stream = redisStreamKey === undefined ? {} : { streamKey: redisStreamKey };
    const all: readonly MetricSink[] = [
      ...(transport === undefined ? [] : [new OtlpMetricSink(transport, resource)]),
      ...(redis === undefined ? [] : [new RedisStreamSink(redis, stream)]),
      ...sinks,
    ];
    const common = { events, tools };
    this.#transport = transport;
    this.collector =
      all.length === 0 ? undefined : new MetricsCollector({ ...common, ...pace, sinks: all });
    this.exporter =
      transport && new OtlpExporter({ ...common, view, transport, resource, exportIntervalMs });
    const { collector } = this;
    const record: MetricsCollector["record"] = (metric) => collector?.record(metric);
    this.tracker = new OperationTracker({ record }, { classify, view, tools });
    void this.#trace(events);
  }

  async #trace(events: EngineEventHub): Promise<void> {
    const end = await traceDecisions(events);
    if (this.#isStopped) end?.();
    else this.#endTracing = end;
  }

  /** Sends what is left, within `withinMs`, and ends. */
  async stop(withinMs = 2000): Promise<void> {
    this.#isStopped = true;
    this.#endTracing?.();
    await Promise.all([this.collector?.stop(withinMs), this.exporter?.stop(withinMs)]);
    this.#transport?.close();
  }
}

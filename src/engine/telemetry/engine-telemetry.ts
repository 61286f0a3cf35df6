/**
 * The telemetry of one engine, put together: what it counts goes to the daemon or a collector, what
 * the service records goes there as well, and into Redis where the service hands a client in.
 *
 * Y1. Without an endpoint, a Redis client or another sink nothing is sent and no timer is set.
 * Y2. What cannot be sent never harms the service: only wrong options throw, and at once.
 */
import {
  anyOption,
  checkOptions,
  havingOption,
  optionsOf,
  requiredOption,
} from "../../kernel/index.ts";
import type { Classify, Tools } from "../../resilience/index.ts";
import type { EngineEventHub } from "../events.ts";
import type { EngineView } from "../operation.ts";
import { realTools } from "../real-tools.ts";
import { engineResource } from "./engine-resource.ts";
import { MetricsCollector, type MetricsCollectorOptions } from "./metrics-collector.ts";
import { OperationFeed } from "./operation-feed.ts";
import { OperationTracker } from "./operation-tracker.ts";
import { OtlpExporter } from "./otlp-exporter.ts";
import { OtlpMetricSink } from "./otlp-metric-sink.ts";
import { otlpOptions } from "./otlp-options.ts";
import { type OtlpOptions, OtlpTransport } from "./otlp-transport.ts";
import { type RedisStreamClient, RedisStreamSink } from "./redis-stream-sink.ts";
import { RedisUrlSink } from "./redis-url-sink.ts";
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
  /** A Redis that a connection of our own goes to; what operations counted goes there, too. */
  readonly redisUrl?: string | undefined;
  /** Default `metrics:stream`. */
  readonly redisStreamKey?: string | undefined;
  /** Further places of one's own. */
  readonly sinks?: readonly MetricSink[] | undefined;
  /** One more, which gets what operations counted as well. */
  readonly kept?: MetricSink | undefined;
  /** Between two messages with what the engine counted. Default 10,000. */
  readonly exportIntervalMs?: number | undefined;
  readonly classify?: Classify | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  readonly tools?: Tools | undefined;
  /** Part of the name under which this engine is known. Default: now. */
  readonly startedAt?: number | undefined;
}

const given = anyOption();
const shape = optionsOf({
  view: requiredOption(havingOption(["operations", "meter"], "an engine", "hand in an engine")),
  events: requiredOption(havingOption(["on"], "events", "hand in engine.events")),
  otlp: given,
  redis: given,
  redisUrl: given,
  redisStreamKey: given,
  sinks: given,
  kept: given,
  exportIntervalMs: given,
  classify: given,
  startedAt: given,
  environment: given,
  tools: given,
  batchSize: given,
  flushIntervalMs: given,
  queueMax: given,
  joinedMax: given,
  sendTimeoutMs: given,
});

const feedEveryMs = 10_000;

/** Collector, exporter and tracker of one engine; `EngineTelemetryOptions` say where to. */
export class EngineTelemetry {
  /** Undefined where metrics would go nowhere. */
  readonly collector: MetricsCollector | undefined;
  /** Undefined without an endpoint. */
  readonly exporter: OtlpExporter | undefined;
  readonly tracker: OperationTracker;
  readonly #feed: OperationFeed | undefined;
  readonly #transport: OtlpTransport | undefined;
  #endTracing: (() => void) | undefined;
  #isStopped = false;

  /** Throws OPTIONS_INVALID with the key, the value and the fix of each mistake. */
  constructor(options: EngineTelemetryOptions) {
    checkOptions("EngineTelemetry", options, shape);
    const { view, events, redis, redisUrl, redisStreamKey, kept, sinks = [], ...rest } = options;
    const { otlp, exportIntervalMs, classify, environment, tools = realTools, ...more } = rest;
    const { startedAt = tools.wallMs(), ...pace } = more;
    const target = otlp === undefined ? otlpOptions(environment ?? process.env) : otlp || undefined;
    const resource = engineResource(view.service, startedAt);
    const transport = target && new OtlpTransport(target, tools.wallMs);
    const stream = redisStreamKey === undefined ? {} : { streamKey: redisStreamKey };
    const own = redisUrl === undefined ? undefined : new RedisUrlSink(redisUrl, stream);
    const fed = [own, kept].filter((sink) => sink !== undefined);
    const all: readonly MetricSink[] = [
      ...(transport === undefined ? [] : [new OtlpMetricSink(transport, resource)]),
      ...(redis === undefined ? [] : [new RedisStreamSink(redis, stream)]),
      ...fed,
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
    if (fed.length > 0) {
      this.#feed = new OperationFeed({
        view,
        // The exporter tells collectors of it in their own way.
        record: (metric) => fed.forEach(({ name }) => collector?.record(metric, name)),
        everyMs: exportIntervalMs ?? feedEveryMs,
        tools,
      });
    }
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
    this.#feed?.stop();
    await Promise.all([this.collector?.stop(withinMs), this.exporter?.stop(withinMs)]);
    this.#transport?.close();
  }
}

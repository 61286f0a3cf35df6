/**
 * Takes what a service measures, and brings it to its sinks in batches, without ever being in the
 * way: each sink has a lane of its own, so one that is away delays no other.
 *
 * C1. `record` never throws, waits or grows without bound, whatever becomes of the sinks.
 * C2. For each sink: recorded = delivered + joined + lost + waiting. What stands for several, which
 *     were joined, is one wherever it ends.
 */
import {
  anyOption,
  checkOptions,
  havingOption,
  listOption,
  optionsOf,
  requiredOption,
  SoulMirrorError,
} from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import type { EngineEventHub } from "../events.ts";
import { realTools } from "../real-tools.ts";
import { Lane, type LaneFigures, type Loss } from "./lane.ts";
import { limitsOf } from "./limits.ts";
import { join, type Metric, type StampedMetric, seriesKey, stamp } from "./metric.ts";
import type { MetricSink } from "./sink.ts";

export interface MetricsCollectorOptions {
  readonly sinks: readonly MetricSink[];
  /** So many together, at the most. Default 100. */
  readonly batchSize?: number | undefined;
  /** A metric waits no longer than this for others to come along. Default 1000. */
  readonly flushIntervalMs?: number | undefined;
  /** What waits whole for each sink. Default 10,000. */
  readonly queueMax?: number | undefined;
  /** Series into which older metrics are joined when more waits. Default 1000. */
  readonly joinedMax?: number | undefined;
  /** How long a sink may take for one batch. Default 5000. */
  readonly sendTimeoutMs?: number | undefined;
  /** Losses are told there, as `telemetry_loss`. */
  readonly events?: EngineEventHub | undefined;
  readonly tools?: Tools | undefined;
}

const collectorDefaults = {
  batchSize: 100,
  flushIntervalMs: 1000,
  queueMax: 10_000,
  joinedMax: 1000,
  sendTimeoutMs: 5000,
} as const;

const limit = anyOption<number>();
const shape = optionsOf({
  sinks: requiredOption(listOption(havingOption(["send"], "a sink", "hand in a sink"))),
  batchSize: limit,
  flushIntervalMs: limit,
  queueMax: limit,
  joinedMax: limit,
  sendTimeoutMs: limit,
  events: anyOption(),
  tools: anyOption(),
});

/** Bounded queues of metrics, one for each sink, sent in batches in the background. */
export class MetricsCollector {
  readonly #lanes: readonly { readonly name: string; readonly lane: Lane<StampedMetric> }[];
  readonly #tools: Tools;
  #withoutValue = 0;

  /** Throws OPTIONS_INVALID for a number that is none, or when there is no sink. */
  constructor(options: MetricsCollectorOptions) {
    checkOptions("MetricsCollector", options, shape);
    const { sinks, events, tools = realTools } = options;
    const { queueMax, joinedMax, ...pace } = limitsOf(
      "MetricsCollector",
      collectorDefaults,
      options,
    );
    if (sinks.length === 0) {
      throw new SoulMirrorError(
        "OPTIONS_INVALID",
        "MetricsCollector: sinks is empty: metrics would go nowhere",
        {
          fix: "give at least one sink, or record nothing",
        },
      );
    }
    this.#tools = tools;
    const joining = { keyOf: seriesKey, join };
    const limits = { queueMax, joinedMax };
    const onLoss = (loss: Loss): void => events?.emit("telemetry_loss", noticeOf(loss));
    this.#lanes = sinks.map((sink) => ({
      name: sink.name,
      lane: new Lane({ ...pace, sink, joining, limits, tools, onLoss }),
    }));
  }

  /**
   * Takes one measured value; it is stamped with the time of now. What has no finite value is
   * counted and goes nowhere. `only`: the name of the one sink that it is for.
   */
  record(metric: Metric, only?: string): void {
    const stamped = stamp(metric, this.#tools.wallMs());
    if (stamped === undefined) this.#withoutValue += 1;
    else {
      for (const { name, lane } of this.#lanes) {
        if (only === undefined || name === only) lane.add(stamped);
      }
    }
  }

  /** Sends what waits, now; resolves when every sink has taken it or has failed to. */
  async flush(): Promise<void> {
    await Promise.all(this.#lanes.map(({ lane }) => lane.flush()));
  }

  /** For the end of the service: a last `flush`. What is not taken within `withinMs` is lost. */
  async stop(withinMs = 2000): Promise<void> {
    await Promise.all(this.#lanes.map(({ lane }) => lane.close(withinMs)));
  }

  /** Metrics without a finite value since the start. */
  get withoutValue(): number {
    return this.#withoutValue;
  }

  /** By the name of the sink. */
  figures(): Readonly<Record<string, LaneFigures>> {
    return Object.fromEntries(this.#lanes.map(({ name, lane }) => [name, lane.figures]));
  }
}

/** What a lane has to tell, as the engine tells it. */
export function noticeOf(
  { sink, lost, joined, reason, figures }: Loss,
  what = "metrics",
): {
  readonly subject: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
} {
  const parts = [
    ...(lost > 0 ? [`${lost} ${what} were lost`] : []),
    ...(joined > 0 ? [`${joined} older ${what} were joined with others of their series`] : []),
  ];
  const because = reason === undefined ? "" : `: ${reason}`;
  return {
    subject: sink,
    message: `${parts.join(", ")} on the way to ${sink}${because}`,
    details: { lost, joined, sinceStart: figures },
  };
}

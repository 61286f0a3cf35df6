/**
 * Recorded metrics to the daemon or any collector. Within a batch each series is one data point:
 * counts are delta sums, durations delta histograms (count and sum), anything else a gauge.
 */
import { checkArgument, havingOption } from "../../kernel/index.ts";
import { join, kindOf, type StampedMetric, seriesKey } from "./metric.ts";
import {
  type Attributes,
  deltaTemporality,
  keyValues,
  metricsRequest,
  nanoseconds,
  type OtlpMetric,
} from "./otlp-format.ts";
import type { OtlpTransport } from "./otlp-transport.ts";
import type { MetricSink } from "./sink.ts";

const transportOption = havingOption(["post"], "a transport", "hand in an OtlpTransport");

export class OtlpMetricSink implements MetricSink {
  readonly name: string;
  readonly #transport: OtlpTransport;
  readonly #resource: Attributes;

  constructor(transport: OtlpTransport, resource: Attributes) {
    checkArgument(["OtlpMetricSink", "transport"], transport, transportOption);
    this.#transport = transport;
    this.#resource = resource;
    this.name = transport.endpoint;
  }

  async send(batch: readonly StampedMetric[], signal: AbortSignal): Promise<void> {
    if (batch.length === 0) return;
    signal.throwIfAborted();
    const metrics = [...joined(batch).values()].map(metricOf);
    await this.#transport.post("metrics", metricsRequest(this.#resource, metrics), signal);
  }
}

function joined(batch: readonly StampedMetric[]): ReadonlyMap<string, StampedMetric> {
  const series = new Map<string, StampedMetric>();
  for (const metric of batch) {
    const key = seriesKey(metric);
    const earlier = series.get(key);
    series.set(key, earlier === undefined ? metric : join(earlier, metric));
  }
  return series;
}

function metricOf(metric: StampedMetric): OtlpMetric {
  const { metricName: name, metricType, unit, value, tags, source, timestamp, count = 1 } = metric;
  const stamps = {
    attributes: keyValues({
      ...tags,
      "soulmirror.metric.type": metricType,
      "soulmirror.metric.source": source,
    }),
    timeUnixNano: nanoseconds(timestamp),
  };
  const startTimeUnixNano = nanoseconds(metric.since ?? timestamp);
  const kind = kindOf(unit);
  if (kind === "state") {
    return { name, unit: ucum(unit), gauge: { dataPoints: [{ ...stamps, asDouble: value }] } };
  }
  const aggregationTemporality = deltaTemporality;
  if (kind === "count") {
    const dataPoints = [{ ...stamps, startTimeUnixNano, asDouble: value }];
    // A count that goes down is a sum, but no counter.
    const isMonotonic = value >= 0;
    return { name, unit: "1", sum: { dataPoints, aggregationTemporality, isMonotonic } };
  }
  const dataPoints = [{ ...stamps, startTimeUnixNano, count, sum: value * count }];
  return { name, unit: ucum(unit), histogram: { dataPoints, aggregationTemporality } };
}

/** The words of E10 in the code that OpenTelemetry uses for units. */
function ucum(unit: string): string {
  const words: Readonly<Record<string, string>> = { percent: "%", bytes: "By", seconds: "s" };
  return words[unit] ?? unit;
}

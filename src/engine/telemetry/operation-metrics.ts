/**
 * The operations of an engine as OTLP metrics: exact cumulative counts, and the latency as an
 * exponential histogram within 1 % of the values.
 *
 * O1. Every count is what the engine counted since it began, so a message that is lost costs
 *     nothing: the next one says it all again.
 * O2. Every data point of an operation has the attribute `soulmirror.operation`.
 * O3. One call in `soulmirror.operation.sampled_every` was timed: the histogram may count fewer
 *     than were made.
 */
import type { BreakerPhase } from "../../resilience/index.ts";
import { toExponentialBuckets } from "../../statistics/index.ts";
import type { OperationReport } from "../operation.ts";
import {
  type Attributes,
  cumulativeTemporality,
  type ExponentialPoint,
  keyValues,
  type NumberPoint,
  nanoseconds,
  type OtlpMetric,
} from "./otlp-format.ts";
import { semanticName } from "./semantic-names.ts";

export interface Period {
  /** Wall milliseconds of the engine's beginning. */
  readonly beganAt: number;
  readonly now: number;
}

/** As a number, because a gauge is one: higher is farther from closed. */
export const breakerNumbers: Readonly<Record<BreakerPhase, number>> = {
  closed: 0,
  half_open: 1,
  open: 2,
  isolated: 3,
};

export function operationMetrics(
  reports: readonly OperationReport[],
  period: Period,
): readonly OtlpMetric[] {
  const point = pointMaker(period);
  const each = (
    points: (report: OperationReport, of: Attributes) => readonly NumberPoint[],
  ): readonly NumberPoint[] =>
    reports.flatMap((report) => points(report, { "soulmirror.operation": report.name }));
  const breakers = each(({ breaker }, of) =>
    breaker === undefined ? [] : [point(breakerNumbers[breaker], of)],
  );
  // Beside the state: with a reason on it the series of before would go on saying "isolated".
  const isolations = each(({ breaker, isolatedBecause: reason }, of) =>
    breaker === undefined || reason === undefined
      ? []
      : [point(1, { ...of, "soulmirror.breaker.reason": reason })],
  );
  const enforced = each(({ breaker, breakerEnforced }, of) =>
    breaker === undefined || breakerEnforced === undefined
      ? []
      : [point(breakerEnforced ? 1 : 0, of)],
  );
  return [
    ...durations(reports, period),
    counter(
      "soulmirror.operation.calls",
      "{call}",
      each((report, of) => calls(report, of, point)),
    ),
    counter(
      "soulmirror.policy.decisions",
      "{decision}",
      each((report, of) => decisions(report, of, point)),
    ),
    gauge(
      "soulmirror.operation.in_flight",
      "{call}",
      each(({ inFlight }, of) => [point(inFlight, of)]),
    ),
    gauge(
      "soulmirror.operation.sampled_every",
      "{call}",
      each(({ sampledEvery }, of) => [point(sampledEvery, of)]),
    ),
    gauge("soulmirror.breaker.state", "1", breakers),
    gauge("soulmirror.breaker.isolation", "1", isolations),
    gauge("soulmirror.breaker.enforced", "1", enforced),
  ].filter((metric) => metric !== undefined);
}

export type MakePoint = (value: number, attributes: Attributes) => NumberPoint;

export function pointMaker({ beganAt, now }: Period): MakePoint {
  const startTimeUnixNano = nanoseconds(beganAt);
  const timeUnixNano = nanoseconds(now);
  return (value, attributes) => ({
    attributes: keyValues(attributes),
    startTimeUnixNano,
    timeUnixNano,
    asDouble: value,
  });
}

function calls(
  { succeeded, failures }: OperationReport,
  of: Attributes,
  point: MakePoint,
): readonly NumberPoint[] {
  const failed = Object.entries(failures).map(([category, count]) =>
    point(count, { ...of, "soulmirror.outcome": "failure", "error.type": category }),
  );
  return [point(succeeded, { ...of, "soulmirror.outcome": "success" }), ...failed];
}

function decisions(report: OperationReport, of: Attributes, point: MakePoint): NumberPoint[] {
  return Object.entries(report.decisions).flatMap(([kind, { detected, enforced }]) => {
    const decision = { ...of, "soulmirror.decision": kind };
    return [
      point(enforced, { ...decision, "soulmirror.enforced": true }),
      point(detected - enforced, { ...decision, "soulmirror.enforced": false }),
    ];
  });
}

/** One histogram for each of OpenTelemetry's names that occurs. */
function durations(reports: readonly OperationReport[], period: Period): readonly OtlpMetric[] {
  const byName = new Map<string, ExponentialPoint[]>();
  for (const report of reports) {
    const { metric, attributes } = semanticName(report.name);
    const points = byName.get(metric) ?? [];
    points.push(
      latencyPoint(report, { ...attributes, "soulmirror.operation": report.name }, period),
    );
    byName.set(metric, points);
  }
  return [...byName].map(([name, dataPoints]) => ({
    name,
    unit: "s",
    exponentialHistogram: { dataPoints, aggregationTemporality: cumulativeTemporality },
  }));
}

const secondsPerMs = 0.001;

function latencyPoint(
  { latency }: OperationReport,
  attributes: Attributes,
  { beganAt, now }: Period,
): ExponentialPoint {
  const { scale, zeroCount, positive, negative } = toExponentialBuckets(latency, secondsPerMs);
  const isEmpty = latency.count === 0;
  return {
    attributes: keyValues(attributes),
    startTimeUnixNano: nanoseconds(beganAt),
    timeUnixNano: nanoseconds(now),
    count: latency.count,
    sum: latency.sum * secondsPerMs,
    scale,
    zeroCount,
    positive: { offset: positive.offset, bucketCounts: positive.counts },
    negative: { offset: negative.offset, bucketCounts: negative.counts },
    ...(isEmpty ? {} : { min: latency.min * secondsPerMs, max: latency.max * secondsPerMs }),
  };
}

export function counter(
  name: string,
  unit: string,
  dataPoints: readonly NumberPoint[],
): OtlpMetric | undefined {
  const aggregationTemporality = cumulativeTemporality;
  if (dataPoints.length === 0) return undefined;
  return { name, unit, sum: { dataPoints, aggregationTemporality, isMonotonic: true } };
}

export function gauge(
  name: string,
  unit: string,
  dataPoints: readonly NumberPoint[],
): OtlpMetric | undefined {
  return dataPoints.length === 0 ? undefined : { name, unit, gauge: { dataPoints } };
}

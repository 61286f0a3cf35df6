/**
 * The errors of an engine as OTLP metrics: how often each arose, and what is known of it now.
 *
 * Told are the `errorsMax` most frequent ones of the last ten minutes; counts are cumulative (O1).
 * A counter has only attributes that never change for an error: each change would be one more
 * series, which counts from the beginning. What changes is told by a gauge, whose older series end.
 */
import type { ErrorsReport } from "../errors/index.ts";
import { counter, gauge, type Period, pointMaker } from "./operation-metrics.ts";
import type { OtlpMetric } from "./otlp-format.ts";

const errorsMax = 30;
const recentMs = 600_000;

export function errorMetrics(
  report: ErrorsReport | undefined,
  period: Period,
): readonly OtlpMetric[] {
  const recent = (report?.errors ?? []).filter(
    ({ lastSeenAt }) => period.now - lastSeenAt <= recentMs,
  );
  if (recent.length === 0) return [];
  const point = pointMaker(period);
  const shown = recent.slice(0, errorsMax);
  const calls = shown.map((error) =>
    point(error.calls, {
      "soulmirror.error.id": error.id,
      "soulmirror.error.resource": error.resource || undefined,
      "error.type": error.category,
    }),
  );
  const states = shown.map((error) =>
    point(error.isBursting ? 1 : 0, {
      "soulmirror.error.id": error.id,
      "soulmirror.error.headline": error.headline,
      "soulmirror.error.origin": error.origin,
      "soulmirror.error.relation": error.relations[0]?.message,
    }),
  );
  return [
    counter("soulmirror.error.calls", "{call}", calls),
    gauge("soulmirror.error.bursting", "1", states),
  ].filter((metric) => metric !== undefined);
}

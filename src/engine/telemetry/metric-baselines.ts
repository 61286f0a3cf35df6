/**
 * What is usual for each series that is recorded, as rows for a table.
 *
 * L1. Counts have none: what is added up has no usual value of its own.
 * L2. A series is due when it is new or was not told of for ten minutes; few at a time, because a
 *     summary of a week is work. At most `seriesMax` are learned, those that came first.
 */
import { Baseline, type BaselineWindow } from "../../statistics/index.ts";
import { kindOf, type StampedMetric } from "./metric.ts";

/** A row of `system_health_baselines`; times are milliseconds since 1970. */
export interface BaselineRow {
  readonly metricType: string;
  readonly metricName: string;
  readonly source: string;
  readonly timeWindow: BaselineWindow;
  readonly mean: number;
  readonly median: number;
  readonly stdDev: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly min: number;
  readonly max: number;
  readonly sampleCount: number;
  readonly calculatedAt: number;
  readonly validUntil: number;
}

interface Series extends Pick<StampedMetric, "metricType" | "metricName" | "source"> {
  readonly usual: Baseline;
  lastAt: number;
  toldAt: number;
}

const seriesMax = 500;
const dueMs = 600_000;
const windows: Readonly<Record<BaselineWindow, number>> = {
  "1h": 3_600_000,
  "24h": 86_400_000,
  "7d": 604_800_000,
};

export class MetricBaselines {
  readonly #series = new Map<string, Series>();

  add({ metricType, metricName, source, unit, value, timestamp }: StampedMetric): void {
    // L1.
    if (kindOf(unit) === "count") return;
    const key = JSON.stringify([metricType, metricName, source]);
    let series = this.#series.get(key);
    if (series === undefined) {
      if (this.#series.size >= seriesMax) return;
      const usual = new Baseline();
      series = { metricType, metricName, source, usual, lastAt: timestamp, toldAt: -Infinity };
      this.#series.set(key, series);
    }
    if (series.usual.add(value, timestamp)) series.lastAt = timestamp;
  }

  /** Of at most `seriesMost` series, those that have waited longest first. */
  takeDue(seriesMost: number, waitMs: number = dueMs): readonly BaselineRow[] {
    const due = [...this.#series.values()]
      .filter(({ lastAt, toldAt }) => lastAt - toldAt > waitMs)
      .toSorted((a, b) => a.toldAt - b.toldAt)
      .slice(0, seriesMost);
    return due.flatMap((series) => {
      series.toldAt = series.lastAt;
      return rowsOf(series);
    });
  }
}

function rowsOf(series: Series): readonly BaselineRow[] {
  const { metricType, metricName, source, usual, lastAt: calculatedAt } = series;
  return (Object.keys(windows) as BaselineWindow[]).flatMap((timeWindow) => {
    const known = usual.summary(timeWindow);
    if (known === undefined) return [];
    const { mean, stdDev, p50, p95, p99, min, max, count } = known;
    const figures = { mean, median: p50, stdDev, p50, p95, p99, min, max, sampleCount: count };
    const validUntil = calculatedAt + windows[timeWindow];
    return { metricType, metricName, source, timeWindow, ...figures, calculatedAt, validUntil };
  });
}

/**
 * One measured value as it is recorded, queued and sent, and how several become one when there is
 * no room for each.
 *
 * M1. Only metrics of one type, name, unit, source and tags are ever joined, and what is joined
 *     says for how many it stands (`count`) and since when (`since`).
 * M2. Counts are added: their sum stays exact. Durations become their mean. Of anything else
 *     (percent, bytes, degrees) the last value is what counts.
 */
import { canonicalJson } from "../../kernel/index.ts";

export interface Metric {
  /** `operation`, `health_check`, `system`, ... */
  readonly metricType: string;
  readonly metricName: string;
  readonly value: number;
  /** `count` is added up, `ns` to `h` are durations, others are states: `percent`, `bytes`, ... */
  readonly unit: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** The service or module that measured it. */
  readonly source: string;
}

export interface StampedMetric extends Metric {
  /** Wall milliseconds; of a joined one those of the last. */
  readonly timestamp: number;
  readonly tags: Readonly<Record<string, string>>;
  /** For how many it stands; absent: for itself alone. */
  readonly count?: number;
  /** Wall milliseconds of the first that was joined. */
  readonly since?: number;
}

export type Kind = "count" | "duration" | "state";

const durations: ReadonlySet<string> = new Set("ns us µs ms s m min h seconds".split(" "));

export function kindOf(unit: string): Kind {
  if (unit === "count") return "count";
  return durations.has(unit) ? "duration" : "state";
}

/** Equal for what may be joined (M1). */
export function seriesKey({ metricType, metricName, unit, source, tags }: StampedMetric): string {
  return canonicalJson([metricType, metricName, unit, source, tags]);
}

/** `later` was recorded after `earlier`, and both have the same `seriesKey`. */
export function join(earlier: StampedMetric, later: StampedMetric): StampedMetric {
  const before = earlier.count ?? 1;
  const count = before + (later.count ?? 1);
  return {
    ...later,
    value: joinedValue(earlier, later, before / count),
    count,
    since: earlier.since ?? earlier.timestamp,
  };
}

function joinedValue(earlier: StampedMetric, later: StampedMetric, share: number): number {
  const kind = kindOf(later.unit);
  if (kind === "count") return earlier.value + later.value;
  return kind === "duration" ? later.value + (earlier.value - later.value) * share : later.value;
}

/** At most so much of a text, so many tags: what goes on is small, whatever was handed in. */
const textMax = 200;
const tagsMax = 20;

/** Undefined when there is no finite value: it cannot be sent. */
export function stamp(metric: Metric, timestamp: number): StampedMetric | undefined {
  if (!Number.isFinite(metric.value)) return undefined;
  const { metricType, metricName, value, unit, source } = metric;
  return {
    timestamp,
    metricType: text(metricType),
    metricName: text(metricName),
    value,
    unit: text(unit),
    tags: tidyTags(metric.tags ?? {}),
    source: text(source),
  };
}

function tidyTags(tags: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const tidy: Record<string, string> = {};
  let room = tagsMax;
  for (const [key, value] of Object.entries(tags)) {
    if (room === 0) break;
    if (value === undefined || value === null) continue;
    tidy[text(key)] = text(value);
    room -= 1;
  }
  return tidy;
}

/** Services in plain JavaScript hand in anything. */
function text(value: unknown): string {
  const words = typeof value === "string" ? value : String(value);
  return words.length > textMax ? words.slice(0, textMax) : words;
}

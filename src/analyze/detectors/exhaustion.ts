/**
 * Will it run out, and when? Series that have a limit (memory, descriptors, a disk) are followed;
 * what will reach its limit within the lead is a failure now, while there is time to drain and
 * restart. What has reached `full` of it is one whatever the trend says.
 *
 * X1. What has parts (`disk.used:/`, `disk.used:/var`) is followed part by part, and the figure of
 *     the worst of them is left alone: it changes from one to the other.
 * X2. Where several series lead to one type of failure, each has a failure of its own.
 * X3. A limit that is shared is nobody's alone: who comes near to it is a failure, who is at it
 *     because of others is none.
 * X4. Good evidence about a series is a look at which it is not about to run out, and that can
 *     tell: what is more than half full and has just begun to be followed (the daemon or its fleet
 *     file is new) may be a leak.
 */
import type { FailureType, Sample } from "../../model/index.ts";
import { History, timeToLimitMs } from "../../statistics/index.ts";
import type { Detector, Opinion } from "../detector.ts";

export interface ExhaustionOptions {
  /** What each series, and its parts, lead to; what is not named is not followed. */
  readonly series: Readonly<Record<string, Fate>>;
}

export interface Fate {
  readonly leadsTo: FailureType;
  /** A limit that is nearer than this is a failure. */
  readonly leadMs: number;
  /** Share of the limit that is a failure by itself. */
  readonly full: number;
}

/** So long a series is followed before its trend says something. */
const tellingMs = 15_000;

type ExhaustionState = Map<string, Followed>;

interface Followed {
  readonly history: History;
  readonly fate: Fate;
  /** Which part of the resource, where it has several that lead to the same (X2). */
  readonly about: { readonly part?: string };
  readonly good: Opinion;
  /** Monotonic time of the first look at it. */
  readonly sinceMs: number;
  /** As it was seen last. */
  value: number;
  limit: number;
}

export function exhaustionDetector(options: ExhaustionOptions): Detector<ExhaustionState> {
  return {
    name: "exhaustion",
    sensors: "all",
    outlivesProcess: false,
    provesNothing: true,
    initial: () => new Map(),
    judge(state, { reading, begunMs }) {
      if (reading.kind !== "samples") return undefined;
      const bad: Opinion[] = [];
      const good: Opinion[] = [];
      for (const sample of reading.samples) {
        const fate = options.series[wholeOf(sample.series)];
        if (fate === undefined || sample.limit === undefined) continue;
        if (hasParts(sample.series, reading.samples)) continue;
        const followed = followedOf(state, sample, { fate, begunMs, ...options });
        const reason = exhausting(followed, sample, begunMs);
        const { about } = followed;
        if (reason === undefined && tells(followed, begunMs)) good.push(followed.good);
        if (reason === undefined) continue;
        bad.push({ kind: "bad", type: fate.leadsTo, ...about, severity: "high", reason });
      }
      return [...bad, ...good];
    },
    foresee(state, now) {
      return [...state].flatMap(([series, { history, value, limit, fate }]) => {
        const reachesLimitInMs = timeToLimitMs(history, limit, { nowMs: now.monotonicMs });
        return reachesLimitInMs === undefined
          ? []
          : [{ series, value, limit, reachesLimitInMs, leadsTo: fate.leadsTo }];
      });
    },
  };
}

/** `disk.used` of `disk.used:/var`. */
function wholeOf(series: string): string {
  const colon = series.indexOf(":");
  return colon < 0 ? series : series.slice(0, colon);
}

function hasParts(series: string, samples: readonly Sample[]): boolean {
  return samples.some((other) => other.series.startsWith(`${series}:`));
}

interface Follow extends ExhaustionOptions {
  readonly fate: Fate;
  readonly begunMs: number;
}

/** Keeps X4. */
function tells({ sinceMs, value, limit }: Followed, nowMs: number): boolean {
  return nowMs - sinceMs >= tellingMs || value <= limit / 2;
}

function followedOf(
  state: ExhaustionState,
  { series }: Sample,
  { fate, begunMs: sinceMs, series: all }: Follow,
): Followed {
  const known = state.get(series);
  if (known) return known;
  const { leadsTo } = fate;
  const isOneOfSeveral = Object.values(all).filter((other) => other.leadsTo === leadsTo).length > 1;
  const about = isOneOfSeveral || series.includes(":") ? { part: series } : {};
  const good: Opinion = { kind: "good", types: [leadsTo], ...about };
  const made = { history: new History(), sinceMs, fate, about, good, value: 0, limit: 0 };
  state.set(series, made);
  return made;
}

function exhausting(followed: Followed, sample: Sample, begunMs: number): string | undefined {
  const { history, fate } = followed;
  const { series, value, limit = 0 } = sample;
  followed.value = value;
  followed.limit = limit;
  history.add(begunMs, value);
  const what = sample.isShared ? "what the machine has for it" : "its limit";
  const share = `${series} is at ${Math.round((value / limit) * 100)} % of ${what}`;
  if (value >= limit * fate.full && !sample.isShared) return share;
  const leftMs = timeToLimitMs(history, limit, { nowMs: begunMs });
  if (leftMs === undefined || leftMs > fate.leadMs) return undefined;
  return `${share} and reaches it in ${(leftMs / 1000).toFixed(1)} s`;
}

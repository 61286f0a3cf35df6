/**
 * Will it run out, and when? Series that have a limit (memory, descriptors, a disk) are followed;
 * what will reach its limit within the lead is a failure now, while there is time to drain and
 * restart. What has reached `full` of it is one whatever the trend says.
 *
 * Good evidence is a look at which nothing is about to run out.
 */
import type { FailureType, Sample } from "../../model/index.ts";
import { History, timeToLimitMs } from "../../statistics/index.ts";
import type { Detector, Opinion } from "../detector.ts";

export interface ExhaustionOptions {
  /** Which failure each series leads to; what is not named is not followed. */
  readonly series: Readonly<Record<string, FailureType>>;
  /** A limit that is nearer than this is a failure. */
  readonly leadMs: number;
  /** Share of the limit that is a failure by itself. */
  readonly full: number;
}

type ExhaustionState = Map<string, Followed>;

interface Followed {
  readonly history: History;
  /** As it was seen last. */
  value: number;
  limit: number;
}

export function exhaustionDetector(options: ExhaustionOptions): Detector<ExhaustionState> {
  const good: Opinion = { kind: "good", types: [...new Set(Object.values(options.series))] };
  return {
    name: "exhaustion",
    sensors: "all",
    outlivesProcess: false,
    initial: () => new Map(),
    judge(state, { reading, begunMs }) {
      if (reading.kind !== "samples") return undefined;
      let followed = false;
      let worst: Opinion | undefined;
      // All of them are followed, also behind one that is bad: a gap in a series hides its trend.
      for (const sample of reading.samples) {
        const type = options.series[sample.series];
        if (type === undefined || sample.limit === undefined) continue;
        followed = true;
        const reason = exhausting(followedOf(state, sample.series), sample, {
          begunMs,
          ...options,
        });
        if (reason) worst ??= { kind: "bad", type, severity: "high", reason };
      }
      return worst ?? (followed ? good : undefined);
    },
    foresee(state, now) {
      return [...state].flatMap(([series, { history, value, limit }]) => {
        const leadsTo = options.series[series];
        const reachesLimitInMs = timeToLimitMs(history, limit, { nowMs: now.monotonicMs });
        if (leadsTo === undefined || reachesLimitInMs === undefined) return [];
        return [{ series, value, limit, reachesLimitInMs, leadsTo }];
      });
    },
  };
}

function followedOf(state: ExhaustionState, series: string): Followed {
  const known = state.get(series);
  if (known) return known;
  const made = { history: new History(), value: 0, limit: 0 };
  state.set(series, made);
  return made;
}

interface When {
  readonly begunMs: number;
  readonly leadMs: number;
  readonly full: number;
}

function exhausting(followed: Followed, sample: Sample, when: When): string | undefined {
  const { history } = followed;
  const { series, value, limit = 0 } = sample;
  followed.value = value;
  followed.limit = limit;
  history.add(when.begunMs, value);
  const share = `${series} is at ${Math.round((value / limit) * 100)} % of its limit`;
  if (value >= limit * when.full) return share;
  const leftMs = timeToLimitMs(history, limit, { nowMs: when.begunMs });
  if (leftMs === undefined || leftMs > when.leadMs) return undefined;
  return `${share} and reaches it in ${(leftMs / 1000).toFixed(1)} s`;
}

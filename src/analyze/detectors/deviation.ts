/**
 * Is it unusual? Every value is held against what was usual for its series: the durations of good
 * looks, what a process or the machine uses, how much waits, whatever a page of metrics says. What
 * is far above for a while is worth a note of low severity: nothing is done about it, but people
 * see it beside what fails later.
 *
 * D1. Far above is: by several spreads, by what a person would notice, and, but for durations, at
 *     least twice the usual: the load of a fleet changes for good reasons.
 * D2. It is unusual for the last hour, and for the last day and week as far as they are known: what
 *     comes every morning is usual.
 * D3. One look is nothing: so many in a row, and for so long. A series of which less than that is
 *     known is not judged.
 * D4. Less than usual is never told; nor is what is left (memory, a disk), for the share that is
 *     used says the same.
 * D5. Good evidence is a look while no series of the resource is unusual.
 * D6. A series ends (an interface, a label): what its sensor shows no more beside others is over,
 *     and the time in which it is not seen does not count.
 */
import { formatBytes } from "../../kernel/index.ts";
import { eachValue, type ResourceId, type Unit } from "../../model/index.ts";
import { type BaselineSummary, deviation } from "../../statistics/index.ts";
import type { Detector, Opinion } from "../detector.ts";

/** What was usual for a series: within the last hour first, then day and week where known. */
export type Usual = (resource: ResourceId, series: string) => readonly BaselineSummary[];

export interface DeviationDetectorOptions {
  readonly sensors: Detector["sensors"];
  readonly usual: Usual;
}

/** What is unusual now; mostly nothing. */
interface DeviationState {
  unusual: Map<string, Excess> | undefined;
}

interface Excess {
  readonly sensor: string;
  /** One of several that are shown together. */
  readonly isSampled: boolean;
  readonly sinceMs: number;
  readonly seenMs: number;
  readonly looks: number;
  readonly reason: string;
}

interface Limits {
  readonly floorShare: number;
  readonly lastsMs: number;
  /** So much of the last hour must be known. */
  readonly coversMs: number;
}

const duration: Limits = { floorShare: 0.02, lastsMs: 60_000, coversMs: 0 };
const others: Limits = { floorShare: 0.125, lastsMs: 300_000, coversMs: 3_000_000 };

/** A spread below this is no spread: nobody notices it. Eight of them are far. */
const floors: Readonly<Record<Unit, number>> = {
  ms: 50,
  seconds: 5,
  percent: 5,
  ratio: 0.025,
  count: 25,
  bytes: 32 * 1024 * 1024,
};
const scoreMin = 8;
const countMin = 120;
const looksMin = 10;

/** Keeps D4. */
const left = /^(?:memory\.available|disk\.free|certificate\.days|clock\.step)(?::|$)/;

const good: Opinion = { kind: "good", types: ["deviation"] };

export function deviationDetector(options: DeviationDetectorOptions): Detector<DeviationState> {
  const { sensors, usual } = options;
  return {
    name: "deviation",
    sensors,
    outlivesProcess: false,
    provesNothing: true,
    initial: () => ({ unusual: undefined }),
    judge(state, { reading, resource, sensor, begunMs }) {
      const isSampled = reading.kind === "samples";
      let isSeen = false;
      eachValue(reading, sensor, (series, value, unit) => {
        if (left.test(series)) return;
        isSeen = true;
        const limits = series.endsWith(".elapsed") ? duration : others;
        const known = value < scoreMin * floors[unit] ? none : usual(resource, series);
        if (!isFar(value, known, { unit, limits })) {
          state.unusual?.delete(series);
          return;
        }
        state.unusual ??= new Map();
        const reason = reasonOf(series, { value, unit, hour: known[0] });
        const { sinceMs, looks } = state.unusual.get(series) ?? { sinceMs: begunMs, looks: 0 };
        const excess = { sensor, isSampled, sinceMs, seenMs: begunMs, looks: looks + 1, reason };
        state.unusual.set(series, excess);
      });
      if (!isSeen) return undefined;
      if (isSampled) dropUnseen(state, sensor, begunMs);
      if (state.unusual === undefined || state.unusual.size === 0) return good;
      const lasting = [...state.unusual].filter(([series, { looks, sinceMs, seenMs }]) => {
        const { lastsMs } = series.endsWith(".elapsed") ? duration : others;
        return looks >= looksMin && seenMs - sinceMs >= lastsMs;
      });
      if (lasting.length === 0) return undefined;
      const reason = lasting.map(([, excess]) => excess.reason).join("; ");
      return { kind: "bad", type: "deviation", severity: "low", reason };
    },
  };
}

/** Keeps D6. */
function dropUnseen({ unusual }: DeviationState, sensor: string, begunMs: number): void {
  for (const [series, excess] of unusual ?? []) {
    const isTheirs = excess.isSampled && excess.sensor === sensor;
    if (isTheirs && excess.seenMs !== begunMs) unusual?.delete(series);
  }
}

const none: readonly BaselineSummary[] = [];

/** Keeps D1 and D2. */
function isFar(
  value: number,
  known: readonly BaselineSummary[],
  { unit, limits }: { readonly unit: Unit; readonly limits: Limits },
): boolean {
  const [hour] = known;
  if (hour === undefined || hour.coversMs < limits.coversMs) return false;
  const { floorShare } = limits;
  const floor = floors[unit];
  const isBeyond = (each: BaselineSummary): boolean =>
    (deviation(value, each, { countMin, floorShare, floor }) ?? 0) >= scoreMin;
  // Of day and week, what is hardly known yet does not count.
  return known.every((each) => isBeyond(each) || (each !== hour && each.count < countMin));
}

interface Seen {
  readonly value: number;
  readonly unit: Unit;
  readonly hour: BaselineSummary | undefined;
}

function reasonOf(series: string, { value, unit, hour }: Seen): string {
  const show = (figure: number): string => shown(figure, unit);
  const usual = hour && `${show(hour.p50)}, p99 ${show(hour.p99)}`;
  return `${series} is ${show(value)}; usual within the last hour: ${usual}`;
}

function shown(value: number, unit: Unit): string {
  if (unit === "bytes") return formatBytes(value);
  if (unit === "ratio") return `${Math.round(100 * value)} %`;
  if (unit === "percent") return `${Math.round(value)} %`;
  if (unit === "count") return String(Number(value.toPrecision(3)));
  return `${Math.round(value)} ${unit === "ms" ? "ms" : "s"}`;
}

/**
 * Which series there are in a look, and how they are called. In one place, because what is learned,
 * what is kept and what is judged to be unusual have to be the same series.
 */
import type { Reading, Unit } from "./observation.ts";

type TakeValue = (series: string, value: number, unit: Unit) => void;

/** Joined once per name and not per value: a fleet has few sensors and many looks. */
const namesMax = 10_000;
const names = { elapsed: new Map<string, string>(), waiting: new Map<string, string>() };

/**
 * Hands every value to `take`: samples as they are; how long a good check took (a bad one is a
 * failure, and its time that of a timeout); how much work waits. A callback and no list: this runs
 * for each sample.
 */
export function eachValue(reading: Reading, sensor: string, take: TakeValue): void {
  if (reading.kind === "samples") {
    for (const { series, value, unit } of reading.samples) take(series, value, unit);
  } else if (reading.kind === "check" && reading.ok) {
    take(elapsedSeries(sensor), reading.elapsedMs, "ms");
  } else if (reading.kind === "work") {
    take(waitingSeries(reading.counter), reading.waiting, "count");
  }
}

/** `http` -> `http.elapsed`. */
function elapsedSeries(sensor: string): string {
  return joined(names.elapsed, sensor, "elapsed");
}

/** `jobs_total` -> `jobs_total.waiting`. */
function waitingSeries(counter: string): string {
  return joined(names.waiting, counter, "waiting");
}

/** The type of a series is what stands before its first dot: `memory.rss` is of type `memory`. */
export function typeOfSeries(name: string): string {
  const dot = name.indexOf(".");
  return dot < 0 ? name : name.slice(0, dot);
}

function joined(known: Map<string, string>, name: string, what: string): string {
  const found = known.get(name);
  if (found !== undefined) return found;
  if (known.size >= namesMax) known.clear();
  const made = `${name}.${what}`;
  known.set(name, made);
  return made;
}

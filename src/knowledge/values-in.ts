/**
 * The values in an observation, series by series: samples as they are; how long a good check took
 * (a bad one is a failure, and its time that of a timeout); how much work waits.
 */
import { elapsedSeries, type Observation, waitingSeries } from "../model/index.ts";
import type { SeriesBook } from "./series-book.ts";

/** Hands every value to `take` with its slot. A callback and no list: this runs for each sample. */
export function eachValue(
  book: SeriesBook,
  { resource, sensor, reading }: Observation,
  take: (slot: number, value: number) => void,
): void {
  if (reading.kind === "samples") {
    for (const { series, value, unit } of reading.samples) {
      const slot = book.slotOf(resource, series, unit);
      if (slot !== undefined) take(slot, value);
    }
  } else if (reading.kind === "check" && reading.ok) {
    const slot = book.slotOf(resource, elapsedSeries(sensor), "ms");
    if (slot !== undefined) take(slot, reading.elapsedMs);
  } else if (reading.kind === "work") {
    const slot = book.slotOf(resource, waitingSeries(reading.counter), "count");
    if (slot !== undefined) take(slot, reading.waiting);
  }
}

/** The type of a series is what stands before its first dot: `memory.rss` is of type `memory`. */
export function typeOfSeries(name: string): string {
  const dot = name.indexOf(".");
  return dot < 0 ? name : name.slice(0, dot);
}

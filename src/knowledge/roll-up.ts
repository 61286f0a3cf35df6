/**
 * Many values in, few rows out: every ten seconds the values of a series become one row with their
 * mean; lowest, highest, count and the true window are in its tags.
 *
 * The rows are bounded: with more series than `rowsPerSecondMax` allows, a sweep goes round the
 * series at the allowed pace, so all of them wait equally long and the rows come evenly, never all
 * at once. What would have been rows of its own and is now part of a longer window is counted.
 *
 * 1. At most `rowsPerSecondMax` rows per second since the last sweep, at any number of series.
 * 2. Every value is in exactly one row; a series without values has no row.
 * 3. A series waits at most `windowMaxMs` if the budget allows that many series at all.
 */
import type { Instant } from "../kernel/index.ts";
import { type MetricRow, type Observation, type ResourceId, typeOfSeries } from "../model/index.ts";
import { SeriesBook } from "./series-book.ts";

export interface RollUpOptions {
  readonly windowMs?: number;
  readonly windowMaxMs?: number;
  readonly rowsPerSecondMax?: number;
}

export interface RollUpState {
  readonly book: SeriesBook;
  readonly windowMs: number;
  readonly rowsPerSecondMax: number;
  slots: Slots;
  /** Monotonic; undefined before the first value. */
  sweptMs: number | undefined;
  /** The last slot of the sweep, and the share of a slot that it was short of last time. */
  cursor: number;
  owed: number;
  /** Windows that were joined with a later one, because the budget was spent. */
  mergedWindows: number;
}

interface Slots {
  readonly sums: Float64Array;
  readonly lows: Float64Array;
  readonly highs: Float64Array;
  readonly counts: Uint32Array;
  /** Monotonic time when the last row of the slot was made, or of its first value. */
  readonly sincesMs: Float64Array;
}

export interface RolledUp {
  readonly rows: readonly MetricRow[];
  /** Monotonic time of the next sweep. */
  readonly wakeMs: number | undefined;
}

const stepMs = 1000;

export function createRollUp(options: RollUpOptions = {}): RollUpState {
  const { windowMs = 10_000, windowMaxMs = 600_000, rowsPerSecondMax = 200 } = options;
  return {
    // So many series as the budget can show within the longest window; a further one is refused.
    book: new SeriesBook(Math.floor((rowsPerSecondMax * windowMaxMs) / 1000)),
    windowMs,
    rowsPerSecondMax,
    slots: createSlots(64),
    sweptMs: undefined,
    cursor: -1,
    owed: 0,
    mergedWindows: 0,
  };
}

export function rollUp(
  state: RollUpState,
  observations: readonly Observation[],
  now: Instant,
): RolledUp {
  const nowMs = now.monotonicMs;
  const take = (slot: number, value: number): void => record(state, { slot, value, nowMs });
  for (const observation of observations) state.book.eachValue(observation, take);
  if (state.book.count === 0) return { rows: [], wakeMs: undefined };
  state.sweptMs ??= nowMs;
  const rows = due(state, now) ? sweep(state, now) : [];
  return { rows, wakeMs: state.sweptMs + pauseMs(state) };
}

/** Is there anything to sweep? */
export function due(state: RollUpState, now: Instant): boolean {
  return state.sweptMs !== undefined && now.monotonicMs >= state.sweptMs + pauseMs(state);
}

/** The resource is gone: its series are given up with what they held. */
export function forgetRollUp(state: RollUpState, source: ResourceId): void {
  for (const slot of state.book.forget(source)) {
    state.slots.counts[slot] = 0;
    state.slots.sincesMs[slot] = -1;
  }
}

/** How long the sweep takes once round: what a series waits for its row. */
function roundMs({ book, windowMs, rowsPerSecondMax }: RollUpState): number {
  return Math.max(windowMs, (1000 * book.size) / rowsPerSecondMax);
}

function record(
  state: RollUpState,
  { slot, value, nowMs }: { slot: number; value: number; nowMs: number },
): void {
  if (!Number.isFinite(value)) return;
  if (slot >= state.slots.counts.length) state.slots = grown(state.slots, slot + 1);
  const { sums, lows, highs, counts, sincesMs } = state.slots;
  const count = counts[slot] as number;
  counts[slot] = count + 1;
  if (count === 0) {
    if ((sincesMs[slot] as number) < 0) sincesMs[slot] = nowMs;
    sums[slot] = value;
    lows[slot] = value;
    highs[slot] = value;
    return;
  }
  sums[slot] = (sums[slot] as number) + value;
  if (value < (lows[slot] as number)) lows[slot] = value;
  if (value > (highs[slot] as number)) highs[slot] = value;
}

/** A fleet that fits into one sweep is swept once per window, a larger one every second. */
function pauseMs({ book, windowMs, rowsPerSecondMax }: RollUpState): number {
  return book.size <= rowsPerSecondMax ? windowMs : stepMs;
}

function sweep(state: RollUpState, now: Instant): MetricRow[] {
  const elapsedMs = Math.min(now.monotonicMs - (state.sweptMs ?? now.monotonicMs), state.windowMs);
  const size = state.book.size;
  state.owed += (size * elapsedMs) / roundMs(state);
  const share = Math.min(size, Math.floor(state.owed));
  state.owed = Math.min(1, state.owed - share);
  state.sweptMs = now.monotonicMs;
  const rows: MetricRow[] = [];
  for (let step = 0; step < share; step += 1) {
    state.cursor = (state.cursor + 1) % size;
    const row = takeRow(state, state.cursor, now);
    if (row) rows.push(row);
  }
  return rows;
}

function takeRow(state: RollUpState, slot: number, now: Instant): MetricRow | undefined {
  const { sums, lows, highs, counts, sincesMs } = state.slots;
  const series = state.book.seriesAt(slot);
  const count = counts[slot] ?? 0;
  const sinceMs = sincesMs[slot] ?? -1;
  sincesMs[slot] = now.monotonicMs;
  if (!series || count === 0) return undefined;
  counts[slot] = 0;
  const windowMs = now.monotonicMs - sinceMs;
  state.mergedWindows += Math.max(0, Math.round(windowMs / state.windowMs) - 1);
  const window = `${Math.max(1, Math.round(windowMs / 1000))}s`;
  return {
    timestamp: now.wallMs,
    metricType: typeOfSeries(series.name),
    metricName: series.name,
    value: short((sums[slot] as number) / count),
    unit: series.unit,
    // Of a single value the extremes would say it three times.
    tags:
      count === 1
        ? { window, count: "1" }
        : {
            window,
            count: String(count),
            min: String(short(lows[slot] as number)),
            max: String(short(highs[slot] as number)),
          },
    source: series.source,
  };
}

/** Seven digits are finer than any sensor, and half as long on disk. */
function short(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(7));
}

function createSlots(length: number): Slots {
  return {
    sums: new Float64Array(length),
    lows: new Float64Array(length),
    highs: new Float64Array(length),
    counts: new Uint32Array(length),
    sincesMs: new Float64Array(length).fill(-1),
  };
}

function grown(before: Slots, needed: number): Slots {
  const after = createSlots(Math.max(needed, before.counts.length * 2));
  after.sums.set(before.sums);
  after.lows.set(before.lows);
  after.highs.set(before.highs);
  after.counts.set(before.counts);
  after.sincesMs.set(before.sincesMs);
  return after;
}

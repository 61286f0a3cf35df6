/**
 * What is usual for every series of the fleet, as rows for the store and as answers for whoever
 * wants to know whether a value is unusual.
 *
 * Merging the pieces of a window costs some ten microseconds, so the rows of a series are made when
 * its turn comes, spread evenly: the hour every ten minutes, the day every hour, the week every day
 * (each for the first time after ten minutes). Answers are those of the last turn: what happens now
 * is judged by what was usual before.
 *
 * 1. A turn makes at most `seriesPerTurnMax` series ready; what is late is next.
 * 2. Only series with at least one value in the window have a row.
 * 3. What they are made of is written every hour, so that the next daemon goes on with it, less
 *    the time when none listened.
 * 4. Nothing of that is given out before all that the daemons before this one knew is in it: it
 *    replaces what they have written, and a week would be lost to the first minutes of this one.
 */
import type { Instant } from "../kernel/index.ts";
import {
  type BaselineRow,
  type Observation,
  type ResourceId,
  type SketchRow,
  typeOfSeries,
} from "../model/index.ts";
import { Baseline, type BaselineSummary, type BaselineWindow } from "../statistics/index.ts";
import { type Series, SeriesBook } from "./series-book.ts";

export interface BaselinesOptions {
  readonly seriesMax?: number;
  readonly seriesPerTurnMax?: number;
}

interface Kept {
  readonly baseline: Baseline;
  /** How many turns this series has had. */
  turns: number;
  readonly summaries: { [window in BaselineWindow]?: BaselineSummary };
}

export interface BaselinesState {
  readonly book: SeriesBook;
  readonly kept: (Kept | undefined)[];
  readonly seriesPerTurnMax: number;
  /** Monotonic; undefined before the first value. */
  turnedMs: number | undefined;
  cursor: number;
  owed: number;
  /** All is in it that the daemons before this one knew. */
  isRecalled: boolean;
}

export type Sketch = Omit<SketchRow, "id">;

/** A part of what the daemons before this one have written. */
export interface SketchPage {
  readonly sketches: readonly Sketch[];
  readonly isLast: boolean;
}

export interface Learned {
  readonly rows: readonly BaselineRow[];
  readonly sketches: readonly Sketch[];
  /** Monotonic time of the next turn. */
  readonly wakeMs: number | undefined;
}

const roundMs = 600_000;
const stepMs = 1000;
const dayMs = 86_400_000;
/** After so many rounds a sketch is written again. */
const sketchRounds = 6;
/** So many are written at an orderly end; the others were within the last hour. */
const sketchesAtEndMax = 2000;

/** How many rounds pass between two rows of a window, and for how long a row is valid. */
const windows: Readonly<Record<BaselineWindow, { rounds: number }>> = {
  "1h": { rounds: 1 },
  "24h": { rounds: 6 },
  "7d": { rounds: 144 },
};

export function createBaselines(options: BaselinesOptions = {}): BaselinesState {
  const { seriesMax = 20_000, seriesPerTurnMax = 50 } = options;
  return {
    book: new SeriesBook(seriesMax),
    kept: [],
    seriesPerTurnMax,
    turnedMs: undefined,
    cursor: -1,
    owed: 0,
    isRecalled: false,
  };
}

export function learn(
  state: BaselinesState,
  observations: readonly Observation[],
  now: Instant,
): Learned {
  const nowMs = now.monotonicMs;
  const take = (slot: number, value: number): void => {
    const kept = (state.kept[slot] ??= createKept(slot));
    kept.baseline.add(value, nowMs);
  };
  for (const observation of observations) state.book.eachValue(observation, take);
  if (state.book.count === 0) return { rows: [], sketches: [], wakeMs: undefined };
  state.turnedMs ??= nowMs;
  const isDue = nowMs >= state.turnedMs + pauseMs(state);
  const { rows, sketches } = isDue ? turn(state, now) : { rows: [], sketches: [] };
  return { rows, sketches, wakeMs: state.turnedMs + pauseMs(state) };
}

/** What a daemon before this one had learned; what this one has learned since is added to it. */
export function recallBaselines(
  state: BaselinesState,
  { sketches, isLast }: SketchPage,
  now: Instant,
): void {
  for (const { source, metricName, unit, sketch, calculatedAt } of sketches) {
    const slot = state.book.slotOf(source as ResourceId, metricName, unit);
    if (slot === undefined) continue;
    const ageMs = Math.max(0, now.wallMs - calculatedAt);
    const baseline = Baseline.restore(sketch, { nowMs: now.monotonicMs, ageMs });
    if (baseline === undefined) continue;
    const young = state.kept[slot];
    if (young) baseline.absorb(young.baseline);
    state.kept[slot] = { baseline, turns: 0, summaries: young?.summaries ?? {} };
  }
  if (isLast) state.isRecalled = true;
}

/** For an orderly end: what would be lost of the last hour. Keeps 4. */
export function sketchesOf(state: BaselinesState, now: Instant): readonly Sketch[] {
  if (!state.isRecalled) return [];
  const sketches: Sketch[] = [];
  for (let slot = 0; slot < state.book.size && slot < sketchesAtEndMax; slot += 1) {
    const [kept, series] = [state.kept[slot], state.book.seriesAt(slot)];
    if (kept && series) sketches.push(...sketchOf(kept, series, now));
  }
  return sketches;
}

/** Multiples of the golden ratio lie evenly, however many there are. */
function createKept(slot: number): Kept {
  const offsetMs = ((slot * 0.618_033_988_75) % 1) * dayMs;
  return { baseline: new Baseline({ offsetMs }), turns: 0, summaries: {} };
}

/** What was usual at the last turns of the series, shortest window first; none before its first. */
export function baselinesOf(
  state: BaselinesState,
  source: ResourceId,
  series: string,
): readonly BaselineSummary[] {
  const slot = state.book.find(source, series);
  const summaries = slot === undefined ? undefined : state.kept[slot]?.summaries;
  if (summaries?.["1h"] === undefined) return [];
  const { "1h": hour, "24h": day, "7d": week } = summaries;
  return [hour, day, week].filter((each) => each !== undefined);
}

/** The resource is gone. */
export function forgetBaselines(state: BaselinesState, source: ResourceId): void {
  for (const slot of state.book.forget(source)) state.kept[slot] = undefined;
}

/** Until the next series has its turn: a small fleet need not be woken every second. */
function pauseMs({ book }: BaselinesState): number {
  return Math.max(stepMs, roundMs / Math.max(1, book.count));
}

function turn(state: BaselinesState, now: Instant): Pick<Learned, "rows" | "sketches"> {
  const size = state.book.size;
  state.owed += (size * (now.monotonicMs - (state.turnedMs ?? now.monotonicMs))) / roundMs;
  const share = Math.min(size, state.seriesPerTurnMax, Math.floor(state.owed + 1e-9));
  state.owed = Math.min(size, state.owed - share);
  state.turnedMs = now.monotonicMs;
  const rows: BaselineRow[] = [];
  const sketches: Sketch[] = [];
  for (let step = 0; step < share; step += 1) {
    state.cursor = (state.cursor + 1) % size;
    const kept = state.kept[state.cursor];
    const series = state.book.seriesAt(state.cursor);
    if (kept === undefined || series === undefined) continue;
    const isWritten = state.isRecalled && kept.turns % sketchRounds === 0;
    if (isWritten) sketches.push(...sketchOf(kept, series, now));
    rows.push(...rowsOf(kept, series, now));
  }
  return { rows, sketches };
}

/** None of a series of which nothing came for a week: it may be no more, and is forgotten then. */
function sketchOf(
  { baseline }: Kept,
  { source, name: metricName, unit }: Series,
  { monotonicMs, wallMs: calculatedAt }: Instant,
): readonly Sketch[] {
  const sketch = baseline.save(monotonicMs);
  const validUntil = calculatedAt + 2 * sketchRounds * roundMs;
  return sketch === undefined
    ? []
    : [{ source, metricName, unit, sketch, calculatedAt, validUntil }];
}

function rowsOf(kept: Kept, series: Series, now: Instant): BaselineRow[] {
  const rows: BaselineRow[] = [];
  kept.baseline.advance(now.monotonicMs);
  for (const [window, { rounds }] of Object.entries(windows) as [
    BaselineWindow,
    { rounds: number },
  ][]) {
    if (kept.turns % rounds !== 0) continue;
    const summary = kept.baseline.summary(window);
    if (!summary) {
      delete kept.summaries[window];
      continue;
    }
    kept.summaries[window] = summary;
    rows.push(rowOf(series, summary, { window, now }));
  }
  kept.turns += 1;
  return rows;
}

function rowOf(
  { source, name }: Series,
  summary: BaselineSummary,
  { window, now }: { window: BaselineWindow; now: Instant },
): BaselineRow {
  const { count, coversMs, mean, stdDev, p50, p95, p99, min, max } = summary;
  return {
    metricType: typeOfSeries(name),
    metricName: name,
    source,
    timeWindow: window,
    mean,
    median: p50,
    stdDev,
    p50,
    p95,
    p99,
    min,
    max,
    sampleCount: count,
    calculatedAt: now.wallMs,
    // Twice the time to the next row, so that a late turn leaves no gap.
    validUntil: now.wallMs + 2 * windows[window].rounds * roundMs,
    coversMs: Math.round(coversMs),
  };
}

/**
 * What is usual for one series: its distribution over the last hour, day and week.
 *
 * Only the current ten minutes are an open sketch. When they end they become text; six of them make
 * an hour, 24 hours a day, both coarser: an error of 3 % (6 % where the values are spread widely)
 * is enough for what was usual last week. So a week costs a series a few kilobytes, and expiry is
 * forgetting the oldest piece.
 *
 * 1. A window holds what arrived in its time, and at most one piece (10 min, 1 h, 1 day) more.
 * 2. Time never goes back: a value of an older piece counts in the current one.
 * 3. Memory is bounded: 6 + 24 + 7 closed pieces of at most `binsMax` bins.
 * 4. What a window covers is the time between its values: neither what was before the first one,
 *    nor a silence of more than `silenceMs`, nor the time when nobody listened.
 * 5. Saved and restored, a baseline goes on where it was; what has expired meanwhile is gone.
 */

import {
  type BaselineParts,
  pieceOf,
  pieceText,
  readBaseline,
  writeBaseline,
} from "./baseline-text.ts";
import { LogSketch } from "./log-sketch.ts";

export const baselineWindows = ["1h", "24h", "7d"] as const;
export type BaselineWindow = (typeof baselineWindows)[number];

/** The distribution within a window. All values are in the unit of the series. */
export interface BaselineSummary {
  readonly count: number;
  /** Of how much time it really knows; of a young series that is less than the window. */
  readonly coversMs: number;
  readonly mean: number;
  readonly stdDev: number;
  readonly min: number;
  readonly p01: number;
  readonly p05: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

const pieceMs = 600_000;
const pieces = { tens: 6, hours: 24, days: 7 } as const;
const piecesOfWeek = pieces.tens * pieces.hours * pieces.days;
const windowMs: Readonly<Record<BaselineWindow, number>> = {
  "1h": pieceMs * pieces.tens,
  "24h": pieceMs * pieces.tens * pieces.hours,
  "7d": pieceMs * piecesOfWeek,
};
/** The slowest looks are an hour apart. */
const silenceMs = 2 * 3_600_000;
const coarseBits = 4;
/** A closed hour or day with more bins than this is made coarser once more. */
const coarseBins = 32;
const binsMax = 128;

export class Baseline {
  readonly #offsetMs: number;
  #open: LogSketch | undefined;
  /** What the open piece covers, and when the last value came. */
  #openMs = 0;
  #lastMs: number | undefined;
  /** Number of the current piece since time zero. */
  #piece: number | undefined;
  readonly #tens: string[] = [];
  readonly #hours: string[] = [];
  readonly #days: string[] = [];

  /** With offsets of their own, thousands of baselines do not end their pieces all at once. */
  constructor({ offsetMs = 0 }: { readonly offsetMs?: number } = {}) {
    this.#offsetMs = offsetMs;
  }

  /** `atMs` is of one monotonic clock. False when the value is not a finite number. */
  add(value: number, atMs: number): boolean {
    this.advance(atMs);
    this.#open ??= new LogSketch({ binsMax });
    if (!this.#open.add(value)) return false;
    const elapsedMs = atMs - (this.#lastMs ?? atMs);
    if (elapsedMs > 0 && elapsedMs <= silenceMs) this.#openMs += elapsedMs;
    this.#lastMs = atMs;
    return true;
  }

  /** Closes what has ended by `nowMs` and forgets what has expired. */
  advance(nowMs: number): void {
    const wanted = Math.floor((nowMs + this.#offsetMs) / pieceMs);
    this.#piece ??= wanted;
    if (wanted <= this.#piece) return;
    // After a silence of more than a week nothing of before is left: there is nothing to step over.
    if (wanted - this.#piece > piecesOfWeek + pieces.tens * pieces.hours) this.#forget(wanted);
    while (this.#piece < wanted) {
      this.#close(this.#piece);
      this.#piece += 1;
    }
  }

  /** Undefined when nothing arrived in the window. */
  summary(window: BaselineWindow): BaselineSummary | undefined {
    const sketch = new LogSketch({ binsMax: 1024 });
    if (this.#open) sketch.merge(this.#open);
    let coversMs = this.#openMs;
    for (const text of this.#textsOf(window)) coversMs += mergePiece(sketch, text);
    if (sketch.count === 0) return undefined;
    return summaryOf(sketch, Math.min(coversMs, windowMs[window]));
  }

  /** All that is known by `nowMs`, as printable text; undefined when that is nothing any more. */
  save(nowMs: number): string | undefined {
    this.advance(nowMs);
    const closed = [...this.#tens, ...this.#hours, ...this.#days];
    if (this.#open === undefined && !closed.some((text) => text)) return undefined;
    return writeBaseline({
      positionMs: nowMs + this.#offsetMs,
      open: this.#open ? pieceText(this.#openMs, this.#open.encode()) : "",
      tens: this.#tens,
      hours: this.#hours,
      days: this.#days,
    });
  }

  /**
   * What was saved `ageMs` ago, by a clock that may have begun anew since. Undefined when the text
   * is none of ours.
   */
  static restore(
    text: string,
    { nowMs, ageMs }: { readonly nowMs: number; readonly ageMs: number },
  ): Baseline | undefined {
    const saved = readBaseline(text, pieces);
    if (saved === undefined) return undefined;
    const restored = new Baseline({ offsetMs: saved.positionMs + ageMs - nowMs });
    restored.#take(saved);
    restored.advance(nowMs);
    return restored;
  }

  /** What another one has learned of the same series meanwhile counts now. */
  absorb(other: Baseline): void {
    this.#open ??= new LogSketch({ binsMax });
    if (other.#open) this.#open.merge(other.#open);
    this.#openMs += other.#openMs;
    for (const text of [...other.#tens, ...other.#hours]) {
      this.#openMs += mergePiece(this.#open, text);
    }
    this.#lastMs = other.#lastMs;
  }

  #take({ positionMs, open, tens, hours, days }: BaselineParts): void {
    this.#piece = Math.floor(positionMs / pieceMs);
    const piece = pieceOf(open);
    this.#open = piece && LogSketch.decode(piece.sketch);
    this.#openMs = this.#open && piece ? piece.coversMs : 0;
    this.#tens.push(...tens);
    this.#hours.push(...hours);
    this.#days.push(...days);
  }

  #textsOf(window: BaselineWindow): string[] {
    if (window === "1h" || this.#piece === undefined) return this.#tens;
    // The ten minutes of the current hour, the hours of the current day: what no larger piece has.
    const tens = this.#tens.slice(0, this.#piece % pieces.tens);
    if (window === "24h") return [...tens, ...this.#hours];
    const hour = Math.floor(this.#piece / pieces.tens);
    return [...tens, ...this.#hours.slice(0, hour % pieces.hours), ...this.#days];
  }

  #close(piece: number): void {
    this.#tens[piece % pieces.tens] = this.#open
      ? pieceText(this.#openMs, this.#open.encode())
      : "";
    this.#open = undefined;
    this.#openMs = 0;
    if ((piece + 1) % pieces.tens !== 0) return;
    const hour = Math.floor(piece / pieces.tens);
    this.#hours[hour % pieces.hours] = joined(this.#tens);
    if ((hour + 1) % pieces.hours !== 0) return;
    this.#days[Math.floor(hour / pieces.hours) % pieces.days] = joined(this.#hours);
  }

  #forget(piece: number): void {
    this.#open = undefined;
    this.#openMs = 0;
    this.#tens.length = 0;
    this.#hours.length = 0;
    this.#days.length = 0;
    this.#piece = piece;
  }
}

function joined(texts: readonly string[]): string {
  const sketch = new LogSketch({ bits: coarseBits, binsMax });
  let coversMs = 0;
  for (const text of texts) coversMs += mergePiece(sketch, text);
  if (sketch.binCount > coarseBins && sketch.bits === coarseBits) sketch.coarsen();
  return sketch.count === 0 ? "" : pieceText(coversMs, sketch.encode());
}

/** Returns what the piece covers. */
function mergePiece(sketch: LogSketch, text: string | undefined): number {
  const piece = pieceOf(text);
  const closed = piece && LogSketch.decode(piece.sketch);
  if (piece === undefined || closed === undefined) return 0;
  sketch.merge(closed);
  return piece.coversMs;
}

function summaryOf(sketch: LogSketch, coversMs: number): BaselineSummary {
  const at = (q: number): number => sketch.quantile(q) ?? 0;
  return {
    count: sketch.count,
    coversMs,
    mean: sketch.mean,
    stdDev: sketch.stdDev,
    min: sketch.min,
    p01: at(0.01),
    p05: at(0.05),
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    max: sketch.max,
  };
}

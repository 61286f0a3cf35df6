/**
 * The past of one series on several scales at once: the newest points as they came, older ones
 * ever coarser. Eight points of one level become one point of the next, which keeps their lowest
 * and their highest value: the lowest shows what never goes away (a leak under the teeth of a
 * garbage collector), the highest how far the series has been.
 *
 * With 32 points a level and a sample every 250 ms the levels reach back 8 s, 64 s, 8 min, 68 min,
 * 9 h and 3 days. A level is made when it gets its first point.
 *
 * 1. Memory is bounded: levels x capacity x four numbers, whatever arrives.
 * 2. A point that the first level refuses (older, not finite) changes nothing.
 */
import { assert } from "../kernel/index.ts";
import { Ring } from "./ring.ts";

export interface HistoryOptions {
  /** Points of one level. */
  readonly capacity?: number;
  readonly levelsMax?: number;
  /** How many points of one level become one of the next. */
  readonly fold?: number;
}

export interface Level {
  readonly lows: Ring;
  /** The same ring as `lows` on the first level. */
  readonly highs: Ring;
}

interface Fold {
  count: number;
  low: number;
  high: number;
}

/** What a series did before a moment. */
export interface Past {
  readonly low: number;
  readonly high: number;
  readonly fromMs: number;
}

export class History {
  readonly #capacity: number;
  readonly #levelsMax: number;
  readonly #fold: number;
  readonly #levels: Level[] = [];
  readonly #folds: Fold[] = [];

  constructor({ capacity = 32, levelsMax = 6, fold = 8 }: HistoryOptions = {}) {
    assert(capacity >= 8 && levelsMax >= 1 && fold >= 2, "a history has points, levels, a fold");
    this.#capacity = capacity;
    this.#levelsMax = levelsMax;
    this.#fold = fold;
  }

  /** Finest first. */
  get levels(): readonly Level[] {
    return this.#levels;
  }

  add(atMs: number, value: number): void {
    if (this.#levels.length === 0) {
      const ring = new Ring(this.#capacity);
      this.#levels.push({ lows: ring, highs: ring });
    }
    if (this.#levels[0]?.lows.push(atMs, value)) this.#raise(1, atMs, { low: value, high: value });
  }

  clear(): void {
    this.#levels.length = 0;
    this.#folds.length = 0;
  }

  /** What is known of the time before `untilMs` (exclusive), or undefined when nothing is. */
  before(untilMs: number): Past | undefined {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    let fromMs = Number.POSITIVE_INFINITY;
    for (const { lows, highs } of this.#levels) {
      for (let index = 0; index < lows.size && lows.timeAt(index) < untilMs; index += 1) {
        low = Math.min(low, lows.valueAt(index));
        high = Math.max(high, highs.valueAt(index));
        fromMs = Math.min(fromMs, lows.timeAt(index));
      }
    }
    return fromMs === Number.POSITIVE_INFINITY ? undefined : { low, high, fromMs };
  }

  /** Hands a point of the level below to the fold of level `depth`. */
  #raise(depth: number, atMs: number, { low, high }: { low: number; high: number }): void {
    if (depth >= this.#levelsMax) return;
    const fold = (this.#folds[depth] ??= { count: 0, low, high });
    if (fold.count === 0) Object.assign(fold, { low, high });
    fold.count += 1;
    if (low < fold.low) fold.low = low;
    if (high > fold.high) fold.high = high;
    if (fold.count < this.#fold) return;
    fold.count = 0;
    const level = (this.#levels[depth] ??= {
      lows: new Ring(this.#capacity),
      highs: new Ring(this.#capacity),
    });
    level.lows.push(atMs, fold.low);
    level.highs.push(atMs, fold.high);
    this.#raise(depth + 1, atMs, fold);
  }
}

/**
 * The distribution of a stream in a few hundred bytes: how many values fell into each bin of a
 * logarithmic scale. Any quantile is then known with a relative error below 1 %, sketches of parts
 * of a stream merge into that of the whole, and what is empty costs nothing.
 *
 * 1. A quantile is off by at most `relativeError` of itself, and lies within [min, max].
 * 2. Merging and adding give the same bins in any order.
 * 3. At most `binsMax` bins: beyond that neighbours are joined, which doubles `relativeError`.
 */
import { assert, checkOptions, optionsOf, wholeOption } from "../kernel/index.ts";
import { RunningMoments } from "./running-moments.ts";
import { bitsMax, keyOf, valueOf } from "./sketch-key.ts";
import { readSketch, type SketchParts, writeSketch } from "./sketch-text.ts";

export interface LogSketchOptions {
  /** Each power of two is cut into `2 ** bits` bins: 6 is an error below 0.8 %, 4 below 3.2 %. */
  readonly bits?: number;
  readonly binsMax?: number;
}

const largest = 1e300;
const shape = optionsOf({
  bits: wholeOption({ min: 0, max: bitsMax }),
  binsMax: wholeOption({ min: 4, max: 1_000_000 }),
});
const shownAs: unique symbol = Symbol.for("nodejs.util.inspect.custom");

/**
 * A mergeable histogram of numbers; a quantile is off by at most `relativeError` of itself. Its
 * bins are log-linear as those of HdrHistogram, and are joined evenly when there are too many, as
 * in UDDSketch.
 */
export class LogSketch {
  readonly #binsMax: number;
  #bits: number;
  #size = 0;
  /** Sorted. Its own array and not interleaved with the counts, so that a search stays in cache. */
  #keys = new Uint32Array(4);
  #counts = new Uint32Array(4);
  #moments = new RunningMoments();
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;

  /** Throws SoulMirrorError OPTIONS_INVALID. */
  constructor(options?: LogSketchOptions) {
    const read = options === undefined ? {} : checkOptions("LogSketch", options, shape);
    const { bits = bitsMax, binsMax = 1024 } = read;
    this.#bits = bits;
    this.#binsMax = binsMax;
  }

  /** Undefined when `text` was not written by `encode`. */
  static decode(text: string, options: LogSketchOptions = {}): LogSketch | undefined {
    const parts = readSketch(text);
    if (!parts) return undefined;
    const sketch = new LogSketch({ ...options, bits: parts.bits });
    sketch.#keys = parts.keys;
    sketch.#counts = parts.counts;
    sketch.#size = parts.size;
    sketch.#moments = RunningMoments.from(parts);
    sketch.#min = parts.min;
    sketch.#max = parts.max;
    return sketch;
  }

  get count(): number {
    return this.#moments.count;
  }

  get sum(): number {
    return this.#moments.mean * this.#moments.count;
  }

  get mean(): number {
    return this.#moments.mean;
  }

  get stdDev(): number {
    return this.#moments.stdDev;
  }

  /** Infinity of an empty sketch. */
  get min(): number {
    return this.#min;
  }

  /** -Infinity of an empty sketch. */
  get max(): number {
    return this.#max;
  }

  get bits(): number {
    return this.#bits;
  }

  get relativeError(): number {
    return 2 ** -(this.#bits + 1);
  }

  get binCount(): number {
    return this.#size;
  }

  /**
   * Counts `value` once, or as often as `times` says. False for what is not a finite number (or is
   * beyond 1e300): it was not counted.
   */
  add(value: number, times = 1): boolean {
    if (!(Math.abs(value) <= largest)) return false;
    if (times === 1) this.#moments.add(value);
    else this.#moments.merge(RunningMoments.from({ count: times, mean: value, stdDev: 0 }));
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    this.#count(keyOf(value, this.#bits), times);
    return true;
  }

  /** Takes over what `other` counted; the coarser resolution of the two remains. */
  merge(other: LogSketch): void {
    if (other.count === 0) return;
    while (this.#bits > other.#bits) this.coarsen();
    const shift = other.#bits - this.#bits;
    this.#moments.merge(other.#moments);
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
    const bitsBefore = this.#bits;
    for (let index = 0; index < other.#size; index += 1) {
      const joined = shift + bitsBefore - this.#bits;
      this.#count((other.#keys[index] as number) >>> joined, other.#counts[index] as number);
    }
  }

  /**
   * The value below which the share `q` of the stream lies (the order statistic at q (count - 1),
   * rounded down), or undefined of an empty sketch.
   */
  quantile(q: number): number | undefined {
    if (this.count === 0) return undefined;
    if (q <= 0) return this.#min;
    if (q >= 1) return this.#max;
    let left = Math.floor(q * (this.count - 1));
    for (let index = 0; index < this.#size; index += 1) {
      left -= this.#counts[index] as number;
      if (left >= 0) continue;
      const value = valueOf(this.#keys[index] as number, this.#bits);
      return Math.min(this.#max, Math.max(this.#min, value));
    }
    return this.#max;
  }

  /** Shows each bin, ascending: its middle and how many values fell into it. */
  forEachBin(visit: (middle: number, count: number) => void): void {
    for (let index = 0; index < this.#size; index += 1) {
      visit(valueOf(this.#keys[index] as number, this.#bits), this.#counts[index] as number);
    }
  }

  /** Joins neighbouring bins: half the resolution, fewer bins. */
  coarsen(): void {
    assert(this.#bits > 0, "a sketch with whole powers of two as bins is the coarsest");
    this.#bits -= 1;
    let size = 0;
    for (let index = 0; index < this.#size; index += 1) {
      const key = (this.#keys[index] as number) >>> 1;
      const count = this.#counts[index] as number;
      if (size > 0 && this.#keys[size - 1] === key) {
        this.#counts[size - 1] = (this.#counts[size - 1] as number) + count;
      } else {
        this.#keys[size] = key;
        this.#counts[size] = count;
        size += 1;
      }
    }
    this.#size = size;
  }

  /** One character per byte, two to three bytes per bin; moments and extremes as 32-bit floats. */
  encode(): string {
    const parts: SketchParts = {
      bits: this.#bits,
      size: this.#size,
      keys: this.#keys,
      counts: this.#counts,
      count: this.count,
      mean: this.mean,
      stdDev: this.stdDev,
      min: this.#min,
      max: this.#max,
    };
    return writeSketch(parts);
  }

  /** For whoever prints it: `{count, mean, min, p50, p95, p99, max}`, when empty `{count: 0}`. */
  toJSON(): Readonly<Record<string, number>> {
    const { count, mean } = this;
    if (count === 0) return { count };
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((q) => this.quantile(q) as number);
    const figures = { mean, min: this.#min, p50, p95, p99, max: this.#max };
    const read: Record<string, number> = { count };
    for (const [name, value] of Object.entries(figures)) {
      // More digits than are known.
      read[name] = Number((value as number).toPrecision(4));
    }
    return read;
  }

  /** What `console.log` shows. */
  [shownAs](): unknown {
    return this.toJSON();
  }

  #count(key: number, count: number): void {
    const place = this.#placeOf(key);
    if (place < this.#size && this.#keys[place] === key) {
      this.#counts[place] = (this.#counts[place] as number) + count;
      return;
    }
    if (this.#size >= this.#binsMax && this.#bits > 0) {
      this.coarsen();
      this.#count(key >>> 1, count);
      return;
    }
    if (this.#size === this.#keys.length) this.#grow();
    this.#keys.copyWithin(place + 1, place, this.#size);
    this.#counts.copyWithin(place + 1, place, this.#size);
    this.#keys[place] = key;
    this.#counts[place] = count;
    this.#size += 1;
  }

  /** Where `key` is, or belongs. */
  #placeOf(key: number): number {
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#keys[middle] as number) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #grow(): void {
    const length = this.#keys.length + Math.max(4, this.#keys.length >> 1);
    const keys = new Uint32Array(length);
    const counts = new Uint32Array(length);
    keys.set(this.#keys);
    counts.set(this.#counts);
    this.#keys = keys;
    this.#counts = counts;
  }
}

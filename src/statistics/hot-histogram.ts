/**
 * The same bins as `LogSketch`, for code that counts on every call: a table per power of two, made
 * when it is first needed, and no search. About 8 ns and no garbage for each value.
 *
 * 1. Values from 2^-20 to 2^20 have bins of their own, 64 for each power of two: the relative error
 *    is below 0.8 %. What is outside counts in the outermost bins; `min` and `max` stay exact.
 * 2. Counts are exact up to 2^53. Tables are narrow until a bin has more than 2^32 - 1: nearly all
 *    of them for ever.
 */
import { LogSketch } from "./log-sketch.ts";
import { bitsMax, valueOf } from "./sketch-key.ts";

const octaves = 40;
/** The exponent field of 2^-20. */
const firstExponent = 1023 - 20;
const binsOfOctave = 2 ** bitsMax;
const narrowMax = 2 ** 32 - 1;

type Table = Uint32Array | Float64Array;

const word = new Float64Array(1);
const halves = new Uint32Array(word.buffer);
word[0] = 1;
const high = halves[1] === 0 ? 0 : 1;

export class HotHistogram {
  #tables: (Table | undefined)[] = [];
  #offset = 0;
  count = 0;
  sum = 0;
  min: number = Number.POSITIVE_INFINITY;
  max = 0;

  /** `value` is finite and not negative, `times` a whole number. */
  add(value: number, times = 1): void {
    word[0] = value;
    const top = halves[high] as number;
    let octave = (top >>> 20) - firstExponent;
    let bin = (top >>> 14) & 63;
    if (octave < 0) {
      octave = 0;
      bin = 0;
    } else if (octave >= octaves) {
      octave = octaves - 1;
      bin = 63;
    }
    const table = this.#tables[octave - this.#offset] ?? this.#tableOf(octave);
    const counted = (table[bin] as number) + times;
    if (counted > narrowMax) this.#widened(table, octave)[bin] = counted;
    else table[bin] = counted;
    this.count += times;
    this.sum += value * times;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
  }

  /** What was counted, as a sketch of its own. */
  toSketch(): LogSketch {
    const sketch = new LogSketch();
    for (const [place, table] of this.#tables.entries()) {
      if (table === undefined) continue;
      for (let bin = 0; bin < binsOfOctave; bin += 1) {
        const times = table[bin] as number;
        if (times > 0) sketch.add(this.#valueOf(place + this.#offset, bin), times);
      }
    }
    return sketch;
  }

  /** As `LogSketch.quantile`, without making one. */
  quantile(q: number): number | undefined {
    if (this.count === 0) return undefined;
    let left = Math.floor(q * (this.count - 1));
    for (const [place, table] of this.#tables.entries()) {
      if (table === undefined) continue;
      for (let bin = 0; bin < binsOfOctave; bin += 1) {
        left -= table[bin] as number;
        if (left < 0) return this.#valueOf(place + this.#offset, bin);
      }
    }
    return this.max;
  }

  #valueOf(octave: number, bin: number): number {
    const size = ((octave + firstExponent) << bitsMax) + bin;
    const value = valueOf((1 << (11 + bitsMax)) + size, bitsMax);
    return Math.min(this.max, Math.max(this.min, value));
  }

  /** Tables lie side by side from the lowest octave on. */
  #tableOf(octave: number): Table {
    if (this.#tables.length === 0) this.#offset = octave;
    else if (octave < this.#offset) {
      this.#tables = [
        ...Array.from({ length: this.#offset - octave }, () => undefined),
        ...this.#tables,
      ];
      this.#offset = octave;
    }
    while (this.#tables.length <= octave - this.#offset) this.#tables.push(undefined);
    const table = new Uint32Array(binsOfOctave);
    this.#tables[octave - this.#offset] = table;
    return table;
  }

  #widened(table: Table, octave: number): Table {
    if (table instanceof Float64Array) return table;
    const wide = Float64Array.from(table);
    this.#tables[octave - this.#offset] = wide;
    return wide;
  }
}

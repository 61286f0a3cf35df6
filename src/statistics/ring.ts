/**
 * The last `capacity` points (time, value) of a series, in two typed arrays that are made once:
 * pushing allocates nothing, the oldest point gives way.
 *
 * 1. Times never decrease: a point older than the newest one is refused.
 * 2. Index 0 is the oldest point, `size - 1` the newest.
 */
import { assert } from "../kernel/index.ts";

export class Ring {
  readonly capacity: number;
  readonly #timesMs: Float64Array;
  readonly #values: Float64Array;
  #start = 0;
  #size = 0;

  constructor(capacity: number) {
    assert(Number.isInteger(capacity) && capacity > 0, "a ring holds at least one point");
    this.capacity = capacity;
    this.#timesMs = new Float64Array(capacity);
    this.#values = new Float64Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** False when the point was refused: it is older than the newest, or not a finite number. */
  push(atMs: number, value: number): boolean {
    if (!Number.isFinite(atMs) || !Number.isFinite(value)) return false;
    if (this.#size > 0 && atMs < this.timeAt(this.#size - 1)) return false;
    const place = this.#place(this.#size);
    this.#timesMs[place] = atMs;
    this.#values[place] = value;
    if (this.#size < this.capacity) this.#size += 1;
    else this.#start = (this.#start + 1) % this.capacity;
    return true;
  }

  timeAt(index: number): number {
    assert(index >= 0 && index < this.#size, "an index lies within the ring");
    return this.#timesMs[this.#place(index)] as number;
  }

  valueAt(index: number): number {
    assert(index >= 0 && index < this.#size, "an index lies within the ring");
    return this.#values[this.#place(index)] as number;
  }

  #place(index: number): number {
    const place = this.#start + index;
    return place >= this.capacity ? place - this.capacity : place;
  }
}

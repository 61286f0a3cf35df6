/**
 * How many calls ended well, badly and slowly within the last `spanMs`: a ring of slices, each of
 * which knows its own time.
 *
 * W1. A slice that is older than the window counts nothing, however long nobody looked: after an
 *     hour without calls the window is empty.
 * W2. What is counted leaves after `spanMs` at the latest, and after `spanMs` less one slice at the
 *     earliest.
 */
const slices = 10;

export interface WindowSums {
  readonly calls: number;
  readonly faults: number;
  readonly slow: number;
}

/** Of one slice: its number since the epoch of the clock, calls, faults, slow calls. */
const fields = 4;

export class SlidingWindow {
  readonly #sliceMs: number;
  /** One array, because a service has as many windows as circuits and budgets. */
  readonly #slices = new Float64Array(slices * fields).fill(Number.NEGATIVE_INFINITY);

  constructor(spanMs: number) {
    this.#sliceMs = spanMs / slices;
  }

  add(nowMs: number, isFault: boolean, isSlow: boolean): void {
    const all = this.#slices;
    const number = Math.floor(nowMs / this.#sliceMs);
    const at = (number % slices) * fields;
    if (all[at] !== number) {
      all[at] = number;
      all.fill(0, at + 1, at + fields);
    }
    all[at + 1] = (all[at + 1] as number) + 1;
    if (isFault) all[at + 2] = (all[at + 2] as number) + 1;
    if (isSlow) all[at + 3] = (all[at + 3] as number) + 1;
  }

  sums(nowMs: number): WindowSums {
    const all = this.#slices;
    const oldest = Math.floor(nowMs / this.#sliceMs) - slices + 1;
    let [calls, faults, slow] = [0, 0, 0];
    for (let at = 0; at < all.length; at += fields) {
      if ((all[at] as number) < oldest) continue;
      calls += all[at + 1] as number;
      faults += all[at + 2] as number;
      slow += all[at + 3] as number;
    }
    return { calls, faults, slow };
  }

  clear(): void {
    this.#slices.fill(Number.NEGATIVE_INFINITY);
  }
}

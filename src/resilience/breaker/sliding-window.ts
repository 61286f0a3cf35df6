/**
 * How many calls ended well, badly and slowly within the last `spanMs`: a ring of slices, each of
 * which knows its own time.
 *
 * W1. A slice that is older than the window counts nothing, however long nobody looked: after an
 *     hour without calls the window is empty.
 * W2. What is counted leaves after `spanMs` at the latest, and after `spanMs` less one slice at the
 *     earliest.
 * W3. A call that was timed speaks for those that were not, and ended since the last one that was:
 *     however seldom somebody looks at his watch, the share of slow calls is that of all of them.
 */
const slices = 10;

export interface WindowSums {
  readonly calls: number;
  readonly faults: number;
  /** Calls of which is known how long they took... */
  readonly timed: number;
  /** ...those that they speak for, they themselves among them (W3)... */
  readonly judged: number;
  /** ...and how many of these took too long. */
  readonly slow: number;
}

/** Of one slice: its number since the epoch of the clock, and what is in the sums. */
const fields = 6;

/** A single call says nothing of hundreds, whatever order they end in. */
const spokenForMax = 16;

export class SlidingWindow {
  readonly #sliceMs: number;
  /** One array, because a service has as many windows as circuits and budgets. */
  readonly #slices = new Float64Array(slices * fields).fill(Number.NEGATIVE_INFINITY);
  /** Since the last one that was timed. */
  #untimed = 0;

  constructor(spanMs: number) {
    this.#sliceMs = spanMs / slices;
  }

  /** `isSlow` undefined: nobody has measured this one. */
  add(nowMs: number, isFault: boolean, isSlow?: boolean): void {
    const all = this.#slices;
    const number = Math.floor(nowMs / this.#sliceMs);
    const at = (number % slices) * fields;
    if (all[at] !== number) {
      all[at] = number;
      all.fill(0, at + 1, at + fields);
    }
    all[at + 1] = (all[at + 1] as number) + 1;
    if (isFault) all[at + 2] = (all[at + 2] as number) + 1;
    this.#untimed += 1;
    if (isSlow === undefined) return;
    const weight = Math.min(this.#untimed, spokenForMax);
    this.#untimed = 0;
    all[at + 3] = (all[at + 3] as number) + 1;
    all[at + 4] = (all[at + 4] as number) + weight;
    if (isSlow) all[at + 5] = (all[at + 5] as number) + weight;
  }

  sums(nowMs: number): WindowSums {
    const all = this.#slices;
    const oldest = Math.floor(nowMs / this.#sliceMs) - slices + 1;
    let [calls, faults, timed, judged, slow] = [0, 0, 0, 0, 0];
    for (let at = 0; at < all.length; at += fields) {
      if ((all[at] as number) < oldest) continue;
      calls += all[at + 1] as number;
      faults += all[at + 2] as number;
      timed += all[at + 3] as number;
      judged += all[at + 4] as number;
      slow += all[at + 5] as number;
    }
    return { calls, faults, timed, judged, slow };
  }

  clear(): void {
    this.#untimed = 0;
    this.#slices.fill(Number.NEGATIVE_INFINITY);
  }
}

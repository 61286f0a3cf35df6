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

export class SlidingWindow {
  readonly #sliceMs: number;
  /** Per slice: its number since the epoch of the clock, then calls, faults, slow calls. */
  readonly #numbers = new Float64Array(slices).fill(-1);
  readonly #calls = new Uint32Array(slices);
  readonly #faults = new Uint32Array(slices);
  readonly #slow = new Uint32Array(slices);

  constructor(spanMs: number) {
    this.#sliceMs = spanMs / slices;
  }

  add(nowMs: number, isFault: boolean, isSlow: boolean): void {
    const number = Math.floor(nowMs / this.#sliceMs);
    const place = number % slices;
    if (this.#numbers[place] !== number) this.#begin(place, number);
    this.#calls[place] = (this.#calls[place] as number) + 1;
    if (isFault) this.#faults[place] = (this.#faults[place] as number) + 1;
    if (isSlow) this.#slow[place] = (this.#slow[place] as number) + 1;
  }

  sums(nowMs: number): WindowSums {
    const oldest = Math.floor(nowMs / this.#sliceMs) - slices + 1;
    let [calls, faults, slow] = [0, 0, 0];
    for (let place = 0; place < slices; place += 1) {
      if ((this.#numbers[place] as number) < oldest) continue;
      calls += this.#calls[place] as number;
      faults += this.#faults[place] as number;
      slow += this.#slow[place] as number;
    }
    return { calls, faults, slow };
  }

  clear(): void {
    this.#numbers.fill(-1);
  }

  #begin(place: number, number: number): void {
    this.#numbers[place] = number;
    this.#calls[place] = 0;
    this.#faults[place] = 0;
    this.#slow[place] = 0;
  }
}

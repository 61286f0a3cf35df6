/**
 * Count, mean and deviation of a stream, exact and stable (Welford), and mergeable (Chan): the same
 * numbers come out however the stream was cut.
 */
export class RunningMoments {
  #count = 0;
  #mean = 0;
  /** Sum of the squared distances from the mean. */
  #squares = 0;

  /** Moments of a stream of which only these three numbers were kept. */
  static from(kept: { count: number; mean: number; stdDev: number }): RunningMoments {
    const made = new RunningMoments();
    made.#count = kept.count;
    made.#mean = kept.mean;
    made.#squares = kept.stdDev * kept.stdDev * kept.count;
    return made;
  }

  get count(): number {
    return this.#count;
  }

  /** 0 of nothing. */
  get mean(): number {
    return this.#mean;
  }

  /** Of the values themselves, not of a population behind them; 0 of nothing. */
  get stdDev(): number {
    return this.#count === 0 ? 0 : Math.sqrt(this.#squares / this.#count);
  }

  add(value: number): void {
    this.#count += 1;
    const before = value - this.#mean;
    this.#mean += before / this.#count;
    this.#squares += before * (value - this.#mean);
  }

  merge(other: RunningMoments): void {
    if (other.#count === 0) return;
    const count = this.#count + other.#count;
    const apart = other.#mean - this.#mean;
    this.#squares += other.#squares + apart * apart * ((this.#count / count) * other.#count);
    this.#mean += apart * (other.#count / count);
    this.#count = count;
  }
}

/** The lines of the request ledger, read as it grows. Old ones are forgotten fault by fault. */
import type { LedgerLine, ShopLoad } from "./shop-load.ts";

export class LedgerTail {
  readonly #load: ShopLoad;
  readonly #file: string;
  #nextByte = 0;
  lines: LedgerLine[] = [];

  constructor(load: ShopLoad, file: string) {
    this.#load = load;
    this.#file = file;
  }

  async read(): Promise<void> {
    for (;;) {
      const { lines, nextByte } = await this.#load.readLedger(this.#file, this.#nextByte);
      this.lines.push(...lines);
      if (nextByte === this.#nextByte) return;
      this.#nextByte = nextByte;
    }
  }

  /** Keeps the lines of requests that were sent from `at` (wall milliseconds) on. */
  forgetBefore(at: number): void {
    this.lines = this.lines.filter((line) => line.at >= at);
  }
}

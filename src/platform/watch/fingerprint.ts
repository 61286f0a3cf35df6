/** Whether a folder that has no watch is as it was: one number instead of all its entries. */
import type { Stats } from "node:fs";

/** Clocks of file systems move in ticks: what is so young may change once more in its tick. */
const tickMs = 50;

/** NaN, which equals nothing, when the state is too young to be told from the next one. */
export function settledMs(changedMs: number, nowMs: number): number {
  return nowMs - changedMs < tickMs ? Number.NaN : changedMs;
}

/** Collects entries in the order in which they are listed. */
export class Fingerprint {
  readonly #nowMs: number;
  #high = 0;
  #low = 0;
  #isYoung = false;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  add(name: string, stats: Stats | undefined): void {
    const rest =
      stats === undefined ? "" : `${stats.ino} ${stats.ctimeMs} ${stats.size} ${stats.mode}`;
    this.#mix(`${name}/${rest}/`);
    if (stats !== undefined && Number.isNaN(settledMs(stats.ctimeMs, this.#nowMs))) {
      this.#isYoung = true;
    }
  }

  get value(): number {
    return this.#isYoung ? Number.NaN : (this.#high & 0x1f_ffff) * 2 ** 32 + (this.#low >>> 0);
  }

  #mix(text: string): void {
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      this.#low = Math.imul(this.#low ^ code, 0x01_00_01_93);
      this.#high = Math.imul(this.#high + code, 0x5b_d1_e9_95) ^ (this.#low >>> 15);
    }
  }
}

/**
 * When something that happens now and then happens far more often than it ever has: counts of
 * windows of ten seconds, held against the highest one before.
 *
 * B1. What comes in clusters is no burst when clusters of that size are usual: the highest window
 *     counts, not the mean, and nothing is said before several clusters have been seen.
 * B2. A burst is told once. What goes on for an hour is usual from then on.
 * B3. Memory is bounded: sixty counts, whatever arrives.
 */
export interface Burst {
  /** In the window that is not over yet and the one before it: twice `windowMs`. */
  readonly count: number;
  /** The highest count of a window before, as it is remembered: it fades by half in a week. */
  readonly highest: number;
  readonly windowMs: number;
  /** For how long it has been known. */
  readonly knownMs: number;
}

export const burstWindowMs = 10_000;
const windows = 60;
const countMin = 20;
const times = 4;
/** B1: so many windows, or so many clusters; or it is known for long, and simply rare. */
const busyMin = 30;
const clustersMin = 8;
const learnMs = 300_000;
const rareMs = 6 * 3_600_000;
/** Of quiet, and a burst is over. */
const restWindows = 30;
const usualAfterMs = 3_600_000;
const halfLifeMs = 7 * 86_400_000;

export class BurstWatch {
  readonly #counts = new Uint32Array(windows);
  readonly #firstMs: number;
  #window: number;
  /** The one before, while its count is not among those that are usual. */
  #before: number | undefined;
  #highest = 0;
  #highestMs: number;
  #busy = 0;
  #clusters = 0;
  #lastBusy = Number.NEGATIVE_INFINITY;
  /** Of a burst that goes on: since when, its highest window, and when it was above the usual. */
  #burst: { readonly sinceMs: number; highest: number; lastWindow: number } | undefined;

  constructor(nowMs: number) {
    this.#firstMs = nowMs;
    this.#highestMs = nowMs;
    this.#window = Math.floor(nowMs / burstWindowMs);
  }

  get isBursting(): boolean {
    return this.#burst !== undefined;
  }

  /** It has happened once. Times never go back. */
  note(nowMs: number): Burst | undefined {
    this.#moveTo(nowMs);
    const place = this.#window % windows;
    this.#counts[place] = (this.#counts[place] as number) + 1;
    const count = this.within(2 * burstWindowMs, nowMs);
    if (count < countMin || this.#burst !== undefined || !this.#isKnown(nowMs)) return undefined;
    const highest = this.#highestNow(nowMs);
    if (count < times * (highest + 1)) return undefined;
    this.#burst = { sinceMs: nowMs, highest: count, lastWindow: this.#window };
    const knownMs = nowMs - this.#firstMs;
    return { count, highest: Math.ceil(highest), windowMs: burstWindowMs, knownMs };
  }

  /** How often within the last `lastMs` (ten minutes at most), in whole windows. */
  within(lastMs: number, nowMs: number): number {
    this.#moveTo(nowMs);
    const wanted = Math.min(windows, Math.ceil(lastMs / burstWindowMs));
    let sum = 0;
    for (let back = 0; back < wanted && back <= this.#window; back += 1) {
      sum += this.#counts[(this.#window - back) % windows] as number;
    }
    return sum;
  }

  #isKnown(nowMs: number): boolean {
    const knownMs = nowMs - this.#firstMs;
    if (knownMs < learnMs) return false;
    return this.#busy >= busyMin || this.#clusters >= clustersMin || knownMs >= rareMs;
  }

  #highestNow(nowMs: number): number {
    return this.#highest * 0.5 ** ((nowMs - this.#highestMs) / halfLifeMs);
  }

  #moveTo(nowMs: number): void {
    const window = Math.floor(nowMs / burstWindowMs);
    if (window <= this.#window) return;
    // The window before may be the beginning of a burst: it is not what is usual yet.
    if (this.#before !== undefined) this.#close(this.#before);
    this.#before = this.#window;
    if (window > this.#window + 1) {
      this.#close(this.#window);
      this.#before = undefined;
    }
    const gone = Math.min(windows, window - this.#window);
    for (let step = 0; step < gone; step += 1) this.#counts[(window - step) % windows] = 0;
    this.#window = window;
    const burst = this.#burst;
    if (burst !== undefined && window - burst.lastWindow > restWindows) this.#burst = undefined;
  }

  #close(window: number): void {
    const count = this.#counts[window % windows] as number;
    if (count === 0) return;
    this.#busy += 1;
    if (window - this.#lastBusy > 1) this.#clusters += 1;
    this.#lastBusy = window;
    const endMs = (window + 1) * burstWindowMs;
    const highest = this.#highestNow(endMs);
    const burst = this.#burst;
    if (burst !== undefined && count >= times * (highest + 1)) {
      burst.highest = Math.max(burst.highest, count);
      burst.lastWindow = window;
      // B2.
      if (endMs - burst.sinceMs < usualAfterMs) return;
      this.#burst = undefined;
      this.#raise(burst.highest, endMs);
    } else if (count > highest) this.#raise(count, endMs);
  }

  #raise(highest: number, atMs: number): void {
    this.#highest = highest;
    this.#highestMs = atMs;
  }
}

/**
 * Does a call hang? What takes long is not for that reason lost: a report of the year takes a
 * thousand times as long as a look-up. So a call hangs when it has been under way for many times
 * what all but one in a thousand of its kind have ever taken, and for longer than any of them.
 *
 * 1. Nothing is told of an operation of which fewer than `countMin` calls have ended.
 * 2. Time that the process itself did not get (its loop was late) is not the call's.
 * 3. A call is told once, however long it hangs; the figure says how many hang along with it.
 */
import { assert } from "../kernel/index.ts";

/** How long calls of this kind have taken; a `LogSketch` is one. */
export interface Latencies {
  readonly count: number;
  /** The longest, in milliseconds. */
  readonly max: number;
  quantile(q: number): number | undefined;
}

export interface HangOptions {
  /** So many times its 99.9th percentile. */
  readonly factor?: number;
  /** So many times the longest call that ever ended. */
  readonly factorOfLongest?: number;
  /** No call hangs before this: what is rare and slow has not been seen when it first comes. */
  readonly floorMs?: number;
  readonly countMin?: number;
}

export interface InFlightLook {
  readonly nowMs: number;
  /** When each call under way began, oldest first. */
  readonly beganMs: Iterable<number>;
  readonly latencies: Latencies;
  /** For how long the process did not run since the oldest of them began. */
  readonly lateMs?: number;
}

export interface Hang {
  /** One sentence. */
  readonly reason: string;
  readonly evidence: {
    readonly ageMs: number;
    readonly limitMs: number;
    readonly p999Ms: number;
    readonly longestMs: number;
    /** Calls that took their time and came to an end. */
    readonly ended: number;
    /** Newly found to hang, this one among them; counted up to a thousand. */
    readonly hanging: number;
  };
}

const countedMax = 1000;

export class HangJudge {
  readonly #options: Required<HangOptions>;
  /** Calls that began until then and hang have been told. */
  #toldUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: HangOptions = {}) {
    const { factor = 10, factorOfLongest = 3, floorMs = 30_000, countMin = 200 } = options;
    assert(factor > 1 && factorOfLongest > 1, "a call that hangs takes longer than usual");
    assert(floorMs >= 0 && countMin >= 1, "a judgement needs calls that have ended");
    this.#options = { factor, factorOfLongest, floorMs, countMin };
  }

  /** To be called every second or so while calls are under way. */
  look({ nowMs, beganMs, latencies, lateMs = 0 }: InFlightLook): Hang | undefined {
    const { factor, factorOfLongest, floorMs, countMin } = this.#options;
    if (latencies.count < countMin) return undefined;
    let limitMs: number | undefined;
    let oldestMs: number | undefined;
    let hanging = 0;
    for (const began of beganMs) {
      if (began <= this.#toldUntilMs) continue;
      if (nowMs - began < floorMs) break;
      limitMs ??= Math.max(
        floorMs,
        factor * (latencies.quantile(0.999) ?? 0),
        factorOfLongest * latencies.max,
      );
      if (nowMs - began - lateMs <= limitMs) break;
      oldestMs ??= began;
      this.#toldUntilMs = began;
      hanging += 1;
      if (hanging >= countedMax) break;
    }
    if (oldestMs === undefined || limitMs === undefined) return undefined;
    return tell({ ageMs: nowMs - oldestMs, limitMs, latencies, hanging });
  }
}

interface Found {
  readonly ageMs: number;
  readonly limitMs: number;
  readonly latencies: Latencies;
  readonly hanging: number;
}

function tell({ ageMs, limitMs, latencies, hanging }: Found): Hang {
  const p999Ms = latencies.quantile(0.999) ?? 0;
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  return {
    reason:
      `a call has been under way for ${seconds(ageMs)}; ` +
      `none of ${latencies.count} took longer than ${seconds(latencies.max)}`,
    evidence: {
      ageMs: Math.round(ageMs),
      limitMs: Math.round(limitMs),
      p999Ms,
      longestMs: latencies.max,
      ended: latencies.count,
      hanging,
    },
  };
}

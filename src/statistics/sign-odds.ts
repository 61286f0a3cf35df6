/**
 * Is a sign more than chance? Some operations legitimately return nothing now and then, and the
 * first time looks like any fault. What tells them apart is how densely a sign comes.
 *
 * Each occurrence weighs how much likelier it is if one result in ten were so (a fault) than at the
 * rate that this operation has always had; every usual result in between takes a little back. This
 * is Page's cumulative sum of the log odds, and at `proof` it is told.
 *
 * 1. A legitimate rate that stays as it is adds up to `proof` about once in e^26 results; where
 *    they come in clusters, it takes three times of what a cluster has come to so far.
 * 2. What no program means to return (`missed` about nothing) is proof by itself, the first time;
 *    what came now and then before the operation was known is its habit, as NaN in a column is.
 * 3. A sign that goes on is told once; it is told again after `restMin` results without it.
 * 4. At most `trackedMax` signs are kept; the one that was not seen for longest gives way (never
 *    what is proof by itself), and what comes in its place is taken to be common.
 */
import { type SignName, type SignNature, signNature } from "./result-signs.ts";

const faulty = 0.1;
const proof = 26;
/** So many times as much as clusters of it have come to so far. */
const clusters = 3;
const restMin = 256;
/** What comes more often than once in this many results is usual, once so many are known. */
const usualOnceIn = 32;
const usualMin = 256;
const trackedMax = 5;
/** What a usual result takes back. */
const relief = -Math.log(1 - faulty);

/**
 * A sign, and whether it is one that every look sees or only the close ones: their rates are of
 * different results, so they are counted apart.
 */
export interface Sighting {
  readonly name: SignName;
  readonly isEveryLook: boolean;
  /** Results known so far that would have shown it. */
  readonly count: number;
}

interface Tracked {
  readonly name: SignName;
  readonly isEveryLook: boolean;
  seen: number;
  score: number;
  /** How far runs of it came that passed by themselves: legitimate ones may come in clusters. */
  highest: number;
  /** What was known when the present run of it began: a fault does not become usual by lasting. */
  seenBefore: number;
  countBefore: number;
  /** How many results were known when it was last seen. */
  lastAt: number;
  isTold: boolean;
}

export class SignOdds {
  readonly #tracked: Tracked[] = [];

  /** How often it was seen; 0 for what is not tracked. */
  seen(sighting: Sighting): number {
    return this.#find(sighting)?.seen ?? 0;
  }

  /** So common that it says nothing any more. Not while a run of it is still being weighed. */
  isUsual(sighting: Sighting): boolean {
    const tracked = this.#find(sighting);
    if (tracked === undefined || sighting.count < usualMin) return false;
    const isWeighed = tracked.score === 0 || tracked.isTold;
    return isWeighed && tracked.seen * usualOnceIn > sighting.count;
  }

  /** Takes in that the newest result has the sign; true when that is worth telling. */
  note(sighting: Sighting): boolean {
    const { name, count } = sighting;
    const tracked = this.#find(sighting) ?? this.#track(sighting);
    const nature = signNature[name];
    const gap = count - tracked.lastAt;
    const relieved = Math.max(0, tracked.score - relief * gap);
    if (relieved === 0) {
      if (!tracked.isTold) tracked.highest = Math.max(tracked.highest, tracked.score);
      tracked.seenBefore = tracked.seen;
      tracked.countBefore = count;
    }
    if (gap >= restMin) tracked.isTold = false;
    const isHabit = count < nature.countMin && gap > 1 / faulty && isProofAlone(name);
    tracked.score = isHabit ? 0 : Math.max(0, relieved + weight(tracked, nature));
    tracked.seen += 1;
    tracked.lastAt = count;
    const needed = isProofAlone(name) ? proof : Math.max(proof, clusters * tracked.highest);
    if (tracked.isTold || count < nature.countMin || tracked.score < needed) return false;
    tracked.score = 0;
    tracked.isTold = true;
    return true;
  }

  /** Half of everything, so that counts stay small and the old weighs less. */
  halve(): void {
    for (const tracked of this.#tracked) {
      tracked.seen = Math.ceil(tracked.seen / 2);
      tracked.lastAt = Math.ceil(tracked.lastAt / 2);
    }
  }

  #find({ name, isEveryLook }: Sighting): Tracked | undefined {
    return this.#tracked.find((each) => each.name === name && each.isEveryLook === isEveryLook);
  }

  #track({ name, isEveryLook, count }: Sighting): Tracked {
    const before = { highest: 0, seenBefore: 0, countBefore: 0 };
    const fresh = { name, isEveryLook, seen: 0, score: 0, ...before, lastAt: 0, isTold: false };
    if (this.#tracked.length < trackedMax) {
      this.#tracked.push(fresh);
      return fresh;
    }
    // It may be one that had to give way: as its past is not known, it is taken to be common.
    if (!isProofAlone(name)) fresh.seen = Math.ceil(count / usualOnceIn);
    this.#tracked[this.#leastNeeded()] = fresh;
    return fresh;
  }

  #leastNeeded(): number {
    let place = 0;
    let lowest = Number.POSITIVE_INFINITY;
    for (const [index, { name, lastAt }] of this.#tracked.entries()) {
      const need = isProofAlone(name) ? lastAt + 2 ** 30 : lastAt;
      if (need < lowest) {
        place = index;
        lowest = need;
      }
    }
    return place;
  }
}

function isProofAlone(name: SignName): boolean {
  return signNature[name].missed < 1;
}

function weight({ seenBefore, countBefore }: Tracked, { missed }: SignNature): number {
  return Math.log((faulty * countBefore) / (seenBefore + missed));
}

/**
 * When something began to happen, and whether one thing comes after another, or with it.
 *
 * Looked at are beginnings: the first time after `quietMs` without. The question is how often the
 * beginning of A was followed by one of B within 1, 3 or 10 s. What chance would give is estimated
 * from B itself, twice: how often it begins in all, and how often in the stretch before each
 * beginning of A that is ten times as long (hours in which everything fails have higher rates). The
 * higher rate p counts. Told is what follows in at least 8 of 10 cases, 6 or more of them, and
 * whose odds by chance (the upper tail of the binomial distribution with n cases and p, as in the
 * exact binomial test of Clopper and Pearson, 1934) are below 1e-9: so little because thousands of
 * pairs are looked at thousands of times.
 *
 * R1. Two that both keep time like a clock are never told: their order says nothing, and slowly
 *     drifting clocks stand together for hours.
 * R2. Memory is bounded: the last 32 beginnings.
 */
const quietMs = 30_000;
const kept = 32;
const leadsMs = [1000, 3000, 10_000] as const;
/** How much longer than the lead the stretch is that chance is estimated from. */
const stretch = 10;
const casesMin = 6;
const shareMin = 0.8;
const oddsMax = 1e-9;
/** So many of the pairs have the same order, so that one can be said to come first. */
const orderMin = 0.9;

export interface Relation {
  /** `follows`: the second after the first. `with`: now one, now the other comes first. */
  readonly kind: "follows" | "with";
  /** How often the first began... */
  readonly cases: number;
  /** ...and in how many of these cases the second did within `withinMs`. */
  readonly times: number;
  readonly withinMs: number;
  /** The middle one of all leads. */
  readonly leadMs: number;
  /** How likely so many are by chance. */
  readonly odds: number;
}

export class Onsets {
  readonly #atMs: number[] = [];
  readonly #sinceMs: number;
  #lastMs = Number.NEGATIVE_INFINITY;

  /** `sinceMs`: since when it would have been seen. */
  constructor(sinceMs: number) {
    this.#sinceMs = sinceMs;
  }

  /** True: it begins. Times never go back. */
  note(nowMs: number): boolean {
    const isOnset = nowMs - this.#lastMs > quietMs;
    this.#lastMs = nowMs;
    if (!isOnset) return false;
    this.#atMs.push(nowMs);
    if (this.#atMs.length > kept) this.#atMs.shift();
    return true;
  }

  get count(): number {
    return this.#atMs.length;
  }

  /** Monotonic; undefined: it never began. */
  get lastMs(): number | undefined {
    return this.#atMs.at(-1);
  }

  get all(): readonly number[] {
    return this.#atMs;
  }

  /** From then on every beginning is known. */
  get knownSinceMs(): number {
    return this.#atMs.length < kept ? this.#sinceMs : (this.#atMs[0] as number);
  }

  /** R1: nearly all gaps are about a whole number of the middle one. */
  get isClockwork(): boolean {
    const gaps = this.#atMs.slice(1).map((at, index) => at - (this.#atMs[index] as number));
    if (gaps.length < 3) return false;
    const middle = middleOf(gaps);
    const even = gaps.filter((gap) => Math.abs(gap / middle - Math.round(gap / middle)) <= 0.1);
    return even.length >= 0.8 * gaps.length;
  }
}

/** Whether `second` comes after `first`, or with it; undefined: chance explains it. */
export function relationOf(first: Onsets, second: Onsets, nowMs: number): Relation | undefined {
  if (first.count < casesMin || second.count < casesMin - 1) return undefined;
  if (first.isClockwork && second.isClockwork) return undefined;
  for (const withinMs of leadsMs) {
    const found = relationWithin({ first, second, withinMs }, nowMs);
    if (found !== undefined) return found;
  }
  return undefined;
}

interface Pair {
  readonly first: Onsets;
  readonly second: Onsets;
  readonly withinMs: number;
}

function relationWithin({ first, second, withinMs }: Pair, nowMs: number): Relation | undefined {
  const fromMs = Math.max(first.knownSinceMs, second.knownSinceMs);
  const cases = first.all.filter((at) => at >= fromMs && at + withinMs <= nowMs);
  if (cases.length < casesMin) return undefined;
  // Both orders are looked for only where they are hardly apart.
  const beforeMs = withinMs === leadsMs[0] ? withinMs : 0;
  const leads: number[] = [];
  let besides = 0;
  for (const at of cases) {
    const next = nearest(second.all, at, { beforeMs, withinMs });
    if (next !== undefined) leads.push(next - at);
    const longMs = stretch * withinMs;
    besides += countIn(second.all, at - withinMs - longMs, at - Math.max(withinMs, beforeMs));
  }
  if (leads.length < shareMin * cases.length) return undefined;
  const spanMs = withinMs + beforeMs;
  const inAll = ((second.count + 1) * spanMs) / Math.max(spanMs, nowMs - second.knownSinceMs);
  const nearby = ((besides + 1) * spanMs) / (cases.length * stretch * withinMs);
  const odds = upperTail(leads.length, cases.length, Math.min(1, Math.max(inAll, nearby)));
  if (odds > oddsMax) return undefined;
  const ordered = leads.filter((lead) => lead > 0).length / leads.length;
  // The other way round is told of the other pair.
  if (ordered <= 1 - orderMin && leads.some((lead) => lead < 0)) return undefined;
  const kind = ordered >= orderMin ? "follows" : "with";
  const times = leads.length;
  return { kind, cases: cases.length, times, withinMs, leadMs: Math.round(middleOf(leads)), odds };
}

interface Around {
  readonly beforeMs: number;
  readonly withinMs: number;
}

function nearest(
  all: readonly number[],
  atMs: number,
  { beforeMs, withinMs }: Around,
): number | undefined {
  let found: number | undefined;
  for (const each of all) {
    if (each < atMs - beforeMs || each > atMs + withinMs) continue;
    if (found === undefined || Math.abs(each - atMs) < Math.abs(found - atMs)) found = each;
  }
  return found;
}

function countIn(all: readonly number[], fromMs: number, untilMs: number): number {
  return all.filter((each) => each >= fromMs && each < untilMs).length;
}

function middleOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** The odds of `times` or more of `cases`, each of which comes true with `chance`. */
export function upperTail(times: number, cases: number, chance: number): number {
  if (times <= 0 || chance >= 1) return 1;
  let sum = 0;
  let term = 0;
  for (let index = 1; index <= times; index += 1) {
    term += Math.log(cases - times + index) - Math.log(index);
  }
  for (let count = times; count <= cases; count += 1) {
    sum += Math.exp(term + count * Math.log(chance) + (cases - count) * Math.log1p(-chance));
    term += Math.log(cases - count) - Math.log(count + 1);
  }
  return Math.min(1, sum);
}

/** How far a ratio of pairs can be trusted: the median, and an interval by drawing pairs again. */
import { createRandom } from "../../src/kernel/index.ts";
import { short, spreadOf } from "./spread.ts";

export interface RatioInterval {
  readonly median: number;
  /** In 95 of 100 such runs the median of very many pairs lies between these. */
  readonly low: number;
  readonly high: number;
  readonly pairs: number;
}

const draws = 4000;

/** The same ratios give the same interval: chance is seeded. */
export function ratioInterval(ratios: readonly number[]): RatioInterval {
  const random = createRandom(1);
  const medians = Array.from({ length: draws }, () => {
    const drawn = ratios.map(() => ratios[Math.floor(random.next() * ratios.length)] ?? Number.NaN);
    return spreadOf(drawn).median;
  }).toSorted((a, b) => a - b);
  return {
    median: spreadOf(ratios).median,
    low: medians[Math.floor(draws * 0.025)] ?? Number.NaN,
    high: medians[Math.ceil(draws * 0.975) - 1] ?? Number.NaN,
    pairs: ratios.length,
  };
}

export function tellInterval({ median, low, high, pairs }: RatioInterval): string {
  const digits = (value: number): string => value.toFixed(4);
  return `${digits(median)} (95 %: ${digits(low)}–${digits(high)}, ${short(pairs)} pairs)`;
}

/** Several trials of the same thing: the median, how many, and how far they lie apart. */

export interface Spread {
  readonly n: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly values: readonly number[];
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const last = sorted.length - 1;
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const median = (at(Math.floor(last / 2)) + at(Math.ceil(last / 2))) / 2;
  return { n: values.length, median, min: at(0), max: at(last), values };
}

export function tellSpread({ n, median, min, max }: Spread, unit: string): string {
  return `${short(median)} ${unit} (n=${n}, ${short(min)}–${short(max)})`;
}

/** Three digits that matter. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return "never";
  return String(Number(value.toPrecision(Math.abs(value) >= 1000 ? 4 : 3)));
}

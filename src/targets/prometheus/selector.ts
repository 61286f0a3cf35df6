/** Series as people name them: `jobs_total`, or `jobs_total{queue="mail"}`. */
import { parseSelector, type Series } from "./parse.ts";

export interface Named {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Throws when it is no name of a series. */
export function readSelector(text: string): Named {
  const trimmed = text.trim();
  const selector = parseSelector(trimmed);
  if (selector === undefined || selector.end !== trimmed.length) {
    throw new Error(`"${text.slice(0, 80)}" names no series`);
  }
  return selector;
}

/** It has the name and all the labels; others besides do not matter. */
export function fits(series: Series, wanted: Named): boolean {
  if (series.name !== wanted.name) return false;
  return Object.entries(wanted.labels).every(([key, value]) => series.labels[key] === value);
}

/** The labels are sorted, so that one series has one name. */
export function seriesName({ name, labels }: Named): string {
  const keys = Object.keys(labels).sort();
  if (keys.length === 0) return name;
  return `${name}{${keys.map((key) => `${key}=${JSON.stringify(labels[key])}`).join(",")}}`;
}

/** What several services fail on at the same time: one resource, and one trouble. */
import type { ErrorFigures } from "./engine-errors.ts";

export interface SharedError {
  /** `127.0.0.1:5432` */
  readonly resource: string;
  /** The services that name it, by name. */
  readonly services: readonly string[];
  readonly categories: readonly string[];
  readonly calls: number;
  /** When the last of them failed on it. */
  readonly at: number;
}

/** What is older is over. */
const recentMs = 300_000;

interface Teller {
  readonly service: string;
  readonly errors: readonly ErrorFigures[];
}

/** Those that most services fail on first. One service alone shares nothing. */
export function sharedErrors(engines: readonly Teller[], nowMs: number): readonly SharedError[] {
  const found = new Map<string, { services: Set<string>; errors: ErrorFigures[] }>();
  for (const { service, errors } of engines) {
    for (const error of errors) {
      if (error.resource === null || nowMs - error.at > recentMs) continue;
      const key = error.resource.toLowerCase();
      const known = found.get(key) ?? { services: new Set(), errors: [] };
      known.services.add(service);
      known.errors.push(error);
      found.set(key, known);
    }
  }
  return [...found]
    .filter(([, { services }]) => services.size > 1)
    .map(([resource, { services, errors }]) => ({
      resource,
      services: [...services].sort(),
      categories: [...new Set(errors.map(({ category }) => category))].sort(),
      calls: errors.reduce((sum, { calls }) => sum + calls, 0),
      at: Math.max(...errors.map(({ at }) => at)),
    }))
    .toSorted((a, b) => b.services.length - a.services.length || b.calls - a.calls);
}

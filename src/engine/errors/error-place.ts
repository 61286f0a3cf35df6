/**
 * The way of an error through what is wrapped: where it arose, and who failed because of it.
 *
 * One failure that several operations see is one error. What proves it, the surest first: the very
 * same thing was thrown on (`same`); it is the cause of what was thrown (`cause`); it has opened
 * the circuit that refused the call (`circuit`); it failed while the other was at work for the same
 * request (`request`).
 *
 * P1. Errors are held weakly: what nobody else keeps is not kept here.
 * P2. Bounded: `placesMax` operations in the ways of one group; what has no room is counted where
 *     its way ends, or as arisen in `(others)`.
 */
import type { ErrorGroup, ErrorPlace, Evidence } from "./error-group.ts";

const placesMax = 32;
const otherOrigins = "(others)";

/** Where it arises. */
export function originIn(group: ErrorGroup, operation: string): ErrorPlace {
  const known = group.origins.get(operation);
  if (known !== undefined) return known;
  if (group.places >= placesMax && operation !== otherOrigins) return originIn(group, otherOrigins);
  const place = makePlace(group, operation, {});
  group.origins.set(operation, place);
  return place;
}

/** Who fails because of it. An operation that is on the way already is no new one. */
export function onwardFrom(place: ErrorPlace, operation: string, evidence: Evidence): ErrorPlace {
  for (let on: ErrorPlace | undefined = place; on !== undefined; on = on.from) {
    if (on.operation === operation) return on;
  }
  const known = place.onwards.get(operation);
  if (known !== undefined) return known;
  if (place.group.places >= placesMax) return place;
  const made = makePlace(place.group, operation, { from: place, evidence });
  place.onwards.set(operation, made);
  return made;
}

function makePlace(
  group: ErrorGroup,
  operation: string,
  { from, evidence }: { readonly from?: ErrorPlace; readonly evidence?: Evidence },
): ErrorPlace {
  group.places += 1;
  return { group, operation, from, evidence, calls: 0, onwards: new Map() };
}

export interface ErrorPath {
  /** The outermost first, the origin last. */
  readonly operations: readonly string[];
  /** Failed calls of the outermost that show it. */
  readonly calls: number;
  /** What joins them, the least sure one; undefined: the origin alone. */
  readonly evidence: Evidence | undefined;
}

const sureness: readonly Evidence[] = ["same", "cause", "circuit", "request"];

/** The ways to whoever was last to see it, those that most have gone first. */
export function pathsOf({ origins }: Pick<ErrorGroup, "origins">): readonly ErrorPath[] {
  const found: ErrorPath[] = [];
  const collect = (place: ErrorPlace): void => {
    let onwards = 0;
    for (const next of place.onwards.values()) {
      onwards += next.calls;
      collect(next);
    }
    const own = place.calls - onwards;
    if (place.onwards.size === 0 || own > 0) found.push(pathTo(place, own));
  };
  for (const origin of origins.values()) collect(origin);
  return found.toSorted((a, b) => b.calls - a.calls || b.operations.length - a.operations.length);
}

function pathTo(place: ErrorPlace, calls: number): ErrorPath {
  const operations: string[] = [];
  let worst = -1;
  for (let on: ErrorPlace | undefined = place; on !== undefined; on = on.from) {
    operations.push(on.operation);
    if (on.evidence !== undefined) worst = Math.max(worst, sureness.indexOf(on.evidence));
  }
  return { operations, calls: Math.max(1, calls), evidence: sureness[worst] };
}

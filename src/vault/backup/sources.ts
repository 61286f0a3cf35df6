/**
 * The folders above the sources: a snapshot begins at the root of the file system and holds, of
 * each folder above a source, only the way down.
 */
import type { RawPath } from "../raw-path.ts";

/** Undefined: the folder is (inside of) a source, and all of it counts. */
export type Way = ReadonlyMap<RawPath, Way> | undefined;

/** @param sources absolute, without `.` or `..`; one inside another adds nothing */
export function waysTo(sources: readonly RawPath[]): Way {
  const root = new Map<RawPath, Way>();
  const byLength = sources.toSorted((a, b) => a.length - b.length);
  for (const source of byLength) {
    const names = source.split("/").filter((name) => name !== "") as RawPath[];
    if (names.length === 0) return undefined;
    lay(root, names);
  }
  return root;
}

function lay(way: Map<RawPath, Way>, names: readonly RawPath[]): void {
  const [name, ...below] = names;
  if (name === undefined) return;
  if (below.length === 0) {
    way.set(name, undefined);
    return;
  }
  if (way.has(name) && way.get(name) === undefined) return;
  const next = (way.get(name) as Map<RawPath, Way> | undefined) ?? new Map<RawPath, Way>();
  way.set(name, next);
  lay(next, below);
}

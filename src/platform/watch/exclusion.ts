/** Which paths are left out: by patterns below the roots, and by their place. */
import { assert } from "../../kernel/index.ts";
import { compilePatterns, isInside, type RawPath } from "../../vault/index.ts";
import type { WatchedTree } from "./watch-options.ts";

/** Takes absolute paths below a root. */
export type IsExcluded = (path: RawPath) => boolean;

export function createExclusion({ roots, exclude, without }: WatchedTree): IsExcluded {
  const places = new Set<RawPath>(without);
  const patterns = compilePatterns(exclude);
  assert(patterns.ok, "patterns are checked before they are given to a watch");
  const compiled = patterns.value;
  return (path) => {
    if (places.has(path)) return true;
    if (exclude.length === 0) return false;
    const root = roots.find((one) => isInside(path, one)) ?? "/";
    return compiled.matches(path.slice(root === "/" ? 1 : root.length + 1) as RawPath);
  };
}

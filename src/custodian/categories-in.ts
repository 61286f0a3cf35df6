import type { VaultSpec } from "../config/index.ts";
import { SoulMirrorError } from "../kernel/index.ts";
import { compileCategories, isInside, type RawPath } from "../vault/index.ts";

/**
 * Of an absolute path, in the order of the fleet file. Patterns are relative to the source that a
 * path lies in.
 *
 * @throws SoulMirrorError CONFIG_INVALID
 */
export function categoriesIn(
  { categories }: Pick<VaultSpec, "categories">,
  sources: readonly RawPath[],
): (path: RawPath) => readonly string[] {
  const compiled = compileCategories(categories);
  if (!compiled.ok) throw new SoulMirrorError("CONFIG_INVALID", compiled.error);
  return (path) => {
    const source = sources.find((each) => isInside(path, each));
    if (source === undefined) return [];
    return compiled.value.of(path.slice(source === "/" ? 1 : source.length + 1) as RawPath);
  };
}

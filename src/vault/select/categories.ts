/** The names that a fleet file gives to parts of what it protects; a path may be in several. */
import { type Result, success } from "../../kernel/index.ts";
import type { RawPath } from "../raw-path.ts";
import { compilePatterns, type PathPatterns } from "./path-patterns.ts";

export interface Categories {
  /** In the order in which they were given. */
  of(path: RawPath): readonly string[];
}

export function compileCategories(
  patterns: Readonly<Record<string, readonly string[]>>,
): Result<Categories> {
  const categories: [string, PathPatterns][] = [];
  for (const [name, globs] of Object.entries(patterns)) {
    const compiled = compilePatterns(globs);
    if (!compiled.ok) return compiled;
    categories.push([name, compiled.value]);
  }
  return success({
    of: (path) => categories.filter(([, compiled]) => compiled.matches(path)).map(([name]) => name),
  });
}

/**
 * Which files below a root are cleaned. Something is deleted by what these globs match, so a
 * doubtful pattern is refused, not guessed at:
 * 1. Nothing leads out of the root: no leading `/`, no `..`.
 * 2. As in a shell, only a dot that is written matches a leading dot.
 * 3. No pattern can take long, whatever a file is called (`compileGlob`).
 */
import { compileGlob, type GlobDialect, type Result, success } from "../../kernel/index.ts";

export interface CleanPattern {
  /** `path` is relative to the root, with `/` between its parts. */
  matches(path: string): boolean;
  /** How many parts a matching path has at most: nothing below needs a look. */
  readonly partsMax: number;
}

const asInAShell: GlobDialect = {
  isMeant: (name) => !name.startsWith("."),
  spell: (text) => text,
  charactersOf: (name) => Array.from(name),
};

export function cleanPattern(pattern: string): Result<CleanPattern> {
  const glob = compileGlob(pattern, asInAShell);
  if (!glob.ok) return glob;
  const compiled = glob.value;
  return success({
    partsMax: compiled.partsMax,
    matches: (path) => compiled.matches(path.split("/")),
  });
}

/**
 * Which paths of a snapshot are meant: some by name, some by globs, or all of them. Categories are
 * globs, too.
 */
import { failed, type Result, success } from "../../kernel/index.ts";
import { type RawPath, rawPathOfText } from "../raw-path.ts";
import { isInside } from "../select/is-inside.ts";
import { compilePatterns } from "../select/path-patterns.ts";

export interface Parts {
  /** Whether the path itself is meant; absolute. */
  readonly holds: (path: RawPath) => boolean;
  /** Whether something below the folder may be. */
  readonly mayHold: (folder: RawPath) => boolean;
}

export interface PartsWish {
  /** Absolute, each with all below it. */
  readonly paths?: readonly RawPath[];
  /** Relative to `sources`, as those that exclude and those of categories. */
  readonly globs?: readonly string[];
  /** The paths of the snapshot. */
  readonly sources: readonly string[];
}

/**
 * All that the snapshot holds. Folders above a source are no part of it: they are made where they
 * are missing, and nothing is changed or removed in one that is there, which may be `/` or a home.
 */
function everyPart(roots: readonly RawPath[]): Parts {
  const isAbove = (path: RawPath): boolean =>
    roots.some((root) => path !== root && isInside(root, path));
  return { holds: (path) => !isAbove(path), mayHold: () => true };
}

/** A path is meant that is in `paths` or matches a glob; without either, all of them are. */
export function chooseParts({ globs = [], paths = [], sources }: PartsWish): Result<Parts> {
  const roots = sources.map(rawPathOfText);
  if (globs.length === 0 && paths.length === 0) return success(everyPart(roots));
  const relative = paths.find((path) => !path.startsWith("/"));
  if (relative !== undefined) return failed(`${relative} is not an absolute path`);
  const patterns = compilePatterns(globs);
  if (!patterns.ok) return patterns;
  const named = paths.map((path) => path.replace(/(?<=[^/])\/+$/, "") as RawPath);
  const matches = (path: RawPath): boolean =>
    roots.some((root) => {
      if (path === root || !isInside(path, root)) return false;
      const behind = root === "/" ? 1 : root.length + 1;
      return patterns.value.matches(path.slice(behind) as RawPath);
    });
  const ways = globs.length === 0 ? named : [...named, ...roots];
  return success({
    holds: (path) => named.some((each) => isInside(path, each)) || matches(path),
    mayHold: (folder) => ways.some((way) => isInside(folder, way) || isInside(way, folder)),
  });
}

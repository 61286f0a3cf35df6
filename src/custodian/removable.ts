/**
 * What a restore may remove because the snapshot does not have it: only what a backup would have
 * taken. Anything else was never protected, and would be lost.
 *
 * 1. The vault's own locations and the data directory stay, wherever they lie.
 * 2. What is excluded stays, by the globs of today and by those of the snapshot.
 * 3. A database of which there are dumps stays: it is in the snapshot by its dump.
 */
import type { VaultSpec } from "../config/index.ts";
import { SoulMirrorError } from "../kernel/index.ts";
import {
  compilePatterns,
  type HeldSnapshot,
  isInside,
  type RawPath,
  rawPathOfText,
} from "../vault/index.ts";
import { dumpedPaths } from "./dumps/take-dumps.ts";
import { ownFolders, realPathOf } from "./protected-tree.ts";

export interface OwnedPaths extends Pick<VaultSpec, "dumps" | "exclude" | "locations"> {
  readonly dataFolder: string;
}

interface Restoring {
  readonly snapshot: Pick<HeldSnapshot, "excludes" | "paths">;
  /** Absolute. */
  readonly target: string;
}

/**
 * The path is that of the snapshot, not the one below the target.
 *
 * @throws SoulMirrorError CONFIG_INVALID where the snapshot was made with globs of another program
 *   that mean nothing here
 */
export function removableOf(
  { dataFolder, dumps, exclude, locations }: OwnedPaths,
  { snapshot, target }: Restoring,
): (path: RawPath) => boolean {
  const patterns = compilePatterns([...new Set([...exclude, ...snapshot.excludes])]);
  if (!patterns.ok) {
    const message = `what was excluded from this snapshot cannot be told: ${patterns.error}`;
    throw new SoulMirrorError("CONFIG_INVALID", message, {
      fix: "restore without --delete, and compare by `soulmirror vault diff`",
    });
  }
  const root = rawPathOfText(target === "/" ? "" : realPathOf(target));
  const own = ownFolders(locations, dataFolder);
  const dumped = dumpedPaths(dumps, Object.keys(dumps));
  const sources = snapshot.paths.map(rawPathOfText);
  return (path) => {
    const place = (root + path) as RawPath;
    if (dumped.has(path) || own.some((folder) => isInside(place, folder))) return false;
    const source = sources.find((each) => isInside(path, each));
    if (source === undefined) return false;
    return !patterns.value.matches(path.slice(source === "/" ? 1 : source.length + 1) as RawPath);
  };
}

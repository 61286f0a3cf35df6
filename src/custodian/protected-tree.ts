/**
 * Which part of the file system a vault protects: its sources by their real paths, without what its
 * owner leaves out, without its own locations and without the data directory.
 *
 * 1. A location inside of a source is never backed up into itself, and neither is what changes by
 *    the backup: our logs, journal and notes.
 * 2. Sources that are links are followed, and that is told: the link alone would protect nothing.
 */
import { realpathSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import type { VaultSpec } from "../config/index.ts";
import { SoulMirrorError } from "../kernel/index.ts";
import { compilePatterns, isInside, type RawPath, rawPathOfText } from "../vault/index.ts";

export interface ProtectedTree {
  /** Absolute, without links on the way. */
  readonly sources: readonly RawPath[];
  /** Folders of ours, which are left out wherever they lie. */
  readonly without: readonly RawPath[];
  readonly isExcluded: (path: RawPath) => boolean;
  /** What its owner should know. */
  readonly notices: readonly string[];
}

interface Wanted extends Pick<VaultSpec, "sources" | "exclude" | "locations"> {
  /** What we keep ourselves while all of it runs. */
  readonly dataFolder?: string | undefined;
}

/** @throws SoulMirrorError CONFIG_INVALID for a pattern that cannot be one */
export function protectedTree(wanted: Wanted): ProtectedTree {
  const { dataFolder, exclude, locations, sources } = wanted;
  const patterns = compilePatterns(exclude);
  if (!patterns.ok) {
    throw new SoulMirrorError("CONFIG_INVALID", `exclude: ${patterns.error}`, {
      fix: "correct the pattern",
    });
  }
  const notices: string[] = [];
  const roots = sources.map((source) => {
    const real = realPathOf(source);
    if (real !== source) notices.push(`${source} leads to ${real}, and that is what is protected`);
    return rawPathOfText(real);
  });
  for (const folder of foldersOf(locations))
    if (isVolatile(folder)) notices.push(volatileNotice(folder));
  const own = ownFolders(locations, dataFolder);
  const isExcluded = (path: RawPath): boolean => {
    if (own.some((folder) => isInside(path, folder))) return true;
    const root = roots.find((each) => isInside(path, each));
    if (root === undefined) return false;
    return patterns.value.matches(path.slice(root === "/" ? 1 : root.length + 1) as RawPath);
  };
  return { sources: roots, without: own, isExcluded, notices };
}

/** Locations on this machine, and what we keep of a vault, by their real paths. */
export function ownFolders(
  locations: VaultSpec["locations"],
  dataFolder: string | undefined,
): readonly RawPath[] {
  const ours = foldersOf(locations);
  const all = dataFolder === undefined ? ours : [...ours, dataFolder];
  return all.map((folder) => rawPathOfText(realPathOf(folder)));
}

function foldersOf(locations: VaultSpec["locations"]): readonly string[] {
  return locations.flatMap(({ address }) => (address.kind === "file" ? [address.folder] : []));
}

/** What is not there (yet) has the path that was written. */
export function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // Missing, or not to be looked at: the backup itself says so.
    return path;
  }
}

/** tmpfs and ramfs, as `statfs(2)` numbers them. */
const memoryFileSystems: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

/** Gone with the next start of the machine. */
function isVolatile(folder: string): boolean {
  for (let each = folder; ; each = dirname(each)) {
    try {
      return memoryFileSystems.has(statfsSync(each).type);
    } catch {
      // Not made yet: the folder above it decides.
      if (each === dirname(each)) return false;
    }
  }
}

function volatileNotice(folder: string): string {
  return `${folder} lies in memory: what is kept there is gone when the machine starts anew`;
}

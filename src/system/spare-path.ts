/**
 * Another place than the data directory, for what must be kept when that is full or cannot be
 * written: a private folder below one of the system's temporary ones, with a name for each data
 * directory.
 *
 * The journal has to outlive a reboot and goes into `/var/tmp` where that can be had; its space is
 * taken when all is well. What tells of a living process has no space yet and need not last: it
 * goes into the temporary folder, which is more often on another disk, or in memory.
 */
import { accessSync, constants, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { isPrivateDirectory, privateDirectory } from "./private-directory.ts";
import { shortHash } from "./real-random.ts";

type SpareName = "journal" | "lock" | "note" | "out";

const lasting = "/var/tmp";

/** Where that may lie, the best place first. Makes nothing. */
export function sparePaths(dataPath: string, name: SpareName): readonly string[] {
  const hash = shortHash(resolve(dataPath));
  const folder = `soulmirror-emergency-${process.getuid?.() ?? 0}`;
  const places = new Set(name === "journal" ? [lasting, tmpdir()] : [tmpdir()]);
  return [...places].map((place) => join(place, folder, `${hash}.${name}`));
}

/**
 * The same for who only reads, without folders that are not ours: anybody may make one of that name
 * below a temporary folder, and a note in it could name any port and any process.
 */
export function ownSparePaths(dataPath: string, name: SpareName): readonly string[] {
  return sparePaths(dataPath, name).filter((path) => isPrivateDirectory(dirname(path)));
}

/** The one of them that is there; else where it would be. */
export function ownSparePath(dataPath: string, name: SpareName): string | undefined {
  const paths = ownSparePaths(dataPath, name);
  return paths.find((path) => existsSync(path)) ?? paths[0];
}

/**
 * The best of them, in a folder that is there. Undefined where none can be had: whoever takes the
 * names first must not be able to keep a daemon from starting whose data directory is well.
 */
export function makeSparePath(dataPath: string, name: SpareName): string | undefined {
  return sparePaths(dataPath, name).find((path) => {
    try {
      privateDirectory(dirname(path));
      return true;
    } catch {
      // Somebody else's, or closed to us: the next place.
      return false;
    }
  });
}

/** Which one that would be. Makes nothing. */
export function expectedSparePath(dataPath: string, name: SpareName): string | undefined {
  return sparePaths(dataPath, name).find((path) => {
    const folder = dirname(path);
    return existsSync(folder) ? isPrivateDirectory(folder) : mayWrite(dirname(folder));
  });
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    // Not there, or not for us.
    return false;
  }
}

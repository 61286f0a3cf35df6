/**
 * The file that a path means, and what is there now. Links are followed first: it is their target
 * that is replaced, and they stay. Synchronous, so that callers line up in the order in which they
 * called.
 */
import { lstatSync, mkdirSync, type PathLike, readlinkSync, realpathSync, statSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { codeOf, FileError, fileError, textOf } from "./file-error.ts";
import type { Tell } from "./healing.ts";

const linksMax = 40;

/** Throws ELOOP for links in a circle. */
export function realTarget(path: PathLike): string {
  return follow(resolve(textOf(path)), 0);
}

function follow(path: string, links: number): string {
  if (links > linksMax) {
    const fix = "mend the links";
    throw new FileError("ELOOP", `the links of ${path} lead in a circle (ELOOP)`, { path, fix });
  }
  try {
    return realpathSync.native(path);
  } catch (error) {
    const code = codeOf(error);
    if (code === "ELOOP") return follow(path, linksMax + 1);
    if (code !== "ENOENT" || dirname(path) === path) throw error;
  }
  // Not there: it may be a link to something that has yet to be made.
  const folder = follow(dirname(path), links);
  const here = join(folder, basename(path));
  if (!isLink(here)) return here;
  return follow(resolve(folder, readlinkSync(here)), links + 1);
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

export interface Present {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  /** Changes whenever somebody writes or replaces the file. */
  readonly version: string;
  readonly mtimeNs: bigint;
}

/** Undefined when nothing is there. Throws for what is no regular file. */
export async function lookAt(target: string): Promise<Present | undefined> {
  try {
    const found = await stat(target, { bigint: true });
    if (found.isDirectory()) {
      const fix = "name a file in it";
      throw new FileError("EISDIR", `${target} is a directory (EISDIR)`, { path: target, fix });
    }
    if (!found.isFile()) {
      throw fileError("FILE_NOT_REGULAR", `${target} is a pipe, a socket or a device`, {
        path: target,
        fix: "write to it with node:fs: it cannot be replaced as a whole",
      });
    }
    return {
      mode: Number(found.mode) & 0o7777,
      uid: Number(found.uid),
      gid: Number(found.gid),
      sizeBytes: Number(found.size),
      // Not the time of its last change: a second name, given to a version, would change that.
      version: `${found.dev}:${found.ino}:${found.size}:${found.mtimeNs}`,
      mtimeNs: found.mtimeNs,
    };
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * One folder after the other: where a file system takes none (`/proc`), node's own recursion asks
 * for the same one for ever.
 */
export function makeFolders(path: string, tell: Tell, mode?: number): void {
  const missing: string[] = [];
  for (let each = path; !isThere(each); each = dirname(each)) missing.unshift(each);
  for (const each of missing) {
    try {
      mkdirSync(each, mode);
    } catch (error) {
      // Somebody else was faster.
      if (codeOf(error) !== "EEXIST") throw error;
    }
  }
  const deepest = missing.at(-1);
  if (deepest !== undefined) tell({ kind: "directory_made", path: deepest });
  if (statSync(path).isDirectory()) return;
  const fix = "choose another path, or move that file away";
  throw new FileError("ENOTDIR", `${path} is a file and no directory (ENOTDIR)`, { path, fix });
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

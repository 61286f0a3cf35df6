import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { messageOf, SoulMirrorError } from "../kernel/index.ts";

/**
 * Makes sure that `path` is a directory that belongs to us and that nobody else may enter (0700).
 * One that others may enter is closed to them only where `mayClose` allows it by the names of what
 * lies in it. Throws SoulMirrorError DATA_DIRECTORY_UNUSABLE.
 */
export function privateDirectory(
  path: string,
  mayClose: (names: readonly string[]) => boolean = () => true,
): string {
  try {
    makeFolders(resolve(path));
    const owner = strangerAt(path);
    if (owner !== undefined) throw new Error(`it belongs to user ${owner}`);
    if ((statSync(path).mode & 0o077) === 0) return path;
    if (!mayClose(readdirSync(path))) {
      throw new Error("others may enter it, and what lies in it is not ours");
    }
    chmodSync(path, 0o700);
    return path;
  } catch (error) {
    throw new SoulMirrorError("DATA_DIRECTORY_UNUSABLE", `${path}: ${messageOf(error)}`, {
      fix: "choose a directory of your own with --data",
      cause: error,
    });
  }
}

/**
 * One after the other: where a file system takes no folders (`/proc`), Node's own recursion asks
 * for the same one for ever.
 */
function makeFolders(path: string): void {
  const missing: string[] = [];
  for (let each = path; !existsSync(each); each = dirname(each)) missing.unshift(each);
  for (const each of missing) {
    try {
      mkdirSync(each, { mode: 0o700 });
    } catch (error) {
      // Somebody else was faster.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  if (!statSync(path).isDirectory()) throw new Error("it is no directory");
}

/** Is there such a directory, so that what lies in it is our own? */
export function isPrivateDirectory(path: string): boolean {
  try {
    return strangerAt(path) === undefined && (statSync(path).mode & 0o077) === 0;
  } catch {
    // Not there, or closed to us.
    return false;
  }
}

/**
 * The user to whom it belongs, when that is not us. A link counts as well: in a folder for all, one
 * that a stranger put there could lead to any directory of ours. Root's may stay: root may all.
 */
function strangerAt(path: string): number | undefined {
  const self = process.getuid?.();
  const { uid: target } = statSync(path);
  if (target !== self) return target;
  const { uid: own } = lstatSync(path);
  return own === self || own === 0 ? undefined : own;
}

import { chmodSync, lstatSync, mkdirSync, statSync } from "node:fs";
import { messageOf, SoulMirrorError } from "../kernel/index.ts";

/**
 * Makes sure that `path` is a directory that belongs to us and that nobody else may enter (0700).
 * Throws SoulMirrorError DATA_DIRECTORY_UNUSABLE.
 */
export function privateDirectory(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const owner = strangerAt(path);
    if (owner !== undefined) throw new Error(`it belongs to user ${owner}`);
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o700);
    return path;
  } catch (error) {
    throw new SoulMirrorError("DATA_DIRECTORY_UNUSABLE", `${path}: ${messageOf(error)}`, {
      fix: "choose a directory of your own with --data",
      cause: error,
    });
  }
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

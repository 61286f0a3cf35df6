import { chmodSync, mkdirSync, statSync } from "node:fs";
import { messageOf, SoulMirrorError } from "../kernel/index.ts";

/**
 * Makes sure that `path` is a directory that belongs to us and that nobody else may enter (0700).
 * Throws SoulMirrorError DATA_DIRECTORY_UNUSABLE.
 */
export function privateDirectory(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const stat = statSync(path);
    if (stat.uid !== process.getuid?.()) throw new Error(`it belongs to user ${stat.uid}`);
    if ((stat.mode & 0o077) !== 0) chmodSync(path, 0o700);
    return path;
  } catch (error) {
    throw new SoulMirrorError("DATA_DIRECTORY_UNUSABLE", `${path}: ${messageOf(error)}`, {
      fix: "choose a directory of your own with --data",
      cause: error,
    });
  }
}

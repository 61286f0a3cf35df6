/** What people write for a path, as a vault knows it. */
import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";

/**
 * An absolute path is taken by its word: it may be one of another machine. Links above another one
 * are followed, and it may be gone already.
 *
 * @param written absolute, relative, or below `~`
 */
export function pathMeant(written: string): string {
  if (isAbsolute(written)) return resolve(written);
  const path = resolve(withHome(written));
  const above = dirname(path);
  return above === path ? path : join(realPathOf(above), basename(path));
}

export function withHome(written: string): string {
  return written.replace(/^~(?=\/|$)/, homedir());
}

/** Links are followed as far as there is something. */
export function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // Not there (any more).
    const above = dirname(path);
    return above === path ? path : join(realPathOf(above), basename(path));
  }
}

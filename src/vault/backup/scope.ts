/**
 * Which folders a backup looks at. A full one looks at all; one that follows a change looks at the
 * folders that changed, goes through those above them, and keeps everything else as it was.
 */
import type { RawPath } from "../raw-path.ts";
import { isInside } from "../select/is-inside.ts";

export interface Scope {
  /**
   * What to do with a folder of which the last snapshot knows the tree. One to be left is not
   * looked at: it stays as that snapshot has it, whatever is in its place now.
   */
  treat(folder: RawPath): "list" | "pass" | "keep" | "leave";
}

/** @param away folders in whose place something else is for now */
export function leaving(away: readonly RawPath[], scope: Scope): Scope {
  return {
    treat: (folder) =>
      away.some((each) => isInside(folder, each)) ? "leave" : scope.treat(folder),
  };
}

/** Every folder is listed. */
export const everything: Scope = { treat: () => "list" };

/** @param changed folders whose entries may differ from what the last snapshot says of them */
export function onlyChanged(changed: Iterable<RawPath>): Scope {
  const listed = new Set(changed);
  const passed = new Set<string>();
  for (const folder of listed) {
    for (let end = folder.lastIndexOf("/"); end > 0; end = folder.lastIndexOf("/", end - 1)) {
      const above = folder.slice(0, end);
      if (passed.has(above)) break;
      passed.add(above);
    }
    passed.add("/");
  }
  return {
    treat: (folder) => (listed.has(folder) ? "list" : passed.has(folder) ? "pass" : "keep"),
  };
}

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { companionFiles } from "../config/index.ts";
import { SoulMirrorError } from "../kernel/index.ts";
import { untrustedFile } from "../system/index.ts";

/**
 * Throws CONFIG_UNSAFE when root would follow a fleet file, or a reliability file beside it, in
 * which others have a say; names the mode and the fix. Says nothing when we are not root.
 */
export function refuseUnsafe(path: string, userId?: number): void {
  const beside = companionFiles.map((name) => join(dirname(path), name));
  for (const each of [path, ...beside.filter((file) => existsSync(file))]) {
    const distrust = untrustedFile(each, userId);
    if (distrust === undefined) continue;
    throw new SoulMirrorError("CONFIG_UNSAFE", distrust.what, { fix: distrust.fix });
  }
}

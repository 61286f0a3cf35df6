/** The control groups that a data directory's services run in. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { findHierarchies } from "../../src/targets/process/index.ts";

/** Their paths; `run` is the folder of the notes. */
export function controlGroupsOf(run: string): readonly string[] {
  const prefix = createHash("sha256").update(run).digest("hex").slice(0, 8);
  return findHierarchies().flatMap(({ path }) => {
    const folder = join(path, "soulmirror");
    if (!existsSync(folder)) return [];
    const names = readdirSync(folder).filter((name) => name.startsWith(prefix));
    return names.map((name) => join(folder, name));
  });
}

/**
 * For a bench that has killed everything: nobody else would remove them, and thousands make a
 * machine slow. What is dead holds its group until init has asked after it.
 */
export async function removeControlGroups(run: string): Promise<void> {
  for (let attempt = 0; attempt < 40; attempt += 1) {
    const left = controlGroupsOf(run).filter((path) => !isRemoved(path));
    if (left.length === 0) return;
    await pause(25);
  }
}

function isRemoved(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

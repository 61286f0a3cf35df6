/**
 * Removes what killed writers have left in a folder. A folder is looked through when this process
 * first writes there, when the lock of a dead one was found, and once a minute at most besides.
 */
import { statSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Tools } from "../../resilience/index.ts";
import type { Tell } from "./healing.ts";
import { isDeadDraft } from "./process-lock.ts";
import { isLeftOver, isLockDraft } from "./side-names.ts";

const everyMs = 60_000;
/** A draft without a name in it: its writer has died before he could write it, or is writing it. */
const unnamedForMs = 60_000;
const foldersMax = 1000;

/** When each folder was last looked through; monotonic. */
const sweptMs = new Map<string, number>();

export interface SweepOptions {
  readonly tools: Tools;
  readonly tell: Tell;
  /** Whether it was looked through lately or not. */
  readonly now: boolean;
}

/** Never rejects: what cannot be removed harms nobody. */
export async function sweep(folder: string, { tools, tell, now }: SweepOptions): Promise<void> {
  const nowMs = tools.monotonicMs();
  if (!now && nowMs - (sweptMs.get(folder) ?? Number.NEGATIVE_INFINITY) < everyMs) return;
  sweptMs.delete(folder);
  sweptMs.set(folder, nowMs);
  const [oldest] = sweptMs.keys();
  if (sweptMs.size > foldersMax && oldest !== undefined) sweptMs.delete(oldest);
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const path = join(folder, name);
    if (!isLeftOver(name) && !(isLockDraft(name) && isAbandoned(path, tools.wallMs()))) continue;
    const isGone = await rm(path).then(
      () => true,
      () => false,
    );
    if (isGone) tell({ kind: "leftover_removed", path });
  }
}

function isAbandoned(path: string, wallMs: number): boolean {
  if (isDeadDraft(path)) return true;
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && stat.size === 0 && wallMs - stat.mtimeMs > unnamedForMs;
}

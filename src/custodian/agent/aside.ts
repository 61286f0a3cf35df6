/**
 * Damaged versions of what was healed, in a folder of the agent, for who wants to look at them.
 *
 * A1. A copy is durable before anything comes into the place of what it was made of.
 * A2. Copies go when they are too old, the oldest first when there are too many bytes of them;
 *     those of the last day stay in any case, for a heal may have to be taken back.
 * A3. What is taken back has its owner, mode and time again, whole or not at all.
 */
import {
  chmodSync,
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { syncFolder } from "../../system/index.ts";
import {
  type RawPath,
  rawPathOfText,
  type SourceEntry,
  systemPath,
  textOfRawPath,
} from "../../vault/index.ts";

export interface AsideLimits {
  readonly keptMs: number;
  readonly keptBytes: number;
}

const keptNameBytes = 150;
const dayMs = 86_400_000;

/** @param beginning the time in milliseconds, and what makes it the only one of that name */
export async function copyAside(
  path: RawPath,
  folder: string,
  beginning: string,
): Promise<RawPath> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // A name that is as long as can be has no room for more.
  const name = Buffer.from(basename(textOfRawPath(path)))
    .subarray(0, keptNameBytes)
    .toString();
  const aside = join(folder, `${beginning}-${name}`);
  if (lstatSync(systemPath(path)).isFile()) {
    copyFileSync(systemPath(path), aside, constants.COPYFILE_EXCL);
    await using file = await open(aside, "r");
    await file.sync();
  } else {
    cpSync(textOfRawPath(path), aside, { recursive: true, verbatimSymlinks: true });
  }
  await syncFolder(folder);
  return rawPathOfText(aside);
}

/** A3. @param seen what it was when it was set aside */
export function takeBack(aside: RawPath, path: RawPath, seen: SourceEntry): void {
  const name = `.soulmirror-restore-undo-${process.pid}`;
  const temporary = systemPath(`${dirname(path)}/${name}` as RawPath);
  try {
    if (seen.kind === "file") {
      copyFileSync(systemPath(aside), temporary);
      chownAsFarAsAllowed(temporary, seen);
      chmodSync(temporary, seen.permissions);
      const changedS = Number(seen.mtimeNs / 1000n) / 1e6;
      utimesSync(temporary, changedS, changedS);
    } else {
      const from = textOfRawPath(aside);
      cpSync(from, join(dirname(textOfRawPath(path)), name), {
        recursive: true,
        verbatimSymlinks: true,
      });
      chownAsFarAsAllowed(temporary, seen);
      // No folder is renamed over a file, and no file over a folder.
      rmSync(systemPath(path), { recursive: true, force: true });
    }
    renameSync(temporary, systemPath(path));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function chownAsFarAsAllowed(path: Parameters<typeof lchownSync>[0], entry: SourceEntry): void {
  try {
    lchownSync(path, entry.uid, entry.gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
  }
}

/** A2. What cannot be removed stays, and is tried again. */
export function sweepAside(folder: string, nowMs: number, limits: AsideLimits): void {
  if (!existsSync(folder)) return;
  const newestFirst = readdirSync(folder)
    .map((name) => ({ name, atMs: Number.parseInt(name, 10) }))
    .filter(({ atMs }) => Number.isFinite(atMs))
    .toSorted((a, b) => b.atMs - a.atMs);
  let sumBytes = 0;
  for (const { atMs, name } of newestFirst) {
    const path = join(folder, name);
    sumBytes += bytesOf(path);
    const ageMs = nowMs - atMs;
    const isTooMuch = ageMs > limits.keptMs || sumBytes > limits.keptBytes;
    if (isTooMuch && ageMs > dayMs) rmSync(path, { recursive: true, force: true });
  }
}

function bytesOf(path: string): number {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true) return stats?.size ?? 0;
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}

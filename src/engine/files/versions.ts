/**
 * The last versions of a file, beside it: `app.json.bak` is a copy of what was written last,
 * `app.json.bak.2` of what was there before, and so on.
 *
 * V1. There are never more than `keep` of them, but for one while a write is under way.
 * V2. Between the look at the old content and the new one in its place, no `.bak` is there: a
 *     reader never judges a version by the copy of another one.
 * V3. What was edited by somebody else counts as a version too, and is kept before it is replaced.
 */
import { constants } from "node:fs";
import { copyFile, link, open, rename, rm, stat } from "node:fs/promises";
import { codeOf } from "./file-error.ts";
import { versionPath } from "./side-names.ts";
import type { Present } from "./target.ts";

export const keepMax = 100;

export interface Versions {
  /** The file is in place: its copy becomes the newest version. */
  commit(copy: string | undefined): Promise<void>;
  /** It could not be put there: the versions are what they were. */
  undo(): Promise<void>;
}

/** Moves every version on by one, or by two where the file was edited. */
export async function shiftVersions(
  target: string,
  keep: number,
  before: Present | undefined,
): Promise<Versions> {
  const path = (number: number): string => versionPath(target, number);
  const isEdited = before !== undefined && (await isNewer(before, path(1)));
  const step = isEdited && keep > 1 ? 2 : 1;
  const undo = async (): Promise<void> => {
    if (step === 2) await remove(path(2));
    for (let number = 1; number <= keep; number += 1) {
      await move(path(number + step), path(number));
    }
  };
  try {
    for (let number = keep; number >= 1; number -= 1) await move(path(number), path(number + step));
    if (step === 2) await duplicate(target, path(2));
  } catch (error) {
    await undo();
    throw error;
  }
  return {
    undo,
    async commit(copy) {
      if (copy !== undefined) await rename(copy, path(1));
      for (let number = keep + 1; number <= keep + step; number += 1) await remove(path(number));
    },
  };
}

/** The copy is made after the file; so a file that is younger than its copy was edited. */
async function isNewer(present: Present, copy: string): Promise<boolean> {
  try {
    const { size, mtimeNs } = await stat(copy, { bigint: true });
    return Number(size) !== present.sizeBytes || present.mtimeNs > mtimeNs;
  } catch {
    return true;
  }
}

/** Shares the blocks with the file where the file system can do that. */
export async function copyOf(path: string, to: string, isDurable: boolean): Promise<void> {
  await copyFile(path, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  if (!isDurable) return;
  const file = await open(to, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The content is about to be replaced and never written in place, so a second name will do. */
async function duplicate(path: string, to: string): Promise<void> {
  try {
    await link(path, to);
  } catch {
    // No second names on this file system, or none for files of others.
    await copyFile(path, to, constants.COPYFILE_FICLONE).catch(() => remove(to));
  }
}

async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

/** All of them, also those of a time when more were kept. A killed writer leaves a gap of two. */
export async function removeVersions(target: string): Promise<void> {
  for (let number = 1; (await wasRemoved(versionPath(target, number))) || number <= 3; number += 1);
}

/** False: it was not there, or stays. */
async function wasRemoved(path: string): Promise<boolean> {
  return rm(path).then(
    () => true,
    () => false,
  );
}

async function remove(path: string): Promise<void> {
  await rm(path, { force: true });
}

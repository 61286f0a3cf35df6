/**
 * Files that are whole or not there at all.
 *
 * The text goes to a neighbour of its own name, is synced, renamed over the old file, and the
 * folder is synced, so that the new name is on the disk as well.
 * F1. A reader sees the old content or the new one, never a part.
 * F2. When `writeDurably` resolves, a power cut does not bring the old content back.
 */
import { closeSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { randomHex } from "./real-random.ts";

export interface FileOptions {
  /** Permissions of the new file; default 0600. */
  readonly mode?: number;
}

/**
 * Rejects when it could not be written: the old content is there then, or, when only its folder
 * could not be synced, the new one without F2.
 */
export async function writeDurably(
  path: string,
  content: string | Uint8Array,
  { mode = 0o600 }: FileOptions = {},
): Promise<void> {
  const fresh = neighbour(path);
  try {
    const file = await open(fresh, "wx", mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/**
 * The same without the disk (F1 only): survives a kill of this process, not a power cut. For notes
 * about running processes, which do not survive a power cut either.
 */
export function replaceFile(
  path: string,
  content: string | Uint8Array,
  { mode = 0o600 }: FileOptions = {},
): void {
  const fresh = neighbour(path);
  try {
    const file = openSync(fresh, "wx", mode);
    try {
      writeFileSync(file, content);
    } finally {
      closeSync(file);
    }
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function neighbour(path: string): string {
  return `${path}.${randomHex(6)}.new`;
}

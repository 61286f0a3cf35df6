import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

let serial = 0;

/** Ends the name of a file that is being written; a crash may leave one behind. */
export const UNFINISHED_SUFFIX = ".unfinished";

/**
 * Replaces a file so that at every moment, a power cut included, either the old or the new content
 * is there in full: write beside it, sync, rename, sync the folder.
 */
export async function writeDurably(path, content) {
  const draft = `${path}.${process.pid}-${serial++}${UNFINISHED_SUFFIX}`;
  try {
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

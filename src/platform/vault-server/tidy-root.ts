/** What lies below a server's root when it starts: how much, and what uploads left behind. */
import { lstat, opendir, unlink } from "node:fs/promises";
import { join } from "node:path";

const leftover = /^(?:[0-9a-f]{64}|config)-tmp-[0-9a-f]{16}$/;
/** No upload lasts so long. */
const staleMs = 24 * 3_600_000;
/** Root, eight folders of repositories, the folder of a kind, the one of two digits. */
const deepest = 11;

/**
 * The size of all files together, without those of uploads that ended long ago: they are removed.
 */
export async function tidyRoot(folder: string, nowMs: number, depth = 0): Promise<number> {
  let sizeBytes = 0;
  if (depth > deepest) return 0;
  for await (const entry of await opendir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) sizeBytes += await tidyRoot(path, nowMs, depth + 1);
    if (!entry.isFile()) continue;
    const stat = await lstat(path);
    if (leftover.test(entry.name) && stat.mtimeMs < nowMs - staleMs) await unlink(path);
    else sizeBytes += stat.size;
  }
  return sizeBytes;
}

/**
 * The past of a store that cannot be opened for writing now (a full disk, a file system that became
 * read-only): read as it lies there, so that a new daemon knows what it is responsible for.
 */
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { Store } from "../../model/index.ts";

export type Past = Pick<Store, "loadCheckpoint" | "last" | "read" | "close">;

/** All of it that can be read. */
export type ReadableStore = Past & Pick<Store, "failures" | "actions" | "incidents">;

/**
 * Undefined when there is none to be read. What stands in a `-wal` file that SQLite cannot use now
 * is not part of it.
 */
export async function openPast(path: string): Promise<ReadableStore | undefined> {
  if (!existsSync(path)) return undefined;
  const sqlite = await import("./sqlite-store.ts");
  const unchanging = `${pathToFileURL(path).href}?immutable=1`;
  for (const way of [path, unchanging]) {
    try {
      return await sqlite.openPastStore(way);
    } catch {
      // The next way asks less of the disk; without any the past stays unknown, which is told.
    }
  }
  return undefined;
}

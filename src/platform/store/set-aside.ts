/**
 * What lies in the store's place and is no database is put out of the way, and kept: an editor, a
 * copy that was broken off or a damaged disk may have written it, and people may want it back.
 *
 * S1. Nothing is ever deleted, and what SQLite would still take for a database is not touched.
 */
import { closeSync, existsSync, openSync, readSync, renameSync } from "node:fs";

const header = "SQLite format 3\0";
/** They belong to the file whose name they extend. */
const companions = ["-wal", "-shm", "-journal"];

/** Where it was put; undefined when there was no need, or when it cannot even be looked at. */
export function setAsideForeign(path: string, stamp: string): string | undefined {
  if (!isForeign(path)) return undefined;
  const aside = `${path}.set-aside-${stamp}`;
  for (const end of companions) {
    if (existsSync(path + end)) renameSync(path + end, aside + end);
  }
  renameSync(path, aside);
  return aside;
}

/** An empty file is a database without content to SQLite. */
function isForeign(path: string): boolean {
  try {
    const file = openSync(path, "r");
    try {
      const start = Buffer.alloc(header.length);
      const length = readSync(file, start, 0, start.length, 0);
      return length > 0 && start.toString("latin1") !== header;
    } finally {
      closeSync(file);
    }
  } catch {
    // Missing, or not for us: opening it will tell.
    return false;
  }
}

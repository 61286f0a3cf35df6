/**
 * Are the files that were opened still those that have the names? A database that is removed or
 * replaced under its owner goes on to take writes, into files that nobody will ever find again.
 * What is written into the same file is not seen here.
 */
import { statSync } from "node:fs";

/** Tells which of `paths` no longer is the file that it is now; undefined while all are. */
export function holdFiles(paths: readonly string[]): () => string | undefined {
  const held = paths.map((path) => ({ path, file: fileAt(path) }));
  return () => held.find(({ path, file }) => file !== "none" && fileAt(path) !== file)?.path;
}

function fileAt(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stat === undefined ? "none" : `${stat.dev}:${stat.ino}`;
}

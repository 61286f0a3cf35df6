/**
 * Another place than the data directory, for what must be kept when that is full or cannot be
 * written: a private folder below the system's temporary one, with a name for each data directory.
 */
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { privateDirectory } from "./private-directory.ts";

/** `name` is what is kept: `journal`, `note`. Makes nothing. */
export function sparePath(dataPath: string, name: string): string {
  const hash = createHash("sha256").update(resolve(dataPath)).digest("hex").slice(0, 16);
  return join(folderPath(), `${hash}.${name}`);
}

/** The same, in a folder that is there. Throws DATA_DIRECTORY_UNUSABLE. */
export function makeSparePath(dataPath: string, name: string): string {
  privateDirectory(folderPath());
  return sparePath(dataPath, name);
}

function folderPath(): string {
  return join(tmpdir(), `soulmirror-emergency-${process.getuid?.() ?? 0}`);
}

/**
 * Another place than the data directory, for what must be kept when that is full or cannot be
 * written: a private folder below the system's temporary one, with a name for each data directory.
 */
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { isPrivateDirectory, privateDirectory } from "./private-directory.ts";

/** `name` is what is kept: `journal`, `note`. Makes nothing. */
export function sparePath(dataPath: string, name: string): string {
  const hash = createHash("sha256").update(resolve(dataPath)).digest("hex").slice(0, 16);
  return join(folderPath(), `${hash}.${name}`);
}

/**
 * The same for who only reads. Undefined unless the folder is ours: anybody may make one of its
 * name below the temporary folder, and a note in it could name any port and any process.
 */
export function ownSparePath(dataPath: string, name: string): string | undefined {
  return isPrivateDirectory(folderPath()) ? sparePath(dataPath, name) : undefined;
}

/**
 * The same, in a folder that is there. Undefined where the folder cannot be had: whoever takes its
 * name first must not be able to keep a daemon from starting whose data directory is well.
 */
export function makeSparePath(dataPath: string, name: string): string | undefined {
  try {
    privateDirectory(folderPath());
  } catch {
    return undefined;
  }
  return sparePath(dataPath, name);
}

function folderPath(): string {
  return join(tmpdir(), `soulmirror-emergency-${process.getuid?.() ?? 0}`);
}

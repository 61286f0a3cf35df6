/**
 * What this machine keeps of a vault, in `<data>/vault/<name>`: the lock of who works in it, the
 * proof, dumps of databases, and how the last run went. Nothing of it is needed for a restore.
 */
import { join } from "node:path";
import { SoulMirrorError } from "../kernel/index.ts";
import { acquireLock, type Lock, openDataDirectory, privateDirectory } from "../system/index.ts";

/** Where it is, or would be: who only looks makes nothing. */
export function vaultFolderPath(dataPath: string, name: string): string {
  return join(dataPath, "vault", name);
}

/** Makes it when it is missing, for its owner alone. */
export function vaultFolder(dataPath: string, name: string): string {
  const { root } = openDataDirectory(dataPath);
  privateDirectory(join(root, "vault"));
  return privateDirectory(join(root, "vault", name));
}

/**
 * The right of one process of this machine to write into a vault; those of other machines are told
 * apart by locks in the repositories.
 *
 * @throws SoulMirrorError VAULT_LOCKED
 */
export function claimVault(folder: string): Lock {
  try {
    return acquireLock(join(folder, "lock"));
  } catch (error) {
    if (!(error instanceof SoulMirrorError) || error.code !== "DATA_DIRECTORY_HELD") throw error;
    const message = `another process works in this vault: ${error.message}`;
    throw new SoulMirrorError("VAULT_LOCKED", message, {
      fix: "wait until it is done, or end it",
      cause: error,
    });
  }
}

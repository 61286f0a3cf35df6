/**
 * What this machine keeps of a vault, in `<data>/vault/<name>`: the lock of who works in it, the
 * proof, dumps of databases, and how the last run went. Nothing of it is needed for a restore.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { SoulMirrorError } from "../kernel/index.ts";
import {
  acquireLock,
  type Lock,
  openDataDirectory,
  privateDirectory,
  writeDurably,
} from "../system/index.ts";

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

/** What the next run is compared with. */
export interface LastRun {
  readonly snapshot: string;
  /** Of the last run that was not suspect; missing: there was none. */
  readonly files?: number;
  readonly bytes: number;
  /** What was suspect, as one text; a run that is suspect for the same again is not repeated. */
  readonly suspicion: string;
}

const fileName = "last-run.json";

/** Undefined: there was none, or what is there says nothing. */
export async function readLastRun(folder: string): Promise<LastRun | undefined> {
  const text = await readFile(join(folder, fileName), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const read = JSON.parse(text) as Partial<LastRun> | null;
    if (typeof read?.snapshot !== "string" || typeof read.bytes !== "number") return undefined;
    const { bytes, files, snapshot, suspicion = "" } = read;
    return { snapshot, bytes, suspicion, ...(typeof files === "number" ? { files } : {}) };
  } catch {
    // Torn or edited: the next run has nothing to be compared with, and writes it anew.
    return undefined;
  }
}

export async function writeLastRun(folder: string, run: LastRun): Promise<void> {
  await writeDurably(join(folder, fileName), JSON.stringify(run));
}

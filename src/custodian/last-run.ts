/** What a run is compared with: how the one before it went, kept in the vault's folder. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../system/index.ts";
import type { BackupOutcome, Suspicion } from "../vault/index.ts";

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

export function lastRunOf(
  { snapshot, tally }: Pick<BackupOutcome, "snapshot" | "tally">,
  suspicions: readonly Suspicion[],
  before: LastRun | undefined,
): LastRun {
  const { changedFiles, newFiles, totalBytes, unchangedFiles } = tally.counts;
  const files = suspicions.length > 0 ? before?.files : newFiles + changedFiles + unchangedFiles;
  return {
    snapshot: snapshot.id,
    bytes: totalBytes,
    suspicion: suspicionText(suspicions),
    ...(files === undefined ? {} : { files }),
  };
}

/** Without what is different in every run. */
export function suspicionText(suspicions: readonly Suspicion[]): string {
  return suspicions
    .map((each) => (each.kind === "clock" ? each.kind : JSON.stringify(each)))
    .join("\n");
}

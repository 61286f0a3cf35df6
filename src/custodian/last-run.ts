/** What a run is compared with: how the one before it went, kept in the vault's folder. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../system/index.ts";
import type { BackupOutcome, Suspicion } from "../vault/index.ts";
import type { JudgedRun } from "./judged-run.ts";

export interface LastRun {
  readonly snapshot: string;
  /** As the last run saw them that was not suspect, by path; empty: there was none. */
  readonly sources: Readonly<Record<string, SourceState>>;
  /** As the last run saw them, suspect or not. */
  readonly latest: Readonly<Record<string, SourceState>>;
  readonly bytes: number;
  /** What was suspect, as one text; a run that is suspect for the same again is not repeated. */
  readonly suspicion: string;
}

export interface SourceState {
  readonly files: number;
  /** What is mounted where it lies. */
  readonly mount: string;
}

const fileName = "last-run.json";

/** Undefined: there was none, or what is there says nothing. */
export async function readLastRun(folder: string): Promise<LastRun | undefined> {
  const text = await readFile(join(folder, fileName), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const read = JSON.parse(text) as Partial<LastRun> | null;
    if (typeof read?.snapshot !== "string" || typeof read.bytes !== "number") return undefined;
    const { bytes, latest = {}, snapshot, sources = {}, suspicion = "" } = read;
    return { snapshot, bytes, suspicion, sources, latest };
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
  { latest, seen, suspicions }: JudgedRun,
): LastRun {
  const bytes = tally.counts.totalBytes;
  const suspicion = suspicionText(suspicions);
  return { snapshot: snapshot.id, bytes, suspicion, sources: seen, latest };
}

/**
 * Sources are as a person wants them, however suspect that run was: the next one is compared with
 * it. Nobody else writes it meanwhile.
 */
export async function acceptLastRun(
  folder: string,
  isAccepted: (source: string) => boolean,
): Promise<void> {
  const last = await readLastRun(folder);
  if (last === undefined) return;
  const accepted = Object.entries(last.latest).filter(([source]) => isAccepted(source));
  if (accepted.length === 0) return;
  const sources = { ...last.sources, ...Object.fromEntries(accepted) };
  await writeLastRun(folder, { ...last, sources });
}

/** Without what is different in every run. */
export function suspicionText(suspicions: readonly Suspicion[]): string {
  return suspicions
    .map((each) => (each.kind === "clock" ? each.kind : JSON.stringify(each)))
    .join("\n");
}

/** What became of each dump, kept in the vault's folder for whoever wants to know. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../../system/index.ts";

export interface DumpNote {
  readonly name: string;
  /** Wall time of the last good one; undefined: there was none. */
  readonly takenMs?: number;
  /** Of the last good one. */
  readonly sizeBytes?: number;
  /** Number of the database file's inode when it was taken. */
  readonly inode?: string;
  /** Why the last attempt failed; empty: it did not. */
  readonly trouble: string;
  /** Why one is not believed, which lies beside the good one; empty: there is none. */
  readonly doubt: string;
  /** Wall time of the last attempt. */
  readonly triedMs: number;
}

const fileName = "dumps.json";

/** None when nobody wrote any, or what is there says nothing. */
export async function readDumpNotes(vaultFolder: string): Promise<readonly DumpNote[]> {
  const text = await readFile(join(vaultFolder, fileName), "utf8").catch(() => "[]");
  try {
    const notes = JSON.parse(text) as unknown;
    return Array.isArray(notes) ? notes.filter(isNote) : [];
  } catch {
    // Torn or edited: the next backup writes it anew.
    return [];
  }
}

export async function writeDumpNotes(
  vaultFolder: string,
  notes: readonly DumpNote[],
): Promise<void> {
  await writeDurably(join(vaultFolder, fileName), JSON.stringify(notes));
}

/** A sentence of each that is not believed: nothing is forgotten meanwhile. */
export function doubtsOfDumps(notes: readonly DumpNote[]): readonly string[] {
  return notes.flatMap(({ doubt, name }) =>
    doubt === "" ? [] : [`the dump ${name} is suspect: ${doubt}`],
  );
}

/** What is wrong with each that is not as it should be, a few words. */
export function troublesOfDumps(notes: readonly DumpNote[]): readonly string[] {
  return notes.flatMap(({ doubt, name, trouble }) => [
    ...(trouble === "" ? [] : [`dump ${name} failed`]),
    ...(doubt === "" ? [] : [`dump ${name} is suspect: ${doubt}`]),
  ]);
}

function isNote(each: unknown): each is DumpNote {
  const { doubt, name, trouble, triedMs } = (each ?? {}) as Partial<DumpNote>;
  const isText = [doubt, name, trouble].every((text) => typeof text === "string");
  return isText && typeof triedMs === "number";
}

/** A person has looked at dumps that are not believed, and they are as he wants them. */
import { rename, stat } from "node:fs/promises";
import { join } from "node:path";
import type { DumpSpec } from "../../config/index.ts";
import { syncFolder } from "../../system/index.ts";
import { dumpFile, dumpFolder, suspectFile } from "./dump-files.ts";
import { type DumpNote, readDumpNotes, writeDumpNotes } from "./dump-notes.ts";

export interface AcceptingDumps {
  readonly dumps: Readonly<Record<string, DumpSpec>>;
  /** See `vaultFolder`. */
  readonly vaultFolder: string;
  readonly isAccepted: (dump: DumpSpec) => boolean;
}

/** They take the places of the last good ones, which older snapshots have still. */
export async function acceptDumps(accepting: AcceptingDumps): Promise<void> {
  const { dumps, isAccepted, vaultFolder } = accepting;
  const notes = await readDumpNotes(vaultFolder);
  const folder = dumpFolder(vaultFolder);
  const after: DumpNote[] = [];
  for (const note of notes) {
    const dump = dumps[note.name];
    if (note.doubt === "" || dump === undefined || !isAccepted(dump)) after.push(note);
    else {
      const path = join(folder, dumpFile(note.name, dump));
      await rename(join(folder, suspectFile(note.name, dump)), path);
      const { size } = await stat(path);
      after.push({ ...note, takenMs: note.triedMs, sizeBytes: size, doubt: "" });
    }
  }
  if (after.every((note, at) => note === notes[at])) return;
  await syncFolder(folder);
  await writeDumpNotes(vaultFolder, after);
}

/**
 * Entries of the audit trail that were made while another process held it: a signed note each, in a
 * folder beside it. Whoever has the trail next takes them in, and tells which note an entry was.
 *
 * N1. What is left here is on the disk, and signed with the key of the trail: nobody else can add.
 * N2. A note goes after its entry is on the disk. One that a kill left behind is known by its hash,
 *     which its entry names, and is not taken in twice.
 */
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { SoulMirrorError } from "../../kernel/index.ts";
import { syncFolder, writeDurably } from "../../system/index.ts";
import {
  type AuditEvent,
  type NamedReport,
  readWaitingNote,
  type Signer,
  sha256Of,
  signWaitingNote,
} from "../../vault/index.ts";

const folderName = "audit.waiting";
/** More of them say that nobody takes them in. */
const notesMax = 1000;

export interface WaitingEntry {
  readonly name: string;
  readonly event: AuditEvent;
}

export async function leaveEntry(folder: string, event: AuditEvent, signer: Signer): Promise<void> {
  const notes = join(folder, folderName);
  await mkdir(notes, { recursive: true, mode: 0o700 });
  if ((await readdir(notes)).length >= notesMax) {
    throw new SoulMirrorError("CONFLICT", `${notesMax} entries wait for the audit trail already`, {
      fix: "end the process that holds it",
    });
  }
  const text = signWaitingNote(event, signer);
  const time = new Date(event.at).toISOString().replaceAll(/[:.]/g, "-");
  await writeDurably(join(notes, `${time}-${sha256Of(text).slice(0, 16)}.json`), text);
  await syncFolder(folder);
}

/** All of them, the oldest first, whoever has written them. */
export async function readNotes(folder: string): Promise<readonly NamedReport[]> {
  const notes = join(folder, folderName);
  const names = await readdir(notes).catch(() => []);
  const read: NamedReport[] = [];
  for (const name of names.filter((each) => each.endsWith(".json")).toSorted()) {
    const text = await readFile(join(notes, name), "utf8").catch(() => undefined);
    // Taken in meanwhile.
    if (text !== undefined) read.push({ name, text });
  }
  return read;
}

/** @param isTaken whether an entry of the trail names the note with this hash */
export async function takeNotes(
  folder: string,
  { isTaken, publicKey, take }: TakingNotes,
): Promise<void> {
  for (const { name, text } of await readNotes(folder)) {
    const hash = sha256Of(text);
    if (!isTaken(hash)) {
      const event = readWaitingNote(text, publicKey);
      // `vault proof` tells of a note that cannot be believed.
      if (event === undefined) continue;
      await take(hash, { ...event, facts: { ...event.facts, note: hash, notedAt: event.at } });
    }
    await rm(join(folder, folderName, name), { force: true });
  }
}

export interface TakingNotes {
  readonly publicKey: string;
  readonly isTaken: (hash: string) => boolean;
  readonly take: (hash: string, event: AuditEvent) => Promise<void>;
}

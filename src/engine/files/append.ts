/**
 * Adds to the end of a file.
 *
 * A1. What fails, a full disk say, leaves what was there, without a half line behind it.
 * A2. What a killed writer has added in part is taken away by the next one: a note beside the file
 *     says how long it was, and what was being added. What others have added meanwhile stays.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { open, rm, truncate } from "node:fs/promises";
import { writeAll } from "./content.ts";
import { fileError } from "./file-error.ts";
import type { Tell } from "./healing.ts";
import { appendPath, freshPath } from "./side-names.ts";
import { lookAt, type Present } from "./target.ts";

export interface AppendOptions {
  readonly isDurable: boolean;
  readonly tell: Tell;
}

/** The caller holds the lock, and the file is there. Keeps A1. */
export async function appendTo(
  target: string,
  bytes: Buffer,
  { before, isDurable }: AppendOptions & { readonly before: Present },
): Promise<void> {
  const file = await open(target, "r");
  const { sizeBytes } = before;
  try {
    const begins = bytes.subarray(0, notedBytesMax).toString("base64");
    leaveNote(target, { sizeBytes, addedBytes: bytes.length, begins });
    const end = await open(target, "a");
    try {
      await writeAll(end, bytes);
      if (isDurable) await end.sync();
    } finally {
      await end.close();
    }
    const found = Buffer.alloc(bytes.length);
    const { bytesRead } = await file.read(found, 0, found.length, sizeBytes);
    if (bytesRead !== bytes.length || !found.equals(bytes)) throw notAsWritten(target);
  } catch (error) {
    const { size } = await file.stat();
    if (size > sizeBytes && size <= sizeBytes + bytes.length) await truncate(target, sizeBytes);
    throw error;
  } finally {
    rmSync(appendPath(target), { force: true });
    await file.close();
  }
}

function notAsWritten(target: string): Error {
  return fileError("FILE_NOT_AS_WRITTEN", `the end of ${target} is not what was added to it`, {
    path: target,
    fix: "does somebody else write it without these functions? else check the disk",
  });
}

/** The caller holds the lock, so whoever wrote the note is dead. Keeps A2. */
export async function undoHalfAppend(target: string, tell: Tell): Promise<void> {
  const path = appendPath(target);
  const note = readNote(path);
  if (note === undefined) return;
  const now = await lookAt(target);
  const added = (now?.sizeBytes ?? 0) - note.sizeBytes;
  if (added > 0 && added < note.addedBytes && (await isPartOf(target, note, added))) {
    await truncate(target, note.sizeBytes);
    tell({ kind: "append_undone", path: target, sizeBytes: added });
  }
  await rm(path, { force: true });
}

/** Of what is longer its first part is compared. */
const notedBytesMax = 1024 * 1024;

interface Note {
  readonly sizeBytes: number;
  readonly addedBytes: number;
  /** What was being added, in base 64. */
  readonly begins: string;
}

/** Whoever takes no lock may have added something to the end since: that is not ours to take. */
async function isPartOf(target: string, { sizeBytes, begins }: Note, added: number) {
  const expected = Buffer.from(begins, "base64").subarray(0, added);
  const file = await open(target, "r");
  try {
    const found = Buffer.alloc(expected.length);
    const { bytesRead } = await file.read(found, 0, found.length, sizeBytes);
    return bytesRead > 0 && bytesRead === found.length && found.equals(expected);
  } finally {
    await file.close();
  }
}

function leaveNote(target: string, note: Note): void {
  const fresh = freshPath(target);
  try {
    writeFileSync(fresh, JSON.stringify(note), { flag: "wx", mode: 0o600 });
    renameSync(fresh, appendPath(target));
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

function readNote(path: string): Note | undefined {
  try {
    const note = JSON.parse(readFileSync(path, "utf8")) as Partial<Note> | null;
    return typeof note?.begins === "string" ? (note as Note) : undefined;
  } catch {
    // No note, or none of ours: nobody died while adding.
    return undefined;
  }
}

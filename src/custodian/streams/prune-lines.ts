/**
 * What a stream needs no more goes from this machine; snapshots keep it.
 *
 * L1. The two newest bases stay, and the log since the older one: each snapshot of the next day
 *     still reaches every moment of this one, so that thinned snapshots leave no moment out.
 * L2. Nothing goes before a quorum of the locations holds what comes after it.
 * L3. Lines that have ended go when the one that goes on has two bases; at most three are kept.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { readLogName } from "./log-names.ts";
import { logIn } from "./shelf.ts";
import { basesOf, type KeptLine, linesIn, logOf, removeLine, writeLine } from "./stream-folder.ts";

const basesKept = 2;
const endedLinesMax = 3;

export interface Pruning {
  /** Of the stream. */
  readonly folder: string;
  /** Whether a quorum holds all that lay there at that moment of our own clock. */
  readonly isHeld: (sinceMs: number) => Promise<boolean>;
}

/** @returns the line as it is now. */
export async function pruneLines(line: KeptLine, { folder, isHeld }: Pruning): Promise<KeptLine> {
  const ended = (await linesIn(folder)).filter(({ id }) => id !== line.id);
  for (const each of ended.slice(0, -endedLinesMax)) {
    if (await isHeld(each.note.ended?.atMs ?? 0)) await removeLine(each);
  }
  const newest = line.note.bases.at(-1);
  if (newest === undefined || line.note.bases.length < basesKept) return line;
  const kept = line.note.bases.slice(-basesKept);
  const isDone = kept.length === line.note.bases.length && ended.length === 0;
  if (isDone && !(await hasOldLog(line))) return line;
  if (!(await isHeld(newest.keptAtMs))) return line;
  for (const each of ended) await removeLine(each);
  const pruned = await writeLine(line, { ...line.note, bases: kept });
  for (const { id } of line.note.bases.slice(0, -basesKept)) {
    await rm(join(basesOf(line.folder), id), { recursive: true, force: true });
  }
  for (const name of await oldLog(pruned))
    await rm(join(logOf(line.folder), name), { force: true });
  return pruned;
}

async function hasOldLog(line: KeptLine): Promise<boolean> {
  return (await oldLog(line)).length > 0;
}

/** Files from before the oldest base. */
async function oldLog({ folder, note }: KeptLine): Promise<readonly string[]> {
  const { kind, segmentBytes } = note;
  const first = readLogName(kind, note.bases[0]?.from.file ?? "", segmentBytes);
  const log = await logIn(note, logOf(folder));
  return log.filter(({ number }) => number < (first?.number ?? 0)).map(({ name }) => name);
}

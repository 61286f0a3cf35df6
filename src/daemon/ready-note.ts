/**
 * What tells others that this daemon is ready, who it is, and where it listens. In the data
 * directory, or in the spare place while that cannot be written.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import {
  bootId,
  type DataDirectory,
  makeSparePath,
  processIdentity,
  writeDurably,
} from "../system/index.ts";

export interface ReadyNote {
  readonly port: number;
  readonly host: string;
  readonly startedAt: number;
}

/** Resolves with what takes the note away again. */
export async function writeReadyNote(
  directory: DataDirectory,
  note: ReadyNote,
): Promise<() => void> {
  const path = join(directory.run, "daemon.json");
  const startTicks = processIdentity(process.pid)?.startTicks ?? 0;
  const text = JSON.stringify({ pid: process.pid, startTicks, bootId: bootId(), ...note });
  const spare = makeSparePath(directory.root, "note");
  if (spare !== undefined) rmSync(spare, { force: true });
  try {
    await writeDurably(path, text, { mode: 0o600 });
    return () => rmSync(path, { force: true });
  } catch (error) {
    if (spare === undefined) throw error;
    // Full or read-only: who looks for a note looks there, too.
    await writeDurably(spare, text, { mode: 0o600 });
    return () => rmSync(spare, { force: true });
  }
}

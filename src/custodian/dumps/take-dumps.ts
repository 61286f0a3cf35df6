/**
 * Databases are never copied while they are written to: each is dumped into a file of its own
 * before a backup, and the folder of the dumps is one of its sources.
 *
 * D1. A dump is whole or not there: it gets its name when it is complete. One that fails leaves the
 *     last good one in its place, and is told.
 * D2. What a dump holds is of one moment, however many tables are written to meanwhile.
 * D3. Files of dumps that are no longer declared are removed.
 * D4. One that is suspect (`judgeDump`) lies beside the last good one, until the next good one, or
 *     until a person accepts it. Both are in the snapshot.
 * D5. A dump that holds what the last one held changes nothing.
 * D6. A copy of a database file has its mode, owner and time: it can be put where that was.
 */
import { existsSync, type Stats } from "node:fs";
import { chmod, chown, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { DumpSpec } from "../../config/index.ts";
import { messageOf } from "../../kernel/index.ts";
import { privateDirectory, realClock, syncFolder } from "../../system/index.ts";
import { type RawPath, rawPathOfText } from "../../vault/index.ts";
import { realPathOf } from "../protected-tree.ts";
import { behindDefaults } from "../run-program.ts";
import { dumpFile, dumpFolder, suspectFile } from "./dump-files.ts";
import { type DumpNote, readDumpNotes, writeDumpNotes } from "./dump-notes.ts";
import { dumpProgram } from "./dump-program.ts";
import { dumpSqlite } from "./dump-sqlite.ts";
import { isSameFile } from "./is-same-file.ts";
import { judgeDump } from "./judge-dump.ts";

export type DumpOutcome =
  | {
      readonly name: string;
      readonly isTaken: true;
      readonly sizeBytes: number;
      /** Why it is suspect, and lies beside the last good one; empty: it is good. */
      readonly doubt: string;
    }
  | { readonly name: string; readonly isTaken: false; readonly reason: string };

export interface TakenDumps {
  readonly outcomes: readonly DumpOutcome[];
  readonly notes: readonly DumpNote[];
}

/** One after another: a machine that serves has better things to do than many dumps at once. */
export async function takeDumps(
  dumps: Readonly<Record<string, DumpSpec>>,
  vaultFolder: string,
  signal: AbortSignal,
): Promise<TakenDumps> {
  const folder = dumpFolder(vaultFolder);
  const scratch = privateDirectory(join(vaultFolder, "dumping"));
  const declared = Object.entries(dumps);
  const files = declared.flatMap(([name, dump]) => [dumpFile(name, dump), suspectFile(name, dump)]);
  await removeOthers(folder, new Set(files));
  const before = await readDumpNotes(vaultFolder);
  const [outcomes, notes]: [DumpOutcome[], DumpNote[]] = [[], []];
  for (const [name, dump] of declared) {
    const paths = {
      fresh: join(scratch, dumpFile(name, dump)),
      good: join(folder, dumpFile(name, dump)),
      suspect: join(folder, suspectFile(name, dump)),
    };
    const known = before.find((note) => note.name === name);
    const { note, outcome } = await takeOne(name, dump, { paths, known, signal });
    outcomes.push(outcome);
    notes.push(note);
  }
  await writeDumpNotes(vaultFolder, notes);
  return { outcomes, notes };
}

/** Names of those of which there is a dump, of whatever age. */
export function heldDumps(
  dumps: Readonly<Record<string, DumpSpec>>,
  folder: string,
): readonly string[] {
  return Object.entries(dumps).flatMap(([name, dump]) =>
    [dumpFile(name, dump), suspectFile(name, dump)].some((file) => existsSync(join(folder, file)))
      ? [name]
      : [],
  );
}

/** Where a database of files lies, without links on the way; undefined: it is no such one. */
export function databasePath(dump: DumpSpec | undefined): string | undefined {
  if (dump?.kind !== "sqlite") return undefined;
  return join(realPathOf(dirname(dump.path)), basename(dump.path));
}

/** What is left out itself because there is a dump of it: a copy of it may be torn. */
export function dumpedPaths(
  dumps: Readonly<Record<string, DumpSpec>>,
  taken: readonly string[],
): ReadonlySet<RawPath> {
  const paths = new Set<RawPath>();
  for (const name of taken) {
    const path = databasePath(dumps[name]);
    if (path === undefined) continue;
    for (const ending of ["", "-wal", "-shm", "-journal"]) paths.add(rawPathOfText(path + ending));
  }
  return paths;
}

interface Taking {
  readonly paths: { readonly fresh: string; readonly good: string; readonly suspect: string };
  readonly known: DumpNote | undefined;
  readonly signal: AbortSignal;
}

async function takeOne(
  name: string,
  dump: DumpSpec,
  taking: Taking,
): Promise<{ readonly outcome: DumpOutcome; readonly note: DumpNote }> {
  const { known, paths, signal } = taking;
  const triedMs = realClock.now().wallMs;
  const last = { doubt: "", ...known, name, trouble: "", triedMs };
  try {
    const source = await write(dump, paths.fresh, signal);
    const { size: sizeBytes } = await stat(paths.fresh);
    const doubt = await judgeDump({
      isSqlite: dump.kind === "sqlite",
      fresh: paths.fresh,
      good: existsSync(paths.good) ? paths.good : undefined,
      sourceBytes: source?.size,
    });
    await keep(paths, doubt !== "");
    const outcome = { name, isTaken: true, sizeBytes, doubt } as const;
    if (doubt !== "") return { outcome, note: { ...last, doubt } };
    const inode = source === undefined ? {} : { inode: String(source.ino) };
    return {
      outcome,
      note: { name, trouble: "", doubt, triedMs, takenMs: triedMs, sizeBytes, ...inode },
    };
  } catch (error) {
    signal.throwIfAborted();
    const reason = messageOf(error);
    return { outcome: { name, isTaken: false, reason }, note: { ...last, trouble: reason } };
  } finally {
    await rm(paths.fresh, { force: true });
  }
}

/** @returns what is known of the database, where that is a file */
async function write(
  dump: DumpSpec,
  path: string,
  signal: AbortSignal,
): Promise<Stats | undefined> {
  await rm(path, { force: true });
  if (dump.kind !== "sqlite") {
    const { env, timeoutMs } = dump;
    await dumpProgram({ ...programOf(dump), env, timeoutMs }, path, signal);
    return undefined;
  }
  // Before it is read: what is written meanwhile makes it younger than its dump.
  const source = await stat(dump.path).catch(() => undefined);
  const log = await stat(`${dump.path}-wal`).catch(() => undefined);
  await dumpSqlite(dump, path, signal);
  if (source === undefined) return undefined;
  await chmod(path, source.mode & 0o777);
  // Only root may, and only root has to.
  await chown(path, source.uid, source.gid).catch(() => undefined);
  const writtenMs = Math.max(source.mtimeMs, log?.mtimeMs ?? 0);
  await utimes(path, writtenMs / 1000, writtenMs / 1000);
  return source;
}

/** D4, D5. */
async function keep(paths: Taking["paths"], isSuspect: boolean): Promise<void> {
  const { fresh, good, suspect } = paths;
  const path = isSuspect ? suspect : good;
  if (!(await isSameFile(fresh, path))) {
    await rename(fresh, path);
    await syncFolder(dirname(path));
  }
  if (!isSuspect && existsSync(suspect)) await rm(suspect);
}

type ProgramDump = Exclude<DumpSpec, { kind: "sqlite" }>;

function programOf({ kind, words }: ProgramDump): { command: string; args: readonly string[] } {
  if (kind === "pg_dump") return { command: "pg_dump", args: words };
  if (kind === "mariadb_dump") {
    // Without it each table is of another moment.
    return { command: "mariadb-dump", args: behindDefaults(words, ["--single-transaction"]) };
  }
  const [command = "", ...args] = words;
  return { command, args };
}

async function removeOthers(folder: string, known: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!known.has(name)) await rm(join(folder, name), { force: true, recursive: true });
  }
}

/**
 * Databases are never copied while they are written to: each is dumped into a file of its own
 * before a backup, and the folder of the dumps is one of its sources.
 *
 * D1. A dump is whole or not there: it gets its name when it is complete. One that fails leaves the
 *     last good one in its place, and is told.
 * D2. What a dump holds is of one moment, however many tables are written to meanwhile.
 * D3. Files of dumps that are no longer declared are removed.
 */
import { existsSync } from "node:fs";
import { readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { DumpSpec } from "../../config/index.ts";
import { messageOf } from "../../kernel/index.ts";
import { type RawPath, rawPathOfText } from "../../vault/index.ts";
import { behindDefaults } from "../run-program.ts";
import { dumpProgram } from "./dump-program.ts";
import { dumpSqlite } from "./dump-sqlite.ts";

export type DumpOutcome =
  | { readonly name: string; readonly isTaken: true; readonly sizeBytes: number }
  | { readonly name: string; readonly isTaken: false; readonly reason: string };

/** One after another: a machine that serves has better things to do than many dumps at once. */
export async function takeDumps(
  dumps: Readonly<Record<string, DumpSpec>>,
  folder: string,
  signal: AbortSignal,
): Promise<readonly DumpOutcome[]> {
  await removeOthers(
    folder,
    new Set(Object.entries(dumps).map(([name, dump]) => fileOf(name, dump))),
  );
  const outcomes: DumpOutcome[] = [];
  for (const [name, dump] of Object.entries(dumps)) {
    const path = join(folder, fileOf(name, dump));
    try {
      await take(dump, path, signal);
      outcomes.push({ name, isTaken: true, sizeBytes: (await stat(path)).size });
    } catch (error) {
      signal.throwIfAborted();
      outcomes.push({ name, isTaken: false, reason: messageOf(error) });
    }
  }
  return outcomes;
}

/** Names of those of which there is a dump, of whatever age. */
export function heldDumps(
  dumps: Readonly<Record<string, DumpSpec>>,
  folder: string,
): readonly string[] {
  return Object.entries(dumps).flatMap(([name, dump]) =>
    existsSync(join(folder, fileOf(name, dump))) ? [name] : [],
  );
}

/** What is left out itself because there is a dump of it: a copy of it may be torn. */
export function dumpedPaths(
  dumps: Readonly<Record<string, DumpSpec>>,
  taken: readonly string[],
): ReadonlySet<RawPath> {
  const paths = new Set<RawPath>();
  for (const name of taken) {
    const dump = dumps[name];
    if (dump?.kind !== "sqlite") continue;
    for (const ending of ["", "-wal", "-shm", "-journal"]) {
      paths.add(rawPathOfText(`${dump.path}${ending}`));
    }
  }
  return paths;
}

async function take(dump: DumpSpec, path: string, signal: AbortSignal): Promise<void> {
  const fresh = `${path}.new`;
  await rm(fresh, { force: true });
  try {
    if (dump.kind === "sqlite") await dumpSqlite(dump, fresh, signal);
    else {
      const { env, timeoutMs } = dump;
      await dumpProgram({ ...programOf(dump), env, timeoutMs }, fresh, signal);
    }
    await rename(fresh, path);
  } finally {
    await rm(fresh, { force: true });
  }
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

function fileOf(name: string, { kind }: DumpSpec): string {
  const ending = { sqlite: ".db", pg_dump: ".sql", mariadb_dump: ".sql", command: "" }[kind];
  return `${name}${ending}`;
}

async function removeOthers(folder: string, known: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!known.has(name)) await rm(join(folder, name), { force: true, recursive: true });
  }
}

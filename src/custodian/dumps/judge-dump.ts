/**
 * Is a dump that ended well what it should be? A database that was emptied dumps well, and must not
 * take the place of the last good dump.
 *
 * J1. It is held against the last good one: less than a quarter of its size, no table, or not a row
 *     where there were some, is suspect. Of little dumps the size says nothing.
 * J2. Where there is no good one yet, only a database file without a byte is suspect.
 * J3. What SQLite cannot look into is judged by its size.
 */
import { stat } from "node:fs/promises";
import type { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { formatBytes } from "../../kernel/index.ts";

export interface DumpToJudge {
  readonly isSqlite: boolean;
  readonly fresh: string;
  /** The last good one; undefined: there is none. */
  readonly good: string | undefined;
  /** Bytes of the database itself, where it is a file. */
  readonly sourceBytes: number | undefined;
}

/** Smaller ones come and go by a few lines. */
const littleBytes = 4096;
const nearlyNothing = 0.25;
const tablesMax = 10_000;

/** Why it is not believed, in words; empty: it is. */
export async function judgeDump(dump: DumpToJudge): Promise<string> {
  const { fresh, good, isSqlite, sourceBytes } = dump;
  if (good === undefined) {
    return sourceBytes === 0 ? "the database is empty: its file has no bytes" : "";
  }
  if (isSqlite) {
    const lost = await lostContent(fresh, good);
    if (lost !== "") return lost;
  }
  const [now, before] = [(await stat(fresh)).size, (await stat(good)).size];
  if (before <= littleBytes || now >= before * nearlyNothing) return "";
  return `it has ${formatBytes(now)}, and the last good one ${formatBytes(before)}`;
}

async function lostContent(fresh: string, good: string): Promise<string> {
  const now = await contentOf(fresh);
  if (now === undefined || now.hasRows) return "";
  const before = await contentOf(good);
  if (before === undefined) return "";
  if (now.tables === 0 && before.tables > 0) return "it has no table, and the last good one has";
  return before.hasRows ? "there is not a row in it, and there are in the last good one" : "";
}

interface Content {
  readonly tables: number;
  readonly hasRows: boolean;
}

/** J3: undefined when it cannot be told. */
async function contentOf(path: string): Promise<Content | undefined> {
  const { DatabaseSync } = await import("node:sqlite");
  const url = pathToFileURL(path);
  // Nobody writes it, so nothing is made beside it.
  url.searchParams.set("immutable", "1");
  try {
    using database = new DatabaseSync(url, { readOnly: true });
    const names = tableNames(database);
    return { tables: names.length, hasRows: names.some((name) => hasRow(database, name)) };
  } catch {
    return undefined;
  }
}

function tableNames(database: DatabaseSync): readonly string[] {
  const query = `select name from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\' limit ${tablesMax}`;
  return database
    .prepare(query)
    .all()
    .map(({ name }) => String(name));
}

function hasRow(database: DatabaseSync, table: string): boolean {
  try {
    const quoted = table.replaceAll('"', '""');
    return database.prepare(`select 1 from "${quoted}" limit 1`).get() !== undefined;
  } catch {
    // Of a kind that this SQLite does not know.
    return false;
  }
}

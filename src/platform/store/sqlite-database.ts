/**
 * node:sqlite as the database that Kysely's SQLite dialect wants, set up so that little is lost
 * and little is used.
 *
 * Q1. WAL and `synchronous = NORMAL`: a commit survives a kill of this process; a power cut only
 *     takes what has not been synced since (see sqlite-file.ts).
 * Q2. Statements are prepared once and kept, the least recently used goes first.
 * Q3. The WAL file, the page cache and the database have limits.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import type { SqliteDatabase, SqliteStatement } from "kysely";

export interface SqliteLimits {
  /** How long a write waits for another process that holds the file. */
  readonly busyMs?: number;
  readonly cacheBytes?: number;
  /** The WAL is carried over into the database beyond this. */
  readonly walBytes?: number;
  /** Beyond this size the store is full; default unbounded (the disk is the limit). */
  readonly sizeMaxBytes?: number;
}

const pageBytes = 4096;
const statementsMax = 100;

export function openDatabase(path: string, limits: SqliteLimits = {}): DatabaseSync {
  const { busyMs = 2000, cacheBytes = 2 ** 21, walBytes = 2 ** 22, sizeMaxBytes } = limits;
  const database = new DatabaseSync(path, { timeout: busyMs });
  try {
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA cache_size = -${Math.ceil(cacheBytes / 1024)};
      PRAGMA wal_autocheckpoint = ${Math.ceil(walBytes / pageBytes)};
      PRAGMA journal_size_limit = ${walBytes};
    `);
    if (sizeMaxBytes !== undefined) {
      database.exec(`PRAGMA max_page_count = ${Math.floor(sizeMaxBytes / pageBytes)}`);
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

export function kyselyDatabase(database: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  return {
    close: () => {
      statements.clear();
      database.close();
    },
    prepare: (sql) => {
      // SQLite ends a transaction by itself when the disk is full: there is nothing to roll back
      // then, and the complaint about that would hide the reason.
      if (sql === "rollback" && !database.isTransaction) return nothing;
      const known = statements.get(sql);
      if (known) statements.delete(sql);
      const statement = known ?? wrap(database.prepare(sql));
      statements.set(sql, statement);
      const oldest = statements.keys().next().value;
      if (statements.size > statementsMax && oldest !== undefined) statements.delete(oldest);
      return statement;
    },
  };
}

function wrap(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
    run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
    iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
  };
}

const nothing: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [][Symbol.iterator](),
};

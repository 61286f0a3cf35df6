/** The store in one SQLite file; what is promised is said in `in-this-thread.ts`. */
import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { Kysely, SqliteDialect } from "kysely";
import { SoulMirrorError } from "../../kernel/index.ts";
import type { Store } from "../../model/index.ts";
import { sqliteFlavour } from "./flavour.ts";
import { formatVersion, latestVersion, migrateDown, migrateUp } from "./migrations/migrate.ts";
import type { Tables } from "./schema.ts";
import { type Durability, SqlStore } from "./sql-store.ts";
import { kyselyDatabase, openDatabase, type SqliteLimits } from "./sqlite-database.ts";
import { SqliteSync } from "./sqlite-sync.ts";
import { type TableVerification, verifyTables } from "./verify-tables.ts";
import { packError, unpackError } from "./worker-messages.ts";

export async function openSqliteStore(path: string, limits: SqliteLimits = {}): Promise<Store> {
  const database = openDatabase(path, limits);
  const db = queriesOf(database);
  try {
    await migrateUp(db, sqliteFlavour);
    return new SqlStore(db, new SqliteSync(database, path));
  } catch (error) {
    database.close();
    throw error;
  }
}

/** For reading only; throws when the file cannot be read, or has no journal of this format. */
export async function openPastStore(path: string): Promise<Store> {
  const database = new DatabaseSync(path, { readOnly: true });
  const db = queriesOf(database);
  try {
    const version = await formatVersion(db);
    if (version !== latestVersion) throw new Error(`it has format ${version}`);
    const store = new SqlStore(db, untouched);
    await store.last();
    return store;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Nothing is written, so nothing waits for the disk. */
const untouched: Durability = {
  written: () => undefined,
  ready: async () => undefined,
  sync: async () => undefined,
  pause: async () => undefined,
  close: async () => undefined,
};

export interface AuditedStore extends Pick<Store, "read" | "last" | "loadCheckpoint" | "close"> {
  /** Are the tables what the entries from `position` on say? Those are proven already. */
  verifyTables(position: number): Promise<TableVerification>;
}

/** In the state of one moment, whatever a daemon writes meanwhile; nothing of it is touched. */
export async function openAuditedStore(path: string): Promise<AuditedStore> {
  const database = readOnly(path);
  const stored = queriesOf(database);
  try {
    database.exec("BEGIN");
    const version = await formatVersion(stored);
    if (version !== latestVersion) {
      const message = `the store has format ${version}, its journal is read in format ${latestVersion}`;
      throw new SoulMirrorError("CONFLICT", message, { fix: "run `soulmirror db up` first" });
    }
  } catch (error) {
    database.close();
    throw unpackError(packError(error));
  }
  const store = new SqlStore(stored, untouched);
  return {
    read: (position, limit) => store.read(position, limit),
    last: () => store.last(),
    loadCheckpoint: () => store.loadCheckpoint(),
    close: () => store.close(),
    verifyTables: async (from) => {
      // In a file without a name: it is gone with us, and too big for memory it may be.
      const replayed = queriesOf(openDatabase(""));
      try {
        await migrateUp(replayed, sqliteFlavour);
        return await verifyTables({ stored, replayed, from });
      } finally {
        await replayed.destroy();
      }
    },
  };
}

/** Without a `-wal` file it is at rest, and can be read where nothing may be made beside it. */
function readOnly(path: string): DatabaseSync {
  const isAtRest = !existsSync(`${path}-wal`);
  const way = isAtRest ? `${pathToFileURL(path).href}?immutable=1` : path;
  return new DatabaseSync(way, { readOnly: true, timeout: 2000 });
}

export interface StoreFormat {
  readonly version: number;
  readonly latest: number;
}

export async function sqliteFormat(path: string, to?: number): Promise<StoreFormat> {
  const database = openDatabase(path);
  const db = queriesOf(database);
  try {
    if (to !== undefined) {
      await migrateUp(db, sqliteFlavour, Math.min(to, latestVersion));
      await migrateDown(db, Math.max(0, to));
    }
    return { version: await formatVersion(db), latest: latestVersion };
  } finally {
    await db.destroy();
  }
}

function queriesOf(database: DatabaseSync): Kysely<Tables> {
  return new Kysely({ dialect: new SqliteDialect({ database: kyselyDatabase(database) }) });
}

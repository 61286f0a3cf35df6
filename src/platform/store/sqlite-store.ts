/** The store in one SQLite file; what is promised is said in `in-this-thread.ts`. */
import { DatabaseSync } from "node:sqlite";
import { Kysely, SqliteDialect } from "kysely";
import type { Store } from "../../model/index.ts";
import { sqliteFlavour } from "./flavour.ts";
import { formatVersion, latestVersion, migrateDown, migrateUp } from "./migrations/migrate.ts";
import type { Tables } from "./schema.ts";
import { type Durability, SqlStore } from "./sql-store.ts";
import { kyselyDatabase, openDatabase, type SqliteLimits } from "./sqlite-database.ts";
import { SqliteSync } from "./sqlite-sync.ts";

export async function openSqliteStore(path: string, limits: SqliteLimits = {}): Promise<Store> {
  const database = openDatabase(path, limits);
  const db = new Kysely<Tables>({
    dialect: new SqliteDialect({ database: kyselyDatabase(database) }),
  });
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
  const db = new Kysely<Tables>({
    dialect: new SqliteDialect({ database: kyselyDatabase(database) }),
  });
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

export interface StoreFormat {
  readonly version: number;
  readonly latest: number;
}

export async function sqliteFormat(path: string, to?: number): Promise<StoreFormat> {
  const database = openDatabase(path);
  const db = new Kysely<Tables>({
    dialect: new SqliteDialect({ database: kyselyDatabase(database) }),
  });
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

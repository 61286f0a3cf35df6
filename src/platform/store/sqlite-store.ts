/** The store in one SQLite file, in this thread. */
import { Kysely, SqliteDialect } from "kysely";
import type { Store } from "../../model/index.ts";
import { sqliteFlavour } from "./flavour.ts";
import { formatVersion, latestVersion, migrateDown, migrateUp } from "./migrations/migrate.ts";
import type { Tables } from "./schema.ts";
import { SqlStore } from "./sql-store.ts";
import { kyselyDatabase, openDatabase, type SqliteLimits } from "./sqlite-database.ts";
import { SqliteSync } from "./sqlite-sync.ts";

/**
 * Opens the file (made when it is missing) and brings it to the latest format.
 * Throws SoulMirrorError STORE_TOO_NEW, or what SQLite says when the file cannot be used.
 */
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

export interface StoreFormat {
  readonly version: number;
  readonly latest: number;
}

/**
 * Says which format the file has, after bringing it to the format `to` if one is given. Only while
 * no daemon uses it. Rows survive the way down and up again.
 */
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

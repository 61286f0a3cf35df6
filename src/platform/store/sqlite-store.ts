/** The store in one SQLite file; what is promised is said in `in-this-thread.ts`. */
import { Kysely, SqliteDialect } from "kysely";
import type { Store } from "../../model/index.ts";
import { sqliteFlavour } from "./flavour.ts";
import { formatVersion, latestVersion, migrateDown, migrateUp } from "./migrations/migrate.ts";
import type { Tables } from "./schema.ts";
import { SqlStore } from "./sql-store.ts";
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

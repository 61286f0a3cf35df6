/**
 * The store without its worker, for commands that work on the file while no daemon does. SQL is
 * loaded on demand: the daemon's main thread never needs it, and it is 10 MB of memory.
 */
import type { Store } from "../../model/index.ts";
import type { SqliteLimits } from "./sqlite-database.ts";
import type { AuditedStore, StoreFormat } from "./sqlite-store.ts";

/**
 * Opens the file (made when it is missing) and brings it to the latest format.
 * Throws SoulMirrorError STORE_TOO_NEW, or what SQLite says when the file cannot be used.
 */
export async function openSqliteStore(path: string, limits: SqliteLimits = {}): Promise<Store> {
  const sqlite = await import("./sqlite-store.ts");
  return await sqlite.openSqliteStore(path, limits);
}

/**
 * Says which format the file has, after bringing it to the format `to` if one is given. Only while
 * no daemon uses it. Rows survive the way down and up again.
 */
export async function sqliteFormat(path: string, to?: number): Promise<StoreFormat> {
  const sqlite = await import("./sqlite-store.ts");
  return await sqlite.sqliteFormat(path, to);
}

/**
 * For an audit: reads it in the state of one moment, and writes nothing. Throws CONFLICT when it
 * has another format than this version reads, STORE_TOO_NEW, or what SQLite says.
 */
export async function openAuditedStore(path: string): Promise<AuditedStore> {
  const sqlite = await import("./sqlite-store.ts");
  return await sqlite.openAuditedStore(path);
}

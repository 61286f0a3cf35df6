/** A copy of a SQLite database as of one moment, whoever writes into it meanwhile. */
import { existsSync } from "node:fs";

export interface SqliteDump {
  readonly path: string;
  readonly timeoutMs: number;
}

const pagesPerStep = 1000;

/** Rejects when it is no database, cannot be read, or takes longer than it may. */
export async function dumpSqlite(
  { path, timeoutMs }: SqliteDump,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  // SQLite would make an empty one.
  if (!existsSync(path)) throw new Error(`there is no database ${path}`);
  const { backup, DatabaseSync } = await import("node:sqlite");
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const database = new DatabaseSync(path, { readOnly: true, timeout: Math.min(timeoutMs, 60_000) });
  try {
    await backup(database, target, { rate: pagesPerStep, progress: () => limit.throwIfAborted() });
  } finally {
    database.close();
  }
}

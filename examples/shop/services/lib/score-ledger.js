import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

const BUSY_TIMEOUT_MS = 750;
const OPEN_ATTEMPTS = 100;
const OPEN_PAUSE_MS = 20;
const SQLITE_BUSY = 5;

/** The scores and the ids of every applied delta, in one SQLite file. */
export function openScoreLedger(path) {
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  useWriteAheadLog(database);
  // A short log: a full disk is met by the next few writes, not when a long one is through.
  database.exec(`
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 64;
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS deltas (id TEXT PRIMARY KEY, subject TEXT NOT NULL, delta INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS scores (subject TEXT PRIMARY KEY, score INTEGER NOT NULL, applied INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS probe (one INTEGER PRIMARY KEY, count INTEGER NOT NULL) STRICT;
    COMMIT;
  `);
  const findDelta = database.prepare("SELECT id, subject, delta FROM deltas WHERE id = ?");
  const findScore = database.prepare("SELECT score, applied FROM scores WHERE subject = ?");
  const addDelta = database.prepare("INSERT INTO deltas (id, subject, delta) VALUES (?, ?, ?)");
  const addToScore = database.prepare(`
    INSERT INTO scores (subject, score, applied) VALUES (?, ?, 1)
    ON CONFLICT (subject) DO UPDATE SET score = score + excluded.score, applied = applied + 1
  `);
  const touchProbe = database.prepare(`
    INSERT INTO probe (one, count) VALUES (1, 1) ON CONFLICT (one) DO UPDATE SET count = count + 1
  `);

  /** Takes the write lock at once: two instances that both read first could not both upgrade. */
  const transaction = (work) => {
    database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      database.exec("COMMIT");
      return result;
    } catch (error) {
      // SQLite has already rolled back after some errors (a full disk is one).
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  };

  return {
    apply: ({ id, subject, delta }) =>
      transaction(() => {
        const known = findDelta.get(id);
        if (known !== undefined) {
          const same = known.subject === subject && known.delta === delta;
          return same ? "repeated" : "conflict";
        }
        addDelta.run(id, subject, delta);
        addToScore.run(subject, delta);
        return "applied";
      }),
    score: (subject) => ({ subject, ...(findScore.get(subject) ?? { score: 0, applied: 0 }) }),
    delta: (id) => findDelta.get(id),
    probe: () => {
      transaction(() => touchProbe.run());
    },
    close: () => database.close(),
  };
}

/** SQLite does not wait for a lock in this one change, so instances that start together collide. */
function useWriteAheadLog(database) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      database.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      if (error.errcode !== SQLITE_BUSY || attempt === OPEN_ATTEMPTS) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, OPEN_PAUSE_MS);
    }
  }
}

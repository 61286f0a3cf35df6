/**
 * When is what was written on the disk?
 *
 * SQLite in WAL mode with `synchronous = NORMAL` writes commits to the `-wal` file and leaves the
 * disk to the kernel. One `fdatasync` of that file is all that a power cut demands, and one for
 * many commits is cheap; so it is done on demand, and by itself soon after a commit.
 *
 * Y1. At most `delayMs` after a commit a sync begins.
 * Y2. After a failed sync the kernel takes the pages for clean, and asking again would be answered
 *     with a lie. The WAL is carried over into the database instead, which writes the pages anew.
 * Y3. When that fails too, nothing is taken until it works.
 */
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { syncFolder } from "../../system/index.ts";
import type { Durability } from "./sql-store.ts";

const delayMs = 800;

export class SqliteSync implements Durability {
  readonly #database: DatabaseSync;
  readonly #path: string;
  #wal: FileHandle | undefined;
  #isDirty = false;
  #hasFailed = false;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
  }

  written(): void {
    this.#isDirty = true;
    this.#arm();
  }

  async ready(): Promise<void> {
    if (this.#hasFailed) await this.sync();
  }

  /** What is written while a sync runs may have come too late for it: then there is another. */
  async sync(): Promise<void> {
    while (this.#running !== undefined || this.#isDirty) {
      this.#running ??= this.#syncOnce().finally(() => {
        this.#running = undefined;
      });
      await this.#running;
    }
  }

  pause(): Promise<void> {
    return nextTurn();
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      await this.sync();
    } finally {
      await this.#wal?.close();
      this.#wal = undefined;
    }
  }

  #arm(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      // A failure is remembered: the next write meets it, and the timer tries again.
      this.sync().catch(() => this.#arm());
    }, delayMs).unref();
  }

  async #syncOnce(): Promise<void> {
    this.#isDirty = false;
    try {
      if (this.#hasFailed || !(await this.#syncWal())) this.#carryOver();
      this.#hasFailed = false;
    } catch (error) {
      this.#isDirty = true;
      this.#hasFailed = true;
      throw error;
    }
  }

  /** False when it failed, for whatever reason: the other way is the same for all of them. */
  async #syncWal(): Promise<boolean> {
    try {
      if (this.#wal === undefined) {
        this.#wal = await open(`${this.#path}-wal`, "r+");
        // Its name has to be on the disk as well.
        await syncFolder(dirname(this.#path));
      }
      await this.#wal.datasync();
      return true;
    } catch {
      return false;
    }
  }

  #carryOver(): void {
    const answer = this.#database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get();
    if (answer?.["busy"] !== 0) throw new Error("the WAL cannot be carried over now");
  }
}

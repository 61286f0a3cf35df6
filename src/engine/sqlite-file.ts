/**
 * One SQLite database of a store, opened by node's own SQLite when it is first asked for. It is
 * kept only once its tables are there: one that was locked just then is opened anew the next time.
 */
import { createRequire } from "node:module";
import type { DatabaseSync } from "node:sqlite";

export interface SqliteTraits {
  /** How long the whole process stands still for somebody else's lock, at the most. */
  readonly busyMs: number;
  /** `full`: what was committed outlives a loss of power. */
  readonly synchronous: "full" | "normal";
}

const usual: SqliteTraits = { busyMs: 2000, synchronous: "full" };

/** @param place of the database file, or a database that is open already and stays its owner's. */
export class SqliteFile {
  readonly #place: string | DatabaseSync;
  readonly #schema: string;
  readonly #traits: SqliteTraits;
  #opened: DatabaseSync | undefined;

  constructor(place: string | DatabaseSync, schema: string, traits: SqliteTraits = usual) {
    this.#place = place;
    this.#schema = schema;
    this.#traits = traits;
  }

  get name(): string {
    return typeof this.#place === "string" ? `SQLite ${this.#place}` : "SQLite";
  }

  /** Throws what SQLite throws. */
  database(): DatabaseSync {
    this.#opened ??= this.#prepared();
    return this.#opened;
  }

  close(): void {
    if (typeof this.#place === "string") this.#opened?.close();
    this.#opened = undefined;
  }

  #prepared(): DatabaseSync {
    const place = this.#place;
    if (typeof place !== "string") {
      place.exec(this.#schema);
      return place;
    }
    const sqlite = createRequire(import.meta.url)("node:sqlite") as typeof import("node:sqlite");
    const { busyMs, synchronous } = this.#traits;
    const db = new sqlite.DatabaseSync(place, { timeout: busyMs });
    try {
      db.exec(`pragma journal_mode = wal; pragma synchronous = ${synchronous}`);
      db.exec(this.#schema);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  }
}

import type { Kysely } from "kysely";
import type { Flavour } from "../flavour.ts";
import type { Tables } from "../schema.ts";

/**
 * One change of the format, and the way back. `down` loses no row: tables are set aside under
 * another name, and `up` takes them back.
 */
export interface Migration {
  readonly version: number;
  readonly name: string;
  up(db: Kysely<Tables>, flavour: Flavour): Promise<void>;
  down(db: Kysely<Tables>): Promise<void>;
}

const prefix = "kept_";

/** Gives the tables another name, so that nothing uses them any more. */
export async function setAside(db: Kysely<Tables>, tables: readonly string[]): Promise<void> {
  for (const table of tables) {
    await db.schema.alterTable(table).renameTo(`${prefix}${table}`).execute();
  }
}

/** False when nothing was set aside: the tables must be made. */
export async function takeBack(db: Kysely<Tables>, tables: readonly string[]): Promise<boolean> {
  const there = new Set((await db.introspection.getTables()).map((table) => table.name));
  if (!tables.every((table) => there.has(`${prefix}${table}`))) return false;
  for (const table of tables) {
    await db.schema.alterTable(`${prefix}${table}`).renameTo(table).execute();
  }
  return true;
}

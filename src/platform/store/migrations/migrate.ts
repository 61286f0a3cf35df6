/**
 * Which format has this database, and the steps to another one.
 *
 * V1. Every step and its note in `schema_version` are one transaction (where the database can).
 * V2. A format that is newer than this program is refused, never guessed at.
 */
import type { Kysely } from "kysely";
import { SoulMirrorError } from "../../../kernel/index.ts";
import type { Flavour } from "../flavour.ts";
import type { Tables } from "../schema.ts";
import { seedTables } from "./0001-seed-tables.ts";
import { journalTables } from "./0002-journal.ts";
import { baselineSketches } from "./0003-baseline-sketches.ts";
import type { Migration } from "./migration.ts";

const migrations: readonly Migration[] = [seedTables, journalTables, baselineSketches];

export const latestVersion: number = migrations.length;

/** 0 when nothing has been made yet. Throws STORE_TOO_NEW. */
export async function formatVersion(db: Kysely<Tables>): Promise<number> {
  const tables = await db.introspection.getTables();
  if (!tables.some((table) => table.name === "schema_version")) return 0;
  const row = await db
    .selectFrom("schema_version")
    .select((builder) => builder.fn.max("version").as("version"))
    .executeTakeFirst();
  const version = row?.version ?? 0;
  if (version <= latestVersion) return version;
  const message = `the store has format ${version}, this version reads up to ${latestVersion}`;
  const fix =
    "run the newer version of soulmirror, or take the format back with the newer version's " +
    `\`soulmirror db down --to ${latestVersion}\``;
  throw new SoulMirrorError("STORE_TOO_NEW", message, { fix });
}

/** Resolves with the version reached. */
export async function migrateUp(
  db: Kysely<Tables>,
  flavour: Flavour,
  to: number = latestVersion,
): Promise<number> {
  const from = await formatVersion(db);
  if (from === 0) {
    await db.schema
      .createTable("schema_version")
      .ifNotExists()
      .addColumn("version", flavour.integer, (column) => column.primaryKey())
      .addColumn("name", flavour.key, (column) => column.notNull())
      .execute();
  }
  for (const migration of migrations.slice(from, to)) {
    const { version, name } = migration;
    await db.transaction().execute(async (transaction) => {
      await migration.up(transaction, flavour);
      await transaction.insertInto("schema_version").values({ version, name }).execute();
    });
  }
  return Math.max(from, to);
}

/** Resolves with the version reached. No row is lost: `migrateUp` brings all of them back. */
export async function migrateDown(db: Kysely<Tables>, to: number): Promise<number> {
  const from = await formatVersion(db);
  for (const migration of migrations.slice(to, from).toReversed()) {
    await db.transaction().execute(async (transaction) => {
      await migration.down(transaction);
      await transaction
        .deleteFrom("schema_version")
        .where("version", "=", migration.version)
        .execute();
    });
  }
  return Math.min(from, to);
}

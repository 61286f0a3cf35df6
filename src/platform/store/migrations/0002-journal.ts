/** The journal, and what is derived from it besides the seed's tables. */
import { type Migration, setAside, takeBack } from "./migration.ts";

const tables = ["journal", "incidents", "checkpoints"] as const;

export const journalTables: Migration = {
  version: 2,
  name: "journal",
  async up(db, { integer, key, text }) {
    if (await takeBack(db, tables)) return;
    await db.schema
      .createTable("journal")
      .addColumn("position", integer, (column) => column.primaryKey())
      .addColumn("id", key, (column) => column.notNull())
      .addColumn("at", integer, (column) => column.notNull())
      .addColumn("kind", key, (column) => column.notNull())
      .addColumn("entry", text, (column) => column.notNull())
      .addColumn("seal", text, (column) => column.notNull())
      .execute();
    await db.schema
      .createTable("incidents")
      .addColumn("id", key, (column) => column.primaryKey().notNull())
      .addColumn("opened_at", integer, (column) => column.notNull())
      .addColumn("cause", text, (column) => column.notNull())
      .addColumn("title", text, (column) => column.notNull())
      .addColumn("severity", text, (column) => column.notNull())
      .addColumn("state", text, (column) => column.notNull())
      .addColumn("live", integer, (column) => column.notNull())
      .addColumn("resolved_at", integer)
      .addColumn("relapses", integer, (column) => column.notNull())
      .addColumn("incident", text, (column) => column.notNull())
      .addColumn("updated_at", integer, (column) => column.notNull())
      .execute();
    await db.schema.createIndex("incidents_live_idx").on("incidents").column("live").execute();
    await db.schema
      .createTable("checkpoints")
      .addColumn("position", integer, (column) => column.primaryKey())
      .addColumn("state", text, (column) => column.notNull())
      .execute();
  },
  down: (db) => setAside(db, tables),
};

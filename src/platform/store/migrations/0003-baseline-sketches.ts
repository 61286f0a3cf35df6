/** What baselines are made of, so that they outlive a daemon; and how much time each row covers. */
import { type Migration, setAside, takeBack } from "./migration.ts";

const tables = ["baseline_sketches"] as const;

export const baselineSketches: Migration = {
  version: 3,
  name: "baseline-sketches",
  async up(db, { counted, integer, key, text }) {
    // The one column that the seed's table does not have; its rows are written without it as well.
    await db.schema.alterTable("system_health_baselines").addColumn("covers_ms", integer).execute();
    if (await takeBack(db, tables)) return;
    await db.schema
      .createTable("baseline_sketches")
      .addColumn("id", counted.type, counted.column)
      .addColumn("source", key, (column) => column.notNull())
      .addColumn("metric_name", key, (column) => column.notNull())
      .addColumn("unit", key, (column) => column.notNull())
      .addColumn("sketch", text, (column) => column.notNull())
      .addColumn("calculated_at", integer, (column) => column.notNull())
      .addColumn("valid_until", integer, (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex("baseline_sketches_metric_idx")
      .on("baseline_sketches")
      .columns(["source", "metric_name"])
      .execute();
  },
  async down(db) {
    await db.schema.alterTable("system_health_baselines").dropColumn("covers_ms").execute();
    await setAside(db, tables);
  },
};

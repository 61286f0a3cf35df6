/**
 * Where databases differ, and nothing else: the words of a table's definition. Queries are written
 * once, in SQL that SQLite, PostgreSQL and MySQL all understand.
 */
import { type ColumnDefinitionBuilder, type Expression, sql } from "kysely";

type Column = (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder;
type ColumnType = "integer" | "text" | "real";

export interface Flavour {
  readonly name: string;
  /** A primary key that the database counts up and never gives twice. */
  readonly counted: { readonly type: ColumnType; readonly column: Column };
  readonly integer: ColumnType;
  /** Text that stands in an index. */
  readonly key: ColumnType;
  readonly text: ColumnType;
  readonly real: ColumnType;
  /** Wall milliseconds at the time of writing. */
  readonly nowMs: Expression<number>;
}

export const sqliteFlavour: Flavour = {
  name: "sqlite",
  counted: { type: "integer", column: (column) => column.primaryKey().autoIncrement() },
  integer: "integer",
  key: "text",
  text: "text",
  real: "real",
  nowMs: sql<number>`(unixepoch() * 1000)`,
};

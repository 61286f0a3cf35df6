/**
 * Do the tables say what the journal says? People and programs read them in its place, and no seal
 * protects them. So the journal is replayed into tables of its own, and both are compared row by
 * row and column by column.
 *
 * T1. Only entries that are proven already count.
 * T2. A row may be missing when the retention can have taken it, and only then.
 * T3. The beginning of the journal may have been pruned. Rows that are older than it are counted
 *     and not judged. Of one that began before and went on, what only its beginning could tell
 *     (when it was made, an earlier verdict) is not compared.
 */
import type { Kysely } from "kysely";
import {
  type ComparedTable,
  comparedTables,
  pagesOf,
  type Row,
  rowsWith,
} from "./compared-tables.ts";
import { type Replayed, replayTables } from "./replay-tables.ts";
import type { Tables } from "./schema.ts";

export interface TableVerification {
  /** What is wrong first, in one sentence for people. */
  readonly finding?: string;
  /** How many rows are wrong. */
  readonly wrong: number;
  /** Rows that are as the journal says. */
  readonly rows: number;
  /** Rows that are older than the journal, of which it says nothing. */
  readonly older: number;
}

export interface Comparing {
  /** In one state, whoever writes meanwhile. */
  readonly stored: Kysely<Tables>;
  /** Empty. */
  readonly replayed: Kysely<Tables>;
  /** The first position whose entry is proven. */
  readonly from: number;
}

interface Known extends Comparing, Replayed {
  readonly note: (what: string) => void;
}

export async function verifyTables(comparing: Comparing): Promise<TableVerification> {
  const found: string[] = [];
  let wrong = 0;
  const note = (what: string): void => {
    wrong += 1;
    if (found.length === 0) found.push(what);
  };
  const known = { ...comparing, note, ...(await replayTables({ ...comparing, note })) };
  let [rows, older] = [0, 0];
  for (const table of comparedTables) {
    const checked = await checkStored(known, table);
    rows += checked.rows;
    older += checked.older;
    await checkMissing(known, table);
  }
  const [finding] = found;
  return { ...(finding === undefined ? {} : { finding }), wrong, rows, older };
}

async function checkStored(
  known: Known,
  table: ComparedTable,
): Promise<Pick<TableVerification, "rows" | "older">> {
  let [rows, older] = [0, 0];
  for await (const page of pagesOf(known.stored, table)) {
    const keys = page.map((row) => row[table.key]);
    const expected = await rowsWith(known.replayed, table, keys);
    for (const row of page) {
      const other = expected.get(row[table.key]);
      const wrong = other && differences(known, table, [row, other]);
      if (wrong?.length === 0) rows += 1;
      else if (wrong)
        known.note(`${wrong.join(", ")} of ${named(table, row)} is not what the journal says`);
      else if (beginsBefore(known, table, row)) older += 1;
      else known.note(`the journal knows nothing of ${named(table, row)}`);
    }
  }
  return { rows, older };
}

/** Keeps T2. */
async function checkMissing(known: Known, table: ComparedTable): Promise<void> {
  const { stored, replayed, strays, note } = known;
  for await (const page of pagesOf(replayed, table)) {
    const keys = page.map((row) => row[table.key]);
    const there = await rowsWith(stored, table, keys);
    for (const row of page.filter((each) => !there.has(each[table.key]))) {
      const failure = strays.get(row[table.key]);
      const whole = failure === undefined ? row : { ...row, failure_event: failure };
      if (await table.isMissed(stored, whole)) note(`${named(table, row)} is missing`);
    }
  }
}

/** The columns in which a row is not as expected. */
function differences(
  known: Known,
  table: ComparedTable,
  [row, expected]: readonly [Row, Row],
): readonly string[] {
  const isCut = beginsBefore(known, table, expected);
  return Object.keys(expected).filter((column) => {
    if (row[column] === expected[column]) return false;
    if (column === "failure_event") return row[column] !== known.strays.get(row[table.key]);
    if (!isCut) return true;
    return column === "result"
      ? withoutVerdict(row[column]) !== expected[column]
      : column !== "created_at";
  });
}

/** Keeps T3. */
function beginsBefore({ from, fromAt }: Known, table: ComparedTable, row: Row): boolean {
  return from > 1 && Number(row[table.begun]) <= fromAt;
}

function withoutVerdict(result: unknown): string | undefined {
  try {
    const { verdict: _verdict, ...rest } = JSON.parse(String(result)) as Row;
    return JSON.stringify(rest);
  } catch {
    // No JSON is not as it was written, whatever else it is.
    return undefined;
  }
}

function named({ name, key }: ComparedTable, row: Row): string {
  return `${String(row[key])} in the table ${name}`;
}

/**
 * Writes the tables once more, from the journal alone, by the code that wrote them first. On the
 * way each row of the journal is held against what would be written for its entry: the seal binds
 * the entry, and nothing else of the row (its `kind`, a member that stands in the text twice).
 */
import { isDeepStrictEqual } from "node:util";
import type { Kysely, Selectable } from "kysely";
import { project } from "../../knowledge/index.ts";
import { applyChange } from "./apply-change.ts";
import { fromSealed, toSealed } from "./row-shapes.ts";
import type { JournalTable, Tables } from "./schema.ts";

export interface Replaying {
  readonly stored: Kysely<Tables>;
  /** Empty. */
  readonly replayed: Kysely<Tables>;
  /** The first position whose entry is proven: those before it only have to be readable. */
  readonly from: number;
  /** Told what is wrong with a row of the journal. */
  readonly note: (what: string) => void;
}

export interface Replayed {
  /** When the first entry that is proven was written. */
  readonly fromAt: number;
  /** Actions whose failure the journal does not have, and that failure. */
  readonly strays: ReadonlyMap<unknown, string>;
}

const pageRows = 500;

export async function replayTables(replaying: Replaying): Promise<Replayed> {
  const { stored, replayed, from, note } = replaying;
  const strays = new Map<unknown, string>();
  let fromAt = Number.POSITIVE_INFINITY;
  for (let next = 0; ; ) {
    const page = await journalPage(stored, next);
    const last = page.at(-1);
    if (last === undefined) return { fromAt, strays };
    next = last.position + 1;
    for (const row of page) {
      const what = oddityOf(row);
      if (what !== undefined) note(what);
    }
    const proven = page.filter(({ position }) => position >= from);
    fromAt = Math.min(fromAt, proven[0]?.at ?? fromAt);
    await replayed.transaction().execute(async (db) => {
      for (const row of proven) await replayRow(db, row, strays);
    });
  }
}

function journalPage(db: Kysely<Tables>, from: number): Promise<Selectable<JournalTable>[]> {
  return db
    .selectFrom("journal")
    .selectAll()
    .where("position", ">=", from)
    .orderBy("position")
    .limit(pageRows)
    .execute();
}

function oddityOf(row: Selectable<JournalTable>): string | undefined {
  const written = fromSealed(toSealed(row));
  const { position, kind } = row;
  if (kind !== written.kind) {
    return `entry ${position} is of kind ${written.kind}, and its column says ${kind}`;
  }
  if (isDeepStrictEqual({ ...row }, written)) return undefined;
  return `the text of entry ${position} is not the one that was written, though it means the same`;
}

async function replayRow(
  db: Kysely<Tables>,
  row: Selectable<JournalTable>,
  strays: Map<unknown, string>,
): Promise<void> {
  for (const change of project(toSealed(row))) {
    if (change.kind === "put_action" && change.eventId !== null) {
      const find = db.selectFrom("failure_events").select("id");
      const failure = await find.where("event_id", "=", change.eventId).executeTakeFirst();
      if (failure === undefined) strays.set(change.row.actionId, change.eventId);
    }
    await applyChange(db, change);
  }
}

/** An audit of the store: the tables are held against the journal that they are derived from. */
import { rmSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Entry, Store } from "../../src/model/index.ts";
import { openAuditedStore, openSqliteStore, sqliteFormat } from "../../src/platform/store/index.ts";
import { temporaryFolder } from "../afterwards.ts";
import {
  actionOf,
  anyEntry,
  failureOf,
  incidentOf,
  notes,
  sealAll,
  startAt,
} from "../conformance/entries.ts";

const day = 86_400_000;

class AuditBench implements AsyncDisposable {
  readonly #folder = temporaryFolder("store-audit");
  readonly path = join(this.#folder, "store.db");
  store!: Store;

  static async with(entries: readonly Entry[]): Promise<AuditBench> {
    const bench = new AuditBench();
    bench.store = await openSqliteStore(bench.path);
    await bench.store.append(sealAll(entries));
    return bench;
  }

  /** By somebody who has the file, and no key. */
  edit(sql: string): void {
    const database = new DatabaseSync(this.path);
    database.exec(sql);
    database.close();
  }

  async audit(from = 1) {
    const audited = await openAuditedStore(this.path);
    try {
      return await audited.verifyTables(from);
    } finally {
      await audited.close();
    }
  }

  files(): Promise<readonly string[]> {
    return readdir(this.#folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
  }
}

function failed(number: number, at: number): readonly Entry[] {
  const failure = failureOf(`flr_${number}`, { at });
  const resolved = { kind: "resolved", at, by: `act_${number}` } as const;
  return [
    { kind: "failure_raised", failure },
    { kind: "incident", incident: incidentOf(`inc_${number}`) },
    { kind: "action", action: actionOf(`act_${number}`, failure.id) },
    {
      kind: "action",
      action: actionOf(`act_${number}`, failure.id, { kind: "succeeded", elapsedMs: 9 }),
    },
    { kind: "action", action: actionOf(`ask_${number}`, undefined) },
    {
      kind: "action",
      action: actionOf(`ask_${number}`, undefined, { kind: "succeeded", elapsedMs: 7 }),
    },
    {
      kind: "verdict",
      verdict: { at, failure: failure.id, action: `act_${number}`, healed: true, reason: "ok" },
    },
    { kind: "failure_resolved", failure: failure.id, reason: "ok" },
    { kind: "incident", incident: incidentOf(`inc_${number}`, resolved) },
  ];
}

/** A failure that is over does not come again: the next one has another id. */
function onceResolved(entries: readonly Entry[]): readonly Entry[] {
  const over = new Set<string>();
  return entries.map((entry) => {
    if (entry.kind === "failure_resolved") over.add(entry.failure);
    const isAgain = entry.kind === "failure_raised" && over.has(entry.failure.id);
    return isAgain ? { kind: "request", by: "ann", what: entry.failure.id } : entry;
  });
}

test("whatever was written is as the journal says", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyEntry, { maxLength: 40 }), async (entries) => {
      await using bench = await AuditBench.with(entries);
      const verification = await bench.audit();
      expect(verification).toMatchObject({ wrong: 0, older: 0 });
      expect(verification).not.toHaveProperty("finding");
    }),
    { numRuns: 25 },
  );
});

test("a journal whose beginning was pruned accuses nobody, and counts what is older", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyEntry, { minLength: 2, maxLength: 40 }),
      fc.integer({ min: 1, max: 39 }),
      async (any, cut) => {
        const entries = onceResolved(any);
        await using bench = await AuditBench.with(entries);
        const from = Math.min(cut, entries.length);
        const tables = [
          ...(await bench.store.failures({ limit: 100 })),
          ...(await bench.store.actions({ limit: 100 })),
          ...(await bench.store.incidents({ limit: 100 })),
        ];
        bench.edit(`DELETE FROM journal WHERE position < ${from}`);
        const { wrong, rows, older } = await bench.audit(from + 1);
        expect(wrong).toBe(0);
        expect(rows + older).toBe(tables.length);
      },
    ),
    { numRuns: 25 },
  );
});

test.each([
  ["UPDATE incidents SET title = 'nothing'", "title of inc_1 in the table incidents"],
  ["UPDATE incidents SET live = 1, state = 'open'", "state, live of inc_1"],
  ["UPDATE incidents SET incident = replace(incident, 'down', 'up')", "incident of inc_1"],
  ["UPDATE failure_events SET error_message = 'all is well'", "error_message of flr_1"],
  ["UPDATE failure_events SET resolved = 0 WHERE event_id = 'flr_1'", "resolved of flr_1"],
  ["UPDATE recovery_actions SET triggered_by = 'eve'", "triggered_by of act_1"],
  ["UPDATE recovery_actions SET result = replace(result, 'true', 'false')", "result of act_1"],
  [
    "UPDATE recovery_actions SET failure_event_id = NULL WHERE action_id = 'act_1'",
    "failure_event of act_1",
  ],
  ["UPDATE incidents SET id = 'inc_9' WHERE id = 'inc_1'", "knows nothing of inc_9"],
  ["DELETE FROM incidents WHERE id = 'inc_2'", "inc_2 in the table incidents is missing"],
  ["DELETE FROM recovery_actions WHERE action_id = 'act_1'", "act_1 in the table recovery"],
  ["DELETE FROM recovery_actions WHERE action_id = 'ask_2'", "ask_2 in the table recovery"],
  ["UPDATE journal SET kind = 'gap' WHERE position = 2", "entry 2 is of kind incident"],
  [
    `UPDATE journal SET entry = '{"kind":"gap",' || substr(entry, 2) WHERE position = 2`,
    "the text of entry 2 is not the one that was written",
  ],
])("%s is found", async (sql, what) => {
  await using bench = await AuditBench.with([...failed(1, startAt), ...failed(2, startAt + 1)]);
  expect(await bench.audit()).toEqual({ wrong: 0, rows: 8, older: 0 });
  bench.edit(sql);
  const { finding, wrong } = await bench.audit();
  expect(finding).toContain(what);
  expect(wrong).toBeGreaterThan(0);
});

test("a row is not taken for older than the journal because its beginning was pruned", async () => {
  const later = startAt + 7 * day;
  await using bench = await AuditBench.with([...failed(1, startAt), ...failed(2, later)]);
  bench.edit("DELETE FROM journal WHERE position < 4");
  // Of the first one the journal still has how its action ended.
  expect(await bench.audit(5)).toMatchObject({ wrong: 0, rows: 6, older: 2 });
  bench.edit(`
    UPDATE failure_events SET event_id = 'flr_0' WHERE event_id = 'flr_2';
    UPDATE failure_events SET timestamp = ${later} WHERE event_id = 'flr_1';
    UPDATE recovery_actions SET triggered_by = 'eve' WHERE action_id = 'ask_1';
  `);
  // The action of the second failure has lost it, and the failure itself is missing.
  expect(await bench.audit(5)).toMatchObject({ wrong: 5 });
});

test("what the retention took is not missed, and what it cannot have taken is", async () => {
  const early = startAt - 9 * day;
  await using bench = await AuditBench.with([
    ...failed(1, early),
    { kind: "failure_raised", failure: failureOf("flr_open", { at: early }) },
    ...failed(2, startAt),
  ]);
  const { store } = bench;
  const before = { metricsBefore: 0, entriesBefore: 0, failuresBefore: startAt - day };
  expect(await store.prune(before)).toBe(3);
  expect(await bench.audit()).toMatchObject({ wrong: 0, rows: 6 });
  bench.edit("DELETE FROM failure_events WHERE event_id = 'flr_open'");
  expect(await bench.audit()).toMatchObject({
    finding: "flr_open in the table failure_events is missing",
  });
});

test("it writes nothing, and sees the state of one moment while others write", async () => {
  await using bench = await AuditBench.with(failed(1, startAt));
  const audited = await openAuditedStore(bench.path);
  const entries = sealAll([...failed(1, startAt), ...notes(5)]);
  await bench.store.append(entries);
  bench.edit("UPDATE incidents SET title = 'nothing'");
  expect((await audited.last())?.position).toBe(9);
  expect(await audited.verifyTables(1)).toMatchObject({ wrong: 0, rows: 4 });
  await audited.close();
  expect(await bench.audit()).toMatchObject({ wrong: 1 });
  await bench.store.close();
  const files = await bench.files();
  await bench.audit();
  expect(await bench.files()).toEqual(files);
  bench.store = await openSqliteStore(bench.path);
});

test("a store of another format, and what is none, are refused with what to do", async () => {
  await using bench = await AuditBench.with(notes(3));
  await bench.store.close();
  await sqliteFormat(bench.path, 2);
  await expect(bench.audit()).rejects.toMatchObject({
    code: "CONFLICT",
    fix: "run `soulmirror db up` first",
  });
  writeFileSync(bench.path, "not a database, but long enough to be taken for one".repeat(99));
  await expect(bench.audit()).rejects.toMatchObject({ code: "STORE_DAMAGED" });
  rmSync(bench.path);
  bench.store = await openSqliteStore(bench.path);
});

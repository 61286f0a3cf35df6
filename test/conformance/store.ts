/** What every store promises (the contract is in `src/model/storing.ts`), as one suite. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createMemoryStore, verifyChain, verifyJournal } from "../../src/knowledge/index.ts";
import type { BaselineRow, BreakerRow, MetricRow, Store } from "../../src/model/index.ts";
import {
  actionOf,
  anyEntry,
  failureOf,
  incidentOf,
  mac,
  notes,
  sealAll,
  startAt,
} from "./entries.ts";

/** An empty store, and what takes it away again. */
export interface StoreScene extends AsyncDisposable {
  readonly store: Store;
}

export function storeConformance(name: string, open: () => Promise<StoreScene>): void {
  describe(`the store: ${name}`, () => {
    journalTests(open);
    tableTests(open);
    seriesTests(open);
    sketchTests(open);
    retentionTests(open);
    referenceTests(open);
  });
}

type Open = () => Promise<StoreScene>;

function journalTests(open: Open): void {
  test("gives entries back in order and by pages, with the chain intact", async () => {
    await using scene = await open();
    const sealed = sealAll(notes(120));
    expect(await scene.store.last()).toBeUndefined();
    expect(await scene.store.append(sealed.slice(0, 50))).toBe("store");
    await scene.store.append(sealed.slice(50));
    await scene.store.sync();
    expect(await scene.store.last()).toEqual(sealed[119]);
    expect(await scene.store.read(1, 1000)).toEqual(sealed);
    expect(await scene.store.read(101, 10)).toEqual(sealed.slice(100, 110));
    expect(verifyChain(await scene.store.read(1, 1000), mac)).toMatchObject({ proven: 120 });
  });

  test("takes the same entry twice as once, and rejects another in its place", async () => {
    await using scene = await open();
    const sealed = sealAll(notes(5));
    await scene.store.append(sealed.slice(0, 4));
    await scene.store.append(sealed.slice(2));
    expect(await scene.store.read(1, 10)).toEqual(sealed);
    const others = sealAll(notes(6, "other"));
    const rejected = { code: "CONFLICT" };
    await expect(scene.store.append(others)).rejects.toMatchObject(rejected);
    expect(await scene.store.read(1, 10)).toEqual(sealed);
  });

  test("rejects a hole and keeps nothing of that call", async () => {
    await using scene = await open();
    const sealed = sealAll([
      ...notes(3),
      { kind: "failure_raised", failure: failureOf("flr_1") },
      ...notes(3),
    ]);
    await scene.store.append(sealed.slice(0, 3));
    const holed = [...sealed.slice(3, 5), ...sealed.slice(6)];
    await expect(scene.store.append(holed)).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await scene.store.last()).toEqual(sealed[2]);
    expect(await scene.store.failures({ limit: 10 })).toEqual([]);
  });

  test("carries calls out in the order in which they were made", async () => {
    await using scene = await open();
    const sealed = sealAll(notes(60));
    const calls = sealed.map((each) => scene.store.append([each]));
    const last = await scene.store.last();
    expect(last).toEqual(sealed[59]);
    await Promise.all(calls);
  });
}

function tableTests(open: Open): void {
  test("derives failures, actions and incidents from the entries", async () => {
    await using scene = await open();
    const { store } = scene;
    await store.append(
      sealAll([
        { kind: "failure_raised", failure: failureOf("flr_1") },
        { kind: "incident", incident: incidentOf("inc_1") },
        { kind: "action", action: actionOf("act_1", "flr_1") },
        {
          kind: "action",
          action: actionOf("act_1", "flr_1", { kind: "succeeded", elapsedMs: 38 }),
        },
        {
          kind: "verdict",
          verdict: { at: 1, failure: "flr_1", action: "act_1", healed: true, reason: "ok" },
        },
        { kind: "failure_resolved", failure: "flr_1", reason: "ok" },
        { kind: "incident", incident: incidentOf("inc_2", { kind: "resolved", at: 5, by: "-" }) },
        { kind: "action", action: actionOf("act_2", undefined) },
      ]),
    );
    const [failure] = await store.failures({ limit: 10 });
    expect(failure).toMatchObject({
      eventId: "flr_1",
      affectedService: "shop",
      failureCategory: "availability",
      severity: "high",
      errorMessage: "it exited with code 1",
      context: { resource: "instance/shop.1", evidence: ["exit 1"] },
      resolved: true,
      resolvedAt: startAt + 5000,
      createdAt: startAt,
    });
    const [second, first] = await store.actions({ limit: 10 });
    expect(first).toMatchObject({
      actionId: "act_1",
      failureEventId: failure?.id,
      actionType: "restart",
      actionStrategy: "restart",
      status: "succeeded",
      automated: true,
      triggeredBy: "system",
      durationMs: 38,
      completedAt: startAt + 3000,
      createdAt: startAt + 2000,
      result: { state: "succeeded", verdict: { healed: true } },
    });
    expect(second).toMatchObject({
      actionId: "act_2",
      failureEventId: null,
      automated: false,
      triggeredBy: "ann",
    });
    expect(await store.incidents({ limit: 10, live: true })).toEqual([incidentOf("inc_1")]);
    expect(await store.incidents({ limit: 10, before: "inc_2" })).toHaveLength(1);
    expect(await store.incidents({ limit: 10, id: "inc_2" })).toHaveLength(1);
  });

  test("pages from the newest to the oldest", async () => {
    await using scene = await open();
    const { store } = scene;
    const failures = Array.from({ length: 25 }, (_, index) => failureOf(`flr_${index}`));
    await store.append(sealAll(failures.map((failure) => ({ kind: "failure_raised", failure }))));
    const seen: string[] = [];
    let before: number | undefined;
    for (let page = 0; page < 3; page += 1) {
      const rows = await store.failures({ limit: 10, ...(before ? { before } : {}) });
      seen.push(...rows.map((row) => row.eventId));
      before = rows.at(-1)?.id;
    }
    expect(seen).toEqual(failures.map(({ id }) => id).toReversed());
    expect(await store.failures({ limit: 10, eventId: "flr_7" })).toHaveLength(1);
    expect(await store.failures({ limit: 10, resolved: true })).toHaveLength(0);
    expect(await store.failures({ limit: 3, service: "shop", resolved: false })).toHaveLength(3);
  });
}

export function metricAt(timestamp: number, more: Partial<MetricRow> = {}): MetricRow {
  return {
    timestamp,
    metricType: "memory",
    metricName: "memory.rss",
    value: 12.5,
    unit: "bytes",
    tags: null,
    source: "instance/shop.1",
    ...more,
  };
}

function seriesTests(open: Open): void {
  test("keeps metrics and finds them by time, source and name", async () => {
    await using scene = await open();
    const { store } = scene;
    const rows = Array.from({ length: 230 }, (_, index) =>
      metricAt(index, index % 2 === 0 ? {} : { source: "host/here", tags: { zone: "a" } }),
    );
    await store.writeMetrics(rows.slice(0, 130));
    await store.writeMetrics(rows.slice(130));
    const all = await store.metrics({ fromAt: 0, toAt: 1000, limit: 1000 });
    expect(all).toEqual(rows);
    const some = await store.metrics({ source: "host/here", fromAt: 10, toAt: 20, limit: 3 });
    expect(some.map((row) => row.timestamp)).toEqual([11, 13, 15]);
    expect(
      await store.metrics({ metricName: "cpu.percent", fromAt: 0, toAt: 99, limit: 3 }),
    ).toEqual([]);
  });

  test("replaces baselines and breakers of the same key", async () => {
    await using scene = await open();
    const { store } = scene;
    await store.writeBaselines([baselineOf("a", 1), baselineOf("b", 2)]);
    await store.writeBaselines([baselineOf("a", 3)]);
    expect(await store.baselines()).toEqual([baselineOf("a", 3), baselineOf("b", 2)]);
    expect(await store.baselines("b")).toEqual([baselineOf("b", 2)]);
    await store.writeBreakers([breakerOf("pay", "closed"), breakerOf("mail", "open")]);
    await store.writeBreakers([breakerOf("pay", "half_open")]);
    expect(await store.breakers()).toEqual([
      breakerOf("mail", "open"),
      breakerOf("pay", "half_open"),
    ]);
  });
}

function sketchTests(open: Open): void {
  const sketchOf = (source: string, sketch: string, validUntil = startAt) =>
    ({
      source,
      metricName: "memory.rss",
      unit: "bytes",
      sketch,
      calculatedAt: startAt,
      validUntil,
    }) as const;

  test("keeps one sketch of a series, and gives them page by page, newest first", async () => {
    await using scene = await open();
    const { store } = scene;
    await store.writeSketches([sketchOf("host/a", "1"), sketchOf("host/b", "2")]);
    await store.writeSketches([sketchOf("host/c", "3"), sketchOf("host/a", "\u0100\u01ff")]);
    const page = await store.sketches({ limit: 2 });
    expect(page).toMatchObject([sketchOf("host/a", "\u0100\u01ff"), sketchOf("host/c", "3")]);
    const rest = await store.sketches({ limit: 2, before: page[1]?.id ?? 0 });
    expect(rest).toMatchObject([sketchOf("host/b", "2")]);
  });

  test("prunes the baselines of series that are no longer there", async () => {
    await using scene = await open();
    const { store } = scene;
    const gone = startAt - 10;
    await store.writeBaselines([{ ...baselineOf("a", 1), validUntil: gone }, baselineOf("b", 2)]);
    await store.writeSketches([sketchOf("host/a", "1", gone), sketchOf("host/b", "2")]);
    const retention = { metricsBefore: startAt, failuresBefore: 0, entriesBefore: 0 };
    expect(await store.prune({ ...retention, metricsBefore: gone })).toBe(0);
    expect(await store.prune(retention)).toBe(2);
    expect((await store.baselines()).map(({ source }) => source)).toEqual(["b"]);
    const left = await store.sketches({ limit: 9 });
    expect(left.map(({ source }) => source)).toEqual(["host/b"]);
  });
}

function retentionTests(open: Open): void {
  test("prunes by age, but neither what is open nor what follows the checkpoint", async () => {
    await using scene = await open();
    const { store } = scene;
    const entries = [
      { kind: "failure_raised" as const, failure: failureOf("flr_1") },
      { kind: "failure_raised" as const, failure: failureOf("flr_2") },
      { kind: "action" as const, action: actionOf("act_1", "flr_1") },
      { kind: "action" as const, action: actionOf("act_2", "flr_2") },
      { kind: "failure_resolved" as const, failure: "flr_1", reason: "ok" },
      ...notes(1500),
    ];
    await store.append(sealAll(entries));
    await store.writeMetrics([metricAt(1), metricAt(2), metricAt(3)]);
    const late = startAt + 10_000_000;
    const none = { metricsBefore: 0, failuresBefore: 0, entriesBefore: late };
    expect(await store.prune(none)).toBe(0);
    expect(await store.loadCheckpoint()).toBeUndefined();
    const { at: first } = (await store.read(1, 1))[0] ?? {};
    expect(await store.oldest()).toEqual({ metric: 1, failure: startAt, entry: first });
    await store.saveCheckpoint(700, "older");
    await store.saveCheckpoint(1200, "the state");
    expect(await store.loadCheckpoint()).toEqual({ position: 1200, state: "the state" });
    expect(await store.prune({ ...none, metricsBefore: 3, failuresBefore: late })).toBe(1203);
    const [kept] = await store.read(1, 1);
    expect(kept?.position).toBe(1200);
    expect(await store.oldest()).toEqual({ metric: 3, failure: undefined, entry: kept?.at });
    expect((await store.failures({ limit: 9 })).map((row) => row.eventId)).toEqual(["flr_2"]);
    expect((await store.actions({ limit: 9 })).map((row) => row.actionId)).toEqual(["act_2"]);
    const rest = await store.read(1, 10_000);
    expect(await verifyJournal(store, mac)).toEqual(verifyChain(rest, mac));
    expect(verifyChain(rest, mac)).toMatchObject({ from: 1200, to: 1505, proven: 305 });
  });
}

function referenceTests(open: Open): void {
  test("answers like the reference, whatever was written", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(anyEntry, { maxLength: 12 }), { maxLength: 5 }),
        async (batches) => {
          await using scene = await open();
          const reference = createMemoryStore();
          let sealed = sealAll([]);
          for (const batch of batches) {
            const fresh = sealAll(batch, sealed.at(-1));
            sealed = [...sealed, ...fresh];
            await scene.store.append(fresh);
            await reference.append(fresh);
          }
          const [actual, expected] = [await answers(scene.store), await answers(reference)];
          expect(actual).toEqual(expected);
          expect(verifyChain(await scene.store.read(1, 1000), mac).finding).toBeUndefined();
        },
      ),
      { numRuns: 15 },
    );
  });
}

async function answers(store: Store): Promise<unknown> {
  return {
    entries: await store.read(1, 1000),
    last: await store.last(),
    failures: await store.failures({ limit: 100 }),
    open: await store.failures({ limit: 4, resolved: false }),
    actions: await store.actions({ limit: 100 }),
    ofOne: await store.actions({ limit: 100, failureEventId: 1 }),
    incidents: await store.incidents({ limit: 100 }),
    live: await store.incidents({ limit: 100, live: true, before: "inc_4" }),
  };
}

function baselineOf(source: string, mean: number): BaselineRow {
  const numbers = { mean, median: 2, stdDev: 0.5, p50: 2, p95: 3, p99: 4, min: 1, max: 5 };
  return {
    metricType: "memory",
    metricName: "memory.rss",
    source,
    timeWindow: "1h",
    ...numbers,
    sampleCount: 60,
    calculatedAt: startAt,
    validUntil: startAt + 1,
    coversMs: mean > 1 ? 1_800_000 : null,
  };
}

function breakerOf(circuitName: string, state: BreakerRow["state"]): BreakerRow {
  return {
    circuitName,
    state,
    failureCount: 1,
    successCount: 2,
    lastFailureAt: 3,
    lastSuccessAt: null,
    openedAt: 4,
    nextRetryAt: null,
    configuration: { timeout: 5 },
    updatedAt: 6,
  };
}

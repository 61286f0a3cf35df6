import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Instant } from "../kernel/index.ts";
import type { MetricRow, Observation, ResourceId, Sample } from "../model/index.ts";
import { createRollUp, due, forgetRollUp, rollUp } from "./roll-up.ts";

function at(monotonicMs: number): Instant {
  return { monotonicMs, wallMs: 1_700_000_000_000 + monotonicMs };
}

function sampled(resource: ResourceId, samples: readonly Sample[], ms: number): Observation {
  return { resource, sensor: "usage", at: ms, begunMs: ms, reading: { kind: "samples", samples } };
}

function bytes(value: number, series = "memory.rss"): Sample {
  return { series, value, unit: "bytes" };
}

const countOf = (row: MetricRow): number => Number(row.tags?.["count"]);
const windowOf = (row: MetricRow): number => Number.parseInt(row.tags?.["window"] ?? "", 10);

describe("roll-up", () => {
  it("ten seconds of samples become one row", () => {
    const state = createRollUp();
    const rows: MetricRow[] = [];
    for (let ms = 0; ms <= 10_000; ms += 250) {
      const observation = sampled("instance/shop.1", [bytes(1000 + ms)], ms);
      rows.push(...rollUp(state, [observation], at(ms)).rows);
    }
    expect(rows).toEqual([
      {
        timestamp: 1_700_000_010_000,
        metricType: "memory",
        metricName: "memory.rss",
        value: 6000,
        unit: "bytes",
        tags: { window: "10s", count: "41", min: "1000", max: "11000" },
        source: "instance/shop.1",
      },
    ]);
  });

  it("takes the time of good checks and the work that waits, and nothing else", () => {
    const state = createRollUp();
    const common = { resource: "service/shop", at: 0, begunMs: 0 } as const;
    const check = { kind: "check", elapsedMs: 12, reason: "200" } as const;
    const work = { kind: "work", counter: "exports", done: 7, waiting: 3 } as const;
    rollUp(
      state,
      [
        { ...common, sensor: "http", reading: { ...check, ok: true } },
        { ...common, sensor: "http", reading: { ...check, ok: false, elapsedMs: 5000 } },
        { ...common, sensor: "work", reading: work },
        {
          ...common,
          sensor: "log",
          reading: { kind: "occurrence", name: "x", count: 1, reason: "" },
        },
      ],
      at(0),
    );
    const { rows } = rollUp(state, [], at(10_000));
    expect(rows.map((row) => [row.metricType, row.metricName, row.value, row.unit])).toEqual([
      ["http", "http.elapsed", 12, "ms"],
      ["exports", "exports.waiting", 3, "count"],
    ]);
  });

  it("asks to be woken when there is something, and not otherwise", () => {
    const state = createRollUp();
    expect(rollUp(state, [], at(0))).toEqual({ rows: [], wakeMs: undefined });
    expect(due(state, at(1e9))).toBe(false);
    expect(rollUp(state, [sampled("host/a", [bytes(1)], 0)], at(5)).wakeMs).toBe(10_005);
    expect([due(state, at(10_004)), due(state, at(10_005))]).toEqual([false, true]);
  });

  it("every value is in exactly one row, and no more rows than allowed (invariants 1, 2)", () => {
    const batch = fc.record({
      pauseMs: fc.integer({ min: 0, max: 15_000 }),
      series: fc.array(fc.nat(60), { maxLength: 40 }),
    });
    fc.assert(
      fc.property(
        fc.array(batch, { maxLength: 60 }),
        fc.integer({ min: 1, max: 8 }),
        (all, rate) => {
          const state = createRollUp({ rowsPerSecondMax: rate, windowMaxMs: 1e6 });
          const added = new Map<string, number>();
          const shown = new Map<string, number>();
          let nowMs = 0;
          const step = (series: readonly number[], elapsedMs: number): void => {
            nowMs += elapsedMs;
            const seen = series.map((name) => sampled(`host/${name}`, [bytes(name)], nowMs));
            for (const { resource } of seen) added.set(resource, (added.get(resource) ?? 0) + 1);
            const before = state.sweptMs ?? nowMs;
            const { rows } = rollUp(state, seen, at(nowMs));
            expect(rows.length).toBeLessThanOrEqual((rate * (nowMs - before)) / 1000 + 1);
            for (const row of rows) {
              expect(row.value).toBe(Number(row.source.slice(5)));
              shown.set(row.source, (shown.get(row.source) ?? 0) + countOf(row));
            }
          };
          for (const { pauseMs, series } of all) step(series, pauseMs);
          for (let round = 0; round < 80; round += 1) step([], 10_000);
          expect(shown).toEqual(added);
        },
      ),
    );
  });

  it("more series than the budget: all wait equally long, and the rows come evenly", () => {
    const state = createRollUp({ rowsPerSecondMax: 20 });
    const perSecond: number[] = [];
    const windows = new Set<number>();
    for (let second = 0; second < 300; second += 1) {
      const seen = Array.from({ length: 1000 }, (_, index) =>
        sampled(`host/${index}`, [bytes(second)], second * 1000),
      );
      const { rows } = rollUp(state, second % 5 === 0 ? seen : [], at(second * 1000));
      perSecond.push(rows.length);
      if (second > 60) for (const row of rows) windows.add(windowOf(row));
    }
    expect(Math.max(...perSecond)).toBeLessThanOrEqual(21);
    expect(perSecond.slice(10).every((rows) => rows >= 19)).toBe(true);
    expect([...windows]).toEqual([50]);
    expect(state.mergedWindows).toBeGreaterThan(0);
  });

  it("what the budget cannot show within ten minutes is refused and counted (invariant 3)", () => {
    const state = createRollUp({ rowsPerSecondMax: 1, windowMaxMs: 60_000 });
    const many = Array.from({ length: 100 }, (_, index) => bytes(1, `memory.${index}`));
    rollUp(state, [sampled("host/a", many, 0)], at(0));
    expect([state.book.count, state.book.refused]).toEqual([60, 40]);
  });

  it("a resource that went away leaves nothing to the one that gets its slot", () => {
    const state = createRollUp();
    rollUp(state, [sampled("host/a", [bytes(1)], 0), sampled("host/b", [bytes(1)], 0)], at(0));
    forgetRollUp(state, "host/a");
    rollUp(state, [sampled("host/c", [bytes(5)], 4000)], at(4000));
    const { rows } = rollUp(state, [], at(10_000));
    const bySource = Object.fromEntries(rows.map((row) => [row.source, [row.value, row.tags]]));
    expect(bySource).toEqual({
      "host/b": [1, { window: "10s", count: "1" }],
      "host/c": [5, { window: "6s", count: "1" }],
    });
  });
});

import { describe, expect, it } from "vitest";
import type { Instant } from "../kernel/index.ts";
import type { BaselineRow, Observation } from "../model/index.ts";
import {
  type BaselinesState,
  baselinesOf,
  createBaselines,
  forgetBaselines,
  learn,
  recallBaselines,
  type Sketch,
  sketchesOf,
} from "./baselines.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

function at(monotonicMs: number): Instant {
  return { monotonicMs, wallMs: 1_700_000_000_000 + monotonicMs };
}

function cpu(host: number, value: number, ms: number): Observation {
  const samples = [{ series: "cpu.percent", value, unit: "percent" }] as const;
  return {
    resource: `host/${host}`,
    sensor: "usage",
    at: ms,
    begunMs: ms,
    reading: { kind: "samples", samples },
  };
}

/** Of a daemon that knows all that there is to know from those before it. */
function knowing(): BaselinesState {
  const state = createBaselines();
  recallBaselines(state, { sketches: [], isLast: true }, at(0));
  return state;
}

describe("baselines", () => {
  it("rows come in their windows' own rhythm, and answers with them", () => {
    const state = createBaselines();
    const rows: BaselineRow[] = [];
    expect(baselinesOf(state, "host/1", "cpu.percent")).toEqual([]);
    for (let ms = 0; ms <= 25 * hourMs; ms += 10_000) {
      rows.push(...learn(state, [cpu(1, 40 + (ms % 7), ms)], at(ms)).rows);
    }
    const of = (window: string): BaselineRow[] => rows.filter((row) => row.timeWindow === window);
    expect([of("1h").length, of("24h").length, of("7d").length]).toEqual([150, 25, 2]);
    expect(of("1h").at(-1)).toMatchObject({
      metricType: "cpu",
      metricName: "cpu.percent",
      source: "host/1",
      min: 40,
      max: 46,
      calculatedAt: 1_700_000_000_000 + 25 * hourMs,
      validUntil: 1_700_000_000_000 + 25 * hourMs + 20 * minuteMs,
    });
    const last = of("1h").at(-1) as BaselineRow;
    expect(last.median).toBe(last.p50);
    expect(Math.abs(last.p50 - 43)).toBeLessThan(0.5);
    expect(last.sampleCount).toBeGreaterThanOrEqual(360);
    expect(last.sampleCount).toBeLessThanOrEqual(421);
    const usual = baselinesOf(state, "host/1", "cpu.percent");
    expect(usual.map(({ count }) => count)).toEqual(
      ["1h", "24h", "7d"].map((window) => of(window).at(-1)?.sampleCount),
    );
  });

  it("turns are spread over ten minutes and bounded (invariant 1)", () => {
    const state = createBaselines({ seriesPerTurnMax: 4 });
    const perTurn: number[] = [];
    const sources = new Set<string>();
    for (let ms = 0; ms <= 10 * minuteMs; ms += 1000) {
      const seen = ms === 0 ? Array.from({ length: 1200 }, (_, host) => cpu(host, 1, 0)) : [];
      const { rows } = learn(state, seen, at(ms));
      perTurn.push(rows.length / 3);
      for (const row of rows) sources.add(row.source);
    }
    expect(Math.max(...perTurn)).toBeLessThanOrEqual(3);
    expect(sources.size).toBe(1200);
    expect(learn(state, [], at(hourMs)).rows.length).toBeLessThanOrEqual(12);
  });

  it("wakes seldom for a small fleet, and never for an empty one", () => {
    const state = createBaselines();
    expect(learn(state, [], at(0)).wakeMs).toBeUndefined();
    expect(learn(state, [cpu(1, 1, 0), cpu(2, 1, 0)], at(0)).wakeMs).toBe(5 * minuteMs);
  });

  it("outlives its daemon, and says what it covers (invariant 3)", () => {
    const before = knowing();
    const sketches: Sketch[] = [];
    const rows: BaselineRow[] = [];
    for (let ms = 0; ms <= 5 * hourMs; ms += 30_000) {
      const learned = learn(before, [cpu(1, 40, ms)], at(ms));
      sketches.push(...learned.sketches);
      rows.push(...learned.rows);
    }
    expect(rows.find(({ timeWindow }) => timeWindow === "7d")?.coversMs).toBe(10 * minuteMs);
    expect(sketches.length).toBe(5);
    // Another process, an hour later: its clock begins anew, and it has looked for a minute.
    const wallMs = at(5 * hourMs).wallMs + hourMs;
    const after = createBaselines();
    for (let ms = 0; ms <= minuteMs; ms += 30_000) {
      learn(after, [cpu(1, 90, ms)], { wallMs, monotonicMs: ms });
    }
    const begun = { wallMs: wallMs + minuteMs, monotonicMs: minuteMs };
    const known = sketchesOf(before, at(5 * hourMs));
    recallBaselines(after, { sketches: known, isLast: true }, begun);
    const turned = { wallMs: wallMs + 10 * minuteMs, monotonicMs: 10 * minuteMs };
    const [hour, day, week] = learn(after, [], turned).rows;
    expect(hour).toMatchObject({ timeWindow: "1h", sampleCount: 3, coversMs: minuteMs });
    expect(day).toMatchObject({ timeWindow: "24h", sampleCount: 604, min: 40, max: 90 });
    expect(week).toMatchObject({ timeWindow: "7d", sampleCount: 604 });
    expect(day?.coversMs).toBe(5 * hourMs + minuteMs);
  });

  it("gives nothing out that would replace what it has not heard of yet (invariant 4)", () => {
    const state = createBaselines();
    for (let ms = 0; ms <= 2 * hourMs; ms += 30_000) {
      const learned = learn(state, [cpu(1, 40, ms)], at(ms));
      expect(learned.sketches).toEqual([]);
    }
    const now = at(2 * hourMs);
    expect(sketchesOf(state, now)).toEqual([]);
    recallBaselines(state, { sketches: [], isLast: false }, now);
    expect(sketchesOf(state, now)).toEqual([]);
    recallBaselines(state, { sketches: [], isLast: true }, now);
    expect(sketchesOf(state, now)).toHaveLength(1);
  });

  it("writes nothing more of a series that is silent for more than a week", () => {
    const state = knowing();
    learn(state, [cpu(1, 40, 0)], at(0));
    expect(sketchesOf(state, at(hourMs))).toHaveLength(1);
    const late = at(9 * 24 * hourMs);
    expect(sketchesOf(state, late)).toEqual([]);
    expect(learn(state, [], late)).toMatchObject({ rows: [], sketches: [] });
  });

  it("takes nothing from a sketch that is none", () => {
    const state = knowing();
    const [sketch] = sketchesOf(state, at(0));
    expect(sketch).toBeUndefined();
    const torn = {
      source: "host/1",
      metricName: "cpu.percent",
      unit: "percent",
      sketch: "[1,",
      calculatedAt: 0,
      validUntil: 0,
    } as const;
    recallBaselines(state, { sketches: [torn], isLast: true }, at(0));
    expect(learn(state, [], at(20 * minuteMs)).rows).toEqual([]);
  });

  it("forgets a resource that is gone, and gives its place to another", () => {
    const state = createBaselines({ seriesMax: 1 });
    learn(state, [cpu(1, 5, 0)], at(0));
    learn(state, [cpu(2, 6, 0)], at(0));
    expect(state.book.refused).toBe(1);
    forgetBaselines(state, "host/1");
    learn(state, [cpu(2, 6, 1000)], at(1000));
    const { rows } = learn(state, [], at(11 * minuteMs));
    expect(rows.map((row) => [row.timeWindow, row.source, row.mean])).toEqual([
      ["1h", "host/2", 6],
      ["24h", "host/2", 6],
      ["7d", "host/2", 6],
    ]);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Baseline, type BaselineSummary, type BaselineWindow } from "./baseline.ts";
import { deviation } from "./deviation.ts";

const minuteMs = 60_000;
const lengthMs: Record<BaselineWindow, number> = {
  "1h": 60 * minuteMs,
  "24h": 24 * 60 * minuteMs,
  "7d": 7 * 24 * 60 * minuteMs,
};
const pieceMs: Record<BaselineWindow, number> = {
  "1h": 10 * minuteMs,
  "24h": 60 * minuteMs,
  "7d": 24 * 60 * minuteMs,
};

it("a window holds its time and at most one piece more (invariant 1)", () => {
  const pauses = fc.oneof(
    fc.integer({ min: 0, max: 5 }),
    fc.integer({ min: 0, max: 200 }),
    fc.integer({ min: 0, max: 20_000 }),
  );
  fc.assert(
    fc.property(fc.array(pauses, { maxLength: 150 }), fc.nat(20_000), (minutes, begin) => {
      const baseline = new Baseline();
      const times: number[] = [];
      let nowMs = begin * minuteMs;
      for (const pause of minutes) {
        nowMs += pause * minuteMs;
        times.push(nowMs);
        baseline.add(100, nowMs);
      }
      for (const window of ["1h", "24h", "7d"] as const) {
        const young = (ageMs: number): number => times.filter((at) => nowMs - at < ageMs).length;
        const count = baseline.summary(window)?.count ?? 0;
        expect(count).toBeGreaterThanOrEqual(young(lengthMs[window]));
        expect(count).toBeLessThanOrEqual(young(lengthMs[window] + pieceMs[window]));
      }
    }),
  );
});

it("quantiles over a week are within 3.2 % of the exact ones", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.1, max: 1e4, noNaN: true }), { minLength: 50 }),
      (all) => {
        const baseline = new Baseline();
        for (const [index, value] of all.entries()) baseline.add(value, index * 60 * minuteMs);
        const found = baseline.summary("7d") as BaselineSummary;
        const kept = all.slice(-found.count).sort((a, b) => a - b);
        const wanted = kept[Math.floor(0.95 * (kept.length - 1))] as number;
        expect(Math.abs(found.p95 - wanted)).toBeLessThanOrEqual(0.032 * wanted);
        expect(found.mean).toBeCloseTo(kept.reduce((sum, each) => sum + each, 0) / kept.length, 1);
      },
    ),
  );
});

it("nothing is left after everything expired", () => {
  const baseline = new Baseline();
  baseline.add(1, 0);
  baseline.advance(lengthMs["7d"] + pieceMs["7d"]);
  expect(baseline.summary("7d")).toBeUndefined();
  baseline.add(2, 1e13);
  expect(baseline.summary("7d")?.count).toBe(1);
});

it("a value from the past counts now (invariant 2)", () => {
  const baseline = new Baseline();
  baseline.add(1, lengthMs["24h"]);
  baseline.add(1, 0);
  expect(baseline.summary("1h")?.count).toBe(2);
});

it("says how much time it covers, not how long its window is (invariant 4)", () => {
  const baseline = new Baseline();
  const lookEvery = (fromMs: number, untilMs: number): void => {
    for (let atMs = fromMs; atMs <= untilMs; atMs += minuteMs) baseline.add(1, atMs);
  };
  lookEvery(0, 30 * minuteMs);
  for (const window of ["1h", "24h", "7d"] as const) {
    expect(baseline.summary(window)?.coversMs).toBe(30 * minuteMs);
  }
  // A silence of five hours is not covered, and an hour of the day before is.
  lookEvery(330 * minuteMs, 360 * minuteMs);
  expect(baseline.summary("1h")?.coversMs).toBe(30 * minuteMs);
  expect(baseline.summary("24h")?.coversMs).toBe(60 * minuteMs);
  lookEvery(361 * minuteMs, 8 * lengthMs["24h"]);
  for (const window of ["1h", "24h", "7d"] as const) {
    expect(baseline.summary(window)?.coversMs).toBe(lengthMs[window]);
  }
});

it("goes on where it was saved, less what has expired (invariant 5)", () => {
  const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { maxLength: 200 });
  fc.assert(
    fc.property(values, fc.nat(3000), fc.nat(15_000), (all, stepMinutes, awayMinutes) => {
      const kept = new Baseline({ offsetMs: 12_345 });
      let nowMs = 0;
      for (const value of all) {
        kept.add(value, nowMs);
        nowMs += (stepMinutes / 100) * minuteMs;
      }
      const ageMs = awayMinutes * minuteMs;
      const text = kept.save(nowMs);
      // A new process: its clock begins anew.
      const restored = text === undefined ? undefined : Baseline.restore(text, { nowMs: 7, ageMs });
      expect(text === undefined).toBe(kept.summary("7d") === undefined);
      kept.advance(nowMs + ageMs);
      for (const window of ["1h", "24h", "7d"] as const) {
        const [before, after] = [kept.summary(window), restored?.summary(window)];
        expect(after?.count).toBe(before?.count);
        expect(after?.coversMs).toBe(before?.coversMs);
        if (before) expect(after?.p95).toBeCloseTo(before.p95, 0);
      }
      expect(text ?? "").toMatch(/^[!-~\u0100-\u01ff]*$/);
    }),
  );
});

it("keeps what was learned before the past came back", () => {
  const before = new Baseline();
  for (let atMs = 0; atMs < 50 * minuteMs; atMs += minuteMs) before.add(5, atMs);
  const restored = Baseline.restore(before.save(50 * minuteMs) ?? "", {
    nowMs: 0,
    ageMs: minuteMs,
  });
  const young = new Baseline();
  for (let atMs = 0; atMs < 25 * minuteMs; atMs += minuteMs) young.add(9, atMs);
  restored?.absorb(young);
  expect(restored?.summary("24h")).toMatchObject({ count: 75, min: 5, max: 9 });
});

it("a text that is none of ours is no baseline", () => {
  for (const text of [
    "",
    "[]",
    "{",
    "[1]",
    `[-1,[""],[],[],[]]`,
    `[1,[""],["1","2","3","4","5","6","7"],[],[]]`,
  ]) {
    expect(Baseline.restore(text, { nowMs: 0, ageMs: 0 })).toBeUndefined();
  }
  const odd = Baseline.restore(`[1,["x"],["1;y"],[],[]]`, { nowMs: 0, ageMs: 0 });
  expect(odd?.summary("7d")).toBeUndefined();
});

describe("deviation", () => {
  const learned = (value: (index: number) => number): BaselineSummary => {
    const baseline = new Baseline();
    for (let index = 0; index < 300; index += 1) baseline.add(value(index), index * 10_000);
    return baseline.summary("1h") as BaselineSummary;
  };

  it("grows with the distance, and has its sign (invariant 2)", () => {
    const one = fc.integer({ min: -1_000_000, max: 1_000_000 });
    const past = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 30 });
    fc.assert(
      fc.property(past, one, one, (values, a, b) => {
        const summary = learned((index) => values[index % values.length] as number);
        const [low, high] = [
          deviation(Math.min(a, b), summary),
          deviation(Math.max(a, b), summary),
        ];
        expect(low).toBeLessThanOrEqual(high as number);
        expect(Math.sign(high as number)).toBe(Math.sign(Math.max(a, b) - summary.p50));
      }),
    );
  });

  it("a constant series that is rounded otherwise is not unusual (invariant 3)", () => {
    const constants = fc.double({ min: -1e9, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(constants, fc.double({ min: -1e-3, max: 1e-3, noNaN: true }), (value, share) => {
        const found = deviation(
          value * (1 + share),
          learned(() => value),
        ) as number;
        expect(Math.abs(found)).toBeLessThan(1);
      }),
    );
  });

  it("each side has its own spread: a tail above does not excuse a fall", () => {
    const summary = learned((index) => (index % 10 === 0 ? 500 : 100 + (index % 5)));
    expect(deviation(400, summary)).toBeLessThan(3);
    expect(deviation(40, summary)).toBeLessThan(-6);
  });

  it("says nothing from few values (invariant 1)", () => {
    const baseline = new Baseline();
    for (let index = 0; index < 29; index += 1) baseline.add(index, index);
    expect(deviation(1e6, baseline.summary("1h") as BaselineSummary)).toBeUndefined();
  });
});

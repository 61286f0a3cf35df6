import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Budget } from "./budget.ts";

describe("the budget", () => {
  it("never lets more through than its limit within any window", () => {
    const steps = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6 }), steps, (limit, pausesMs) => {
        const budget = new Budget(limit, 1000);
        const spentMs: number[] = [];
        let nowMs = 0;
        for (const pauseMs of pausesMs) {
          nowMs += pauseMs;
          if (budget.affordableMs(nowMs) > nowMs) continue;
          budget.spend(nowMs);
          spentMs.push(nowMs);
        }
        for (const atMs of spentMs) {
          const within = spentMs.filter((each) => each <= atMs && each > atMs - 1000);
          expect(within.length).toBeLessThanOrEqual(limit);
        }
      }),
      { seed: 11 },
    );
  });

  it("says exactly when it goes on", () => {
    const pauses = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 3, maxLength: 30 });
    fc.assert(
      fc.property(pauses, (pausesMs) => {
        const budget = new Budget(3, 1000);
        let nowMs = 0;
        for (const pauseMs of pausesMs) {
          nowMs += pauseMs;
          const freeMs = budget.affordableMs(nowMs);
          if (freeMs > nowMs) {
            expect(budget.affordableMs(freeMs - 1)).toBeGreaterThan(freeMs - 1);
            nowMs = freeMs;
          }
          expect(budget.affordableMs(nowMs)).toBe(nowMs);
          budget.spend(nowMs);
        }
      }),
      { seed: 12 },
    );
  });

  it("keeps what was spent when it is resized", () => {
    const budget = new Budget(3, 1000);
    for (const atMs of [0, 100, 200]) budget.spend(atMs);
    budget.resize(1, 1000);
    expect(budget.affordableMs(300)).toBe(1200);
    budget.resize(4, 1000);
    expect(budget.affordableMs(300)).toBe(300);
  });

  it("lets nothing through when its limit is nothing", () => {
    expect(new Budget(0, 1000).affordableMs(5)).toBe(Number.POSITIVE_INFINITY);
  });
});

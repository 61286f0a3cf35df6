import fc from "fast-check";
import { expect, it } from "vitest";
import { RetryBudget } from "./retry-budget.ts";

const step = fc.record({
  afterMs: fc.oneof(fc.constant(0), fc.nat(500), fc.nat(20_000)),
  isRetry: fc.boolean(),
});

it("R1: within ten seconds never more than the share of the calls and the minimum", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 300 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 0, max: 5 }),
      (steps, ratio, minimumPerSecond) => {
        const budget = new RetryBudget({ ratio, minimumPerSecond });
        const calls: number[] = [];
        const retries: number[] = [];
        let nowMs = 0;
        for (const { afterMs, isRetry } of steps) {
          nowMs += afterMs;
          if (!isRetry) {
            budget.deposit(nowMs);
            calls.push(nowMs);
          } else if (budget.spend(nowMs)) {
            retries.push(nowMs);
            // A slice is a second: what the budget still sees is between nine and ten seconds old.
            const surely = retries.filter((atMs) => nowMs - atMs < 9000).length;
            const atMost = calls.filter((atMs) => nowMs - atMs <= 10_000).length;
            expect(surely).toBeLessThanOrEqual(ratio * atMost + minimumPerSecond * 10 + 1e-6);
          }
        }
      },
    ),
  );
});

it("grants what it says is left, and exactly that", () => {
  fc.assert(
    fc.property(fc.nat(200), fc.double({ min: 0, max: 1, noNaN: true }), (calls, ratio) => {
      const budget = new RetryBudget({ ratio, minimumPerSecond: 1 });
      for (let call = 0; call < calls; call += 1) budget.deposit(0);
      const { left } = budget.report(0);
      for (let retry = 0; retry < left; retry += 1) expect(budget.spend(0)).toBe(true);
      expect(budget.spend(0)).toBe(false);
      expect(budget.report(0)).toMatchObject({ calls, retries: left, refused: 1, left: 0 });
    }),
  );
});

it("R2: after ten seconds the past counts neither for nor against", () => {
  const budget = new RetryBudget({ ratio: 1, minimumPerSecond: 0 });
  for (let call = 0; call < 50; call += 1) budget.deposit(0);
  for (let retry = 0; retry < 50; retry += 1) budget.spend(0);
  expect(budget.report(10_000)).toMatchObject({ calls: 0, retries: 0, left: 0 });
  budget.deposit(3_600_000);
  expect(budget.spend(3_600_000)).toBe(true);
  expect(budget.spend(3_600_000)).toBe(false);
});

import { expect, it } from "vitest";
import { createRandom } from "../kernel/index.ts";
import { type Backoff, type BackoffOptions, constant, exponential } from "./backoff.ts";

function delays(start: Backoff, count: number, seed = 7): readonly number[] {
  const random = createRandom(seed);
  const found: number[] = [];
  let step = start;
  for (let taken = 0; taken < count; taken += 1) {
    step = step.next(random);
    found.push(step.delayMs);
  }
  return found;
}

// cockatiel 4: the generator without jitter ignores the exponent.
it("grows by its factor without jitter, up to the limit", () => {
  const options = { baseMs: 100, factor: 3, jitter: "none", maxMs: 2000 } as const;
  expect(delays(exponential(options), 5)).toEqual([100, 300, 900, 2000, 2000]);
  expect(delays(constant(50), 3)).toEqual([50, 50, 50]);
});

it.each<[BackoffOptions["jitter"] & string]>([["full"], ["decorrelated"]])(
  "grows by its factor with %s jitter, too",
  (jitter) => {
    const mean = (factor: number): number => {
      let sum = 0;
      for (let seed = 0; seed < 300; seed += 1) {
        sum += delays(exponential({ baseMs: 100, factor, jitter, maxMs: 1e9 }), 5, seed)[4] ?? 0;
      }
      return sum / 300;
    };
    expect(mean(3)).toBeGreaterThan(mean(2) * 3);
    expect(mean(2)).toBeGreaterThan(mean(1) * 3);
  },
);

it("decorrelated jitter lies between the base and three times the last delay for a factor of 2", () => {
  for (let seed = 0; seed < 200; seed += 1) {
    let lastMs = 1000;
    for (const delayMs of delays(exponential({ maxMs: 20_000 }), 8, seed)) {
      expect(delayMs).toBeGreaterThanOrEqual(1000);
      expect(delayMs).toBeLessThanOrEqual(Math.min(20_000, lastMs * 3));
      lastMs = delayMs;
    }
  }
});

it("a start is shared and never changed", () => {
  const start = exponential({ jitter: "none" });
  const random = createRandom(1);
  expect(start.next(random).next(random).delayMs).toBe(2000);
  expect(start.next(random).delayMs).toBe(1000);
  expect(start.delayMs).toBe(0);
});

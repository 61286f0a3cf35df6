import { describe, expect, it } from "vitest";
import { type RunOptions, run } from "./run.ts";

const usual: Omit<RunOptions, "seed"> = { hours: 1, faultsPerHour: 24, services: 4, resources: 4 };

describe("the loop in a simulated world", () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    it(`keeps its invariants (npm run sim -- --seed ${seed})`, () => {
      const result = run({ ...usual, seed });
      expect(result.broken).toEqual([]);
      expect(result.recoveries).toBeGreaterThan(5);
      expect(result.byPolicy).toBeGreaterThan(0);
    });
  }

  it("writes the same journal for the same seed", () => {
    const first = run({ ...usual, seed: 7 });
    const second = run({ ...usual, seed: 7 });
    expect(second.digest).toBe(first.digest);
    expect(run({ ...usual, seed: 8 }).digest).not.toBe(first.digest);
  });

  it("does nothing to a fleet that is well", () => {
    const result = run({ ...usual, faultsPerHour: 0, hours: 3, seed: 3 });
    expect(result.broken).toEqual([]);
    expect(result.recoveries).toBe(0);
  });
});

import { describe, expect, it } from "vitest";
import { crashSteps } from "./crash-steps.ts";
import { type RunOptions, type RunResult, run } from "./run.ts";

const usual: Omit<RunOptions, "seed"> = { hours: 1, faultsPerHour: 24, services: 4, resources: 4 };
const whole: Omit<RunOptions, "seed"> = { ...usual, isWhole: true, isRestless: true };

describe("the daemon in a simulated world", () => {
  // In 42 a second crash loop comes after a restart of the daemon.
  const seeds = [...Array.from({ length: 14 }, (_, index) => index + 1), 42];
  const results: RunResult[] = [];

  it.each(seeds)("keeps its invariants (npm run sim -- --seed %i)", async (seed) => {
    const result = await run({ ...whole, seed });
    results.push(result);
    expect(result.broken).toEqual([]);
    expect(result.recoveries).toBeGreaterThan(5);
    expect(result.byPolicy).toBeGreaterThan(0);
  });

  it("was killed at every step meanwhile, was without a store, and was asked for everything", () => {
    const sumOf = (counts: readonly Readonly<Record<string, number>>[]): ReadonlySet<string> =>
      new Set(counts.flatMap((each) => Object.keys(each)));
    const crashes = sumOf(results.map((each) => each.crashes));
    expect(crashes).toEqual(new Set([...crashSteps, "between"]));
    const asked = sumOf(results.map((each) => each.asked));
    expect(asked).toEqual(new Set(["stop", "start", "restart", "approve", "dismiss", "mode"]));
    expect(sumOf(results.map(({ faults }) => faults))).toContain("store_away");
  });

  it("writes the same journal for the same seed", async () => {
    const short = { ...whole, hours: 0.3, quietMs: 0 };
    const { digest } = await run({ ...short, seed: 7 });
    expect((await run({ ...short, seed: 7 })).digest).toBe(digest);
    expect((await run({ ...short, seed: 8 })).digest).not.toBe(digest);
  });
});

describe("the stages alone in a simulated world", () => {
  it.each([1, 2, 3])("keep their invariants (npm run sim -- --bare --seed %i)", async (seed) => {
    const result = await run({ ...usual, seed });
    expect(result.broken).toEqual([]);
    expect(result.recoveries).toBeGreaterThan(5);
    expect(result.byPolicy).toBeGreaterThan(0);
  });

  it("do nothing to a fleet that is well", async () => {
    const result = await run({ ...usual, faultsPerHour: 0, hours: 3, seed: 3 });
    expect(result.broken).toEqual([]);
    expect(result.recoveries).toBe(0);
  });
});

import { describe, expect, it } from "vitest";
import { createRandom } from "../kernel/index.ts";
import { cleanShapes } from "./clean-shapes.ts";
import { type Growth, GrowthJudge } from "./growth.ts";

const everyMs = 10_000;

/** What is told of a series that is looked at every ten seconds. */
function watch(count: number, limit: number, valueAt: (index: number) => number): Growth[] {
  const judge = new GrowthJudge();
  return Array.from({ length: count }, (_, index) =>
    judge.add({ atMs: index * everyMs, value: valueAt(index), limit }),
  ).filter((each) => each !== undefined);
}

describe("growth towards a limit", () => {
  it("is told once, half of the way, with the time that is left", () => {
    const [first, ...later] = watch(180, 2048, (index) => 20 + 10 * index);
    expect(later).toEqual([]);
    expect(first?.value).toBeGreaterThan(900);
    expect(first?.value).toBeLessThan(1300);
    const leftMs = ((2048 - (first?.value ?? 0)) / 10) * everyMs;
    expect((first?.leftMs ?? 0) / leftMs).toBeCloseTo(1, 1);
  });

  it("is told again when it comes back after a rest", () => {
    const rested = 400;
    const told = watch(rested + 180, 2048, (index) =>
      index < 150 ? 20 + 10 * index : 20 + 10 * Math.max(0, index - rested),
    );
    expect(told).toHaveLength(2);
  });

  it("of a heap after its collections is told although they come ever more seldom", () => {
    const judge = new GrowthJudge();
    const told: Growth[] = [];
    // A collector waits until the heap has grown by half: 1 MB a second, from 40 to 2000 MB.
    for (let megabytes = 40; megabytes < 1900; megabytes *= 1.5) {
      const grown = judge.add({ atMs: megabytes * 1000, value: megabytes, limit: 2000 });
      if (grown) told.push(grown);
    }
    expect(told).toHaveLength(1);
  });
});

// The clean shapes move within seconds; here each of their samples stands for ten seconds.
it("no clean series is said to grow, in 3 hours each", () => {
  const told = [];
  for (const [name, shape] of Object.entries(cleanShapes)) {
    for (let seed = 0; seed < 15; seed += 1) {
      const series = shape(createRandom(seed));
      const grown = watch(1080, series.limit, () => series.next());
      if (grown.length > 0) told.push({ name, seed, limit: series.limit, grown });
    }
  }
  expect(told).toEqual([]);
});

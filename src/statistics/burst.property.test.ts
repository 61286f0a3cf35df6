import { describe, expect, it } from "vitest";
import { createRandom } from "../kernel/index.ts";
import { type Burst, BurstWatch, burstWindowMs } from "./burst.ts";
import { between, cleanFailures } from "./clean-failures.ts";

const hourMs = 3_600_000;
/** By hand 200, for the figures in docs/engine/errors.md. */
const seeds = 5;

function watch(times: readonly number[]): readonly Burst[] {
  const [firstMs = 0] = times;
  const watched = new BurstWatch(firstMs);
  return times.map((at) => watched.note(at)).filter((burst) => burst !== undefined);
}

describe("no burst is told of failures as they always were, of three days each (B1)", () => {
  it.each(Object.entries(cleanFailures))("%s", (_, failures) => {
    for (let seed = 0; seed < seeds; seed += 1) {
      expect(watch(failures(createRandom(seed), 72 * hourMs))).toEqual([]);
    }
  });
});

describe("a burst among them is told once", () => {
  it.each(Object.entries(cleanFailures))("%s", (_, failures) => {
    const runs = Math.max(20, seeds);
    let hits = 0;
    for (let seed = 0; seed < runs; seed += 1) {
      const random = createRandom(seed);
      const before = failures(random, 24 * hourMs);
      const highest = highestOf(before);
      const from = 24 * hourMs + between(random, 0, burstWindowMs);
      const size = Math.ceil(10 * highest + 40);
      const planted = Array.from({ length: size }, () => from + between(random, 0, 10_000));
      if (watch([...before, ...planted.sort((a, b) => a - b)]).length === 1) hits += 1;
    }
    expect(hits / runs).toBe(1);
  });
});

function highestOf(times: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const at of times) {
    const window = Math.floor(at / burstWindowMs);
    counts.set(window, (counts.get(window) ?? 0) + 1);
  }
  return Math.max(0, ...counts.values());
}

it("a burst that goes on is told once, and is usual after an hour (B2)", () => {
  const times: number[] = [];
  for (let at = 0; at < hourMs; at += 10_000) times.push(at);
  for (let at = hourMs; at < 4 * hourMs; at += 100) times.push(at);
  expect(watch(times)).toMatchObject([{ highest: 1, windowMs: 10_000 }]);
  // Ten minutes of quiet, and the same again: by now it is usual.
  for (let at = 4.2 * hourMs; at < 4.4 * hourMs; at += 100) times.push(at);
  expect(watch(times)).toHaveLength(1);
});

it("two short bursts are two: the first one does not become what is usual", () => {
  const times: number[] = [];
  for (let at = 0; at < 3 * hourMs; at += 10_000) {
    times.push(at);
    const isBurst = at === hourMs || at === 2 * hourMs;
    if (isBurst) for (let each = 1; each < 300; each += 1) times.push(at + each);
  }
  expect(watch(times)).toHaveLength(2);
});

it("counts the last minutes", () => {
  const watched = new BurstWatch(0);
  for (let at = 0; at < 1_200_000; at += 1000) watched.note(at);
  expect(watched.within(60_000, 1_199_000)).toBe(60);
  expect(watched.within(600_000, 1_199_000)).toBe(600);
  expect(watched.within(600_000, 1_199_000 + 300_000)).toBe(300);
  expect(watched.within(600_000, 9_000_000)).toBe(0);
});

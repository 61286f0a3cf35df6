import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom, type Random } from "../kernel/index.ts";
import { between, cleanFailures, type Failures } from "./clean-failures.ts";
import { Onsets, type Relation, relationOf, upperTail } from "./onsets.ts";

const hourMs = 3_600_000;
/** By hand 200, for the figures in docs/engine/errors.md. */
const seeds = 3;
const hours = 12;

interface Found {
  readonly atMs: number;
  readonly relation: Relation;
}

/** All that is said of two series, looked at 12 s after each beginning. */
function relate(first: readonly number[], second: readonly number[]): readonly Found[] {
  const [one, other] = [new Onsets(0), new Onsets(0)];
  const events = [
    ...first.map((atMs) => ({ atMs, of: one })),
    ...second.map((atMs) => ({ atMs, of: other })),
  ].sort((a, b) => a.atMs - b.atMs);
  const found: Found[] = [];
  let dueMs = Number.POSITIVE_INFINITY;
  const look = (atMs: number): void => {
    dueMs = Number.POSITIVE_INFINITY;
    for (const relation of [relationOf(one, other, atMs), relationOf(other, one, atMs)])
      if (relation !== undefined) found.push({ atMs, relation });
  };
  for (const { atMs, of } of events) {
    if (atMs >= dueMs) look(dueMs);
    if (of.note(atMs)) dueMs = Math.min(dueMs, atMs + 12_000);
  }
  return found;
}

const names = Object.keys(cleanFailures);
const pairs = names.flatMap((one, index) => names.slice(index).map((other) => [one, other]));

describe("nothing is said of two series that have nothing to do with each other", () => {
  it.each(pairs)("%s and %s", (one = "", other = "") => {
    for (let seed = 0; seed < seeds; seed += 1) {
      const random = createRandom(seed * 7919 + names.indexOf(one) * 31 + names.indexOf(other));
      const until = hours * hourMs;
      const [first, second] = [cleanFailures[one], cleanFailures[other]] as [Failures, Failures];
      expect(relate(first(random, until), second(random, until))).toEqual([]);
    }
  });
});

interface Planted {
  readonly first: readonly number[];
  readonly second: readonly number[];
}

/** The first one at random, some minutes apart; the second after it, and seldom by itself. */
function plant(random: Random, lead: (random: Random) => number): Planted {
  const meanMs = between(random, 180_000, 1_200_000);
  const first: number[] = [];
  const second: number[] = [];
  for (let at = 0; first.length < 12; ) {
    at += 60_000 - meanMs * Math.log(1 - random.next());
    first.push(at);
    if (random.next() < 0.93) second.push(at + lead(random));
    if (random.next() < 0.1) second.push(at + between(random, 40_000, 55_000));
  }
  return { first, second: second.sort((a, b) => a - b) };
}

describe("what is planted is found within twelve cases", () => {
  it.each([
    ["follows", 3000, (random: Random) => between(random, 500, 2900)],
    ["follows", 10_000, (random: Random) => between(random, 3500, 9900)],
    ["follows", 1000, (random: Random) => between(random, 100, 900)],
    ["with", 1000, (random: Random) => between(random, -900, 900)],
  ] as const)("%s, within %i ms", (kind, withinMs, lead) => {
    const runs = Math.max(50, seeds);
    let hits = 0;
    for (let seed = 0; seed < runs; seed += 1) {
      const { first, second } = plant(createRandom(seed), lead);
      const found = relate([...first, 1e9], second).map(({ relation }) => relation);
      if (found.some((each) => each.kind === kind && each.withinMs === withinMs)) hits += 1;
    }
    expect(hits / runs).toBeGreaterThanOrEqual(0.9);
  });
});

it("two clocks are never told of, whatever their order (R1)", () => {
  const first = Array.from({ length: 60 }, (_, index) => index * 60_000);
  const second = first.map((at) => at + 2000);
  expect(relate(first, second)).toEqual([]);
  // One of them keeps no time: what follows it follows it.
  const random = createRandom(1);
  const uneven = first.map((at) => at + between(random, 0, 25_000));
  expect(
    relate(
      uneven,
      uneven.map((at) => at + 2000),
    ).length,
  ).toBeGreaterThan(0);
});

it("memory is bounded (R2)", () => {
  const onsets = new Onsets(0);
  for (let at = 0; at < 1e9; at += 31_000) onsets.note(at);
  expect(onsets.all).toHaveLength(32);
  expect(onsets.knownSinceMs).toBe(onsets.all[0]);
});

it("the upper tail is that of the binomial distribution", () => {
  expect(upperTail(9, 10, 0.5)).toBeCloseTo(11 / 1024, 12);
  expect(upperTail(1, 3, 0.1)).toBeCloseTo(1 - 0.9 ** 3, 12);
  expect(upperTail(6, 6, 0.01)).toBeCloseTo(1e-12, 20);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 32 }),
      fc.double({ min: 0.001, max: 0.999, noNaN: true }),
      (cases, chance) => {
        let whole = 0;
        for (let times = 0; times <= cases; times += 1) {
          const more = times === cases ? 0 : upperTail(times + 1, cases, chance);
          whole += upperTail(times, cases, chance) - more;
        }
        expect(whole).toBeCloseTo(1, 9);
      },
    ),
  );
});

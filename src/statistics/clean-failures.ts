/**
 * Failures of healthy services, as times: none of them is a burst, and no two of them have to do
 * with each other. For tests.
 */
import type { Random } from "../kernel/index.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Milliseconds, ascending. */
export type Failures = (random: Random, untilMs: number) => readonly number[];

/** As many an hour as `rate` says at that time, at random. */
function atRate(
  random: Random,
  untilMs: number,
  { most, rate }: { readonly most: number; readonly rate: (atMs: number) => number },
): readonly number[] {
  const times: number[] = [];
  for (let at = 0; ; ) {
    at -= (hourMs / most) * Math.log(1 - random.next());
    if (at >= untilMs) return times;
    if (random.next() * most < rate(at)) times.push(at);
  }
}

export function between(random: Random, low: number, high: number): number {
  return low + (high - low) * random.next();
}

function sorted(times: number[]): readonly number[] {
  return times.sort((a, b) => a - b);
}

export const cleanFailures: Readonly<Record<string, Failures>> = {
  rare: (random, untilMs) => {
    const most = between(random, 0.5, 12);
    return atRate(random, untilMs, { most, rate: () => most });
  },
  nowAndThen: (random, untilMs) => {
    const most = between(random, 12, 120);
    return atRate(random, untilMs, { most, rate: () => most });
  },
  steady: (random, untilMs) => {
    const most = between(random, 120, 7200);
    return atRate(random, untilMs, { most, rate: () => most });
  },
  byDay: (random, untilMs) => {
    const most = between(random, 200, 4000);
    const phase = between(random, 0, dayMs);
    const rate = (at: number): number => most * Math.sin((Math.PI * (at + phase)) / dayMs) ** 4;
    return atRate(random, untilMs, { most, rate });
  },
  officeHours: (random, untilMs) => {
    const most = between(random, 200, 4000);
    const rate = (at: number): number => (at % dayMs < 8 * hourMs ? most : 0);
    return atRate(random, untilMs, { most, rate });
  },
  swelling: (random, untilMs) => {
    const most = between(random, 500, 3000);
    const rate = (at: number): number => most * Math.min(1, 0.02 * 2 ** (at / hourMs));
    return atRate(random, untilMs, { most, rate });
  },
  clusters: (random, untilMs) => {
    const most = between(random, 3, 30);
    const sizeMax = between(random, 10, 80);
    const times: number[] = [];
    for (const at of atRate(random, untilMs, { most, rate: () => most })) {
      const size = 1 + Math.floor(sizeMax * random.next());
      for (let each = 0; each < size; each += 1) times.push(at + between(random, 0, 8000));
    }
    return sorted(times);
  },
  /** A job that fails always, or mostly. */
  clockwork: (random, untilMs) => {
    const everyMs = between(random, 40_000, 900_000);
    const share = random.next() < 0.5 ? 1 : between(random, 0.6, 1);
    const jitterMs = random.next() < 0.5 ? 0 : between(random, 0, 2000);
    const times: number[] = [];
    for (let at = between(random, 0, everyMs); at < untilMs; at += everyMs)
      if (random.next() < share) times.push(at + jitterMs * random.next());
    return times;
  },
  /** Hours in which much fails: the same ones for all of them. */
  badHours: (random, untilMs) => {
    const most = between(random, 20, 100);
    const rate = (at: number): number => (Math.floor(at / hourMs) % 5 === 2 ? most : most / 20);
    return atRate(random, untilMs, { most, rate });
  },
  badMinutes: (random, untilMs) => {
    const most = between(random, 60, 400);
    const rate = (at: number): number => (Math.floor(at / 300_000) % 7 === 2 ? most : 0);
    return atRate(random, untilMs, { most, rate });
  },
};

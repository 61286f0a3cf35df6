/**
 * Series of healthy services, as a watcher of limits sees them: none of them is a leak, and each
 * has fooled one. The rise of every shape ends before half of the way to its limit, and what rises
 * for more than a second from rest would take more than 15 s to get there: beyond that nobody could
 * tell it from a leak while it lasts.
 */
import type { Random } from "../kernel/index.ts";

export interface CleanSeries {
  readonly limit: number;
  next(): number;
}

/** Samples in a second, for shapes that speak of seconds. */
export const samplesPerSecond = 4;

export const cleanShapes: Readonly<Record<string, (random: Random) => CleanSeries>> = {
  noise(random) {
    const mean = between(random, 20, 200);
    const deviation = mean * between(random, 0.001, 0.1);
    const limit = mean + 6 * deviation + mean * between(random, 0.05, 1);
    return { limit, next: () => mean + deviation * gaussian(random) };
  },
  noiseBesideItsLimit(random) {
    const deviation = between(random, 0.5, 2);
    return { limit: 100, next: () => Math.min(99.9, 90 + deviation * gaussian(random)) };
  },
  wander(random) {
    const pull = between(random, 0.9, 0.995);
    const push = between(random, 0.5, 4);
    const deviation = push / Math.sqrt(1 - pull * pull);
    let offset = 0;
    return {
      limit: 100 + 6 * deviation + between(random, 5, 100),
      next() {
        offset = pull * offset + push * gaussian(random);
        return 100 + offset;
      },
    };
  },
  sawtooth(random) {
    const { base, height, noise } = body(random, { heightMax: 150 });
    const period = between(random, 1, 120) * samplesPerSecond;
    const uneven = between(random, 0, 0.3);
    let phase = 0;
    let top = 1;
    return {
      limit: base + (height * (1 + uneven)) / between(random, 0.1, 0.45),
      next() {
        phase += 1 / period;
        if (phase >= top) {
          phase = 0;
          top = 1 + uneven * between(random, -1, 1);
        }
        return base + height * phase + noise * gaussian(random);
      },
    };
  },
  warmUp(random) {
    const { base, height, noise, limit } = body(random, { heightMax: 200 });
    const decay = between(random, 0.3, 20) * samplesPerSecond;
    let index = 0;
    return {
      limit,
      next() {
        const risen = 1 - Math.exp(-index / decay);
        index += 1;
        return base + height * risen + noise * gaussian(random);
      },
    };
  },
  rampAfterStart(random) {
    const { base, height, noise, limit } = body(random, { heightMax: 200 });
    const length = between(random, 1, 10 * samplesPerSecond);
    let index = 0;
    return {
      limit,
      next() {
        const risen = Math.min(1, index / length);
        index += 1;
        return base + height * risen + noise * gaussian(random);
      },
    };
  },
  steps(random) {
    const { base, height, noise, limit } = body(random, { heightMax: 100 });
    let level = 0;
    let wanted = 0;
    let rest = 0;
    return {
      limit,
      next() {
        rest += 1;
        if (rest > 4 * samplesPerSecond && random.next() < 0.01) {
          rest = 0;
          wanted = height * random.next();
        }
        level += Math.max(-height / 3, Math.min(height / 3, wanted - level));
        return base + level + noise * gaussian(random);
      },
    };
  },
  longExports(random) {
    const { base, height, noise, limit } = body(random, { heightMax: 100 });
    const length = between(random, 15, 60) * samplesPerSecond;
    const period = length * between(random, 1.5, 4);
    let index = Math.floor(between(random, 0, period));
    return {
      limit,
      next() {
        const phase = index % period;
        index += 1;
        return base + (phase < length ? (height * phase) / length : 0) + noise * gaussian(random);
      },
    };
  },
  wave(random) {
    const { base, height } = body(random, { heightMax: 50 });
    const period = between(random, 5, 600) * samplesPerSecond;
    const noise = between(random, 0, 0.1) * height;
    let angle = between(random, 0, 2 * Math.PI);
    return {
      limit: base + height + 2 * height * between(random, 1.2, 8),
      next() {
        angle += (2 * Math.PI) / period;
        return base + height * Math.sin(angle) + noise * gaussian(random);
      },
    };
  },
  roundedConstant(random) {
    const value = between(random, 1, 100);
    const limit = value * between(random, 1.01, 3);
    return { limit, next: () => value + (random.next() < 0.01 ? 1e-9 : 0) };
  },
  wholeNumbers(random) {
    const home = Math.floor(between(random, 10, 200));
    let count = home;
    return {
      limit: home + between(random, 20, 200),
      next() {
        if (random.next() < 0.5) count += random.next() < 0.5 + (count - home) / 20 ? -1 : 1;
        return count;
      },
    };
  },
};

function body(random: Random, { heightMax }: { heightMax: number }) {
  const base = between(random, 20, 150);
  const height = between(random, 5, heightMax);
  const noise = between(random, 0, 0.02) * height;
  return { base, height, noise, limit: base + height / between(random, 0.1, 0.45) };
}

export function between(random: Random, minimum: number, maximum: number): number {
  return minimum + random.next() * (maximum - minimum);
}

/** Close to a normal deviate: the sum of twelve even ones. */
export function gaussian(random: Random): number {
  let sum = -6;
  for (let index = 0; index < 12; index += 1) sum += random.next();
  return sum;
}

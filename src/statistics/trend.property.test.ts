import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../kernel/index.ts";
import { between, cleanShapes, gaussian, samplesPerSecond } from "./clean-shapes.ts";
import { History } from "./history.ts";
import { timeToLimitMs } from "./trend.ts";

const everyMs = 1000 / samplesPerSecond;
const tenMinutes = 600 * samplesPerSecond;

describe("clean series are never called a leak in ten minutes", () => {
  it.each(Object.entries(cleanShapes))("%s", (_, shape) => {
    for (let seed = 0; seed < 60; seed += 1) {
      const series = shape(createRandom(seed));
      const history = new History();
      for (let index = 0; index < tenMinutes; index += 1) {
        const nowMs = index * everyMs;
        history.add(nowMs, series.next());
        const leftMs = timeToLimitMs(history, series.limit, { nowMs });
        if (leftMs !== undefined) expect.fail(`seed ${seed} at ${nowMs} ms: ${leftMs} ms left`);
      }
    }
  });
});

// Of 4,000 such leaks half are told within 1.4 s and 99 % within 2.4 s; the latest took 3.3 s.
it("a leak of 80 MB/s is told within 3.5 s of when it began, whatever the service does besides", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = createRandom(seed);
      const base = between(random, 40, 150);
      const noise = between(random, 0.1, 4);
      const teeth = between(random, 0, 30);
      const beganMs = between(random, 16_000, 60_000);
      const history = new History();
      let leftMs: number | undefined;
      let nowMs = between(random, 0, everyMs);
      while (leftMs === undefined && nowMs < beganMs + 3500) {
        const leaked = 0.08 * Math.max(0, nowMs - beganMs);
        history.add(nowMs, base + teeth * ((nowMs / 3000) % 1) + noise * gaussian(random) + leaked);
        leftMs = timeToLimitMs(history, 512, { nowMs });
        nowMs += everyMs * between(random, 0.95, 1.05);
      }
      expect(leftMs).toBeDefined();
      expect(nowMs).toBeGreaterThan(beganMs);
    }),
    { numRuns: 200, examples: [[-1_233_577_703]] },
  );
});

it("slow or fast: a steady leak is told before three quarters of the way", () => {
  const lengths = fc.double({ min: Math.log(8000), max: Math.log(3.6e8), noNaN: true });
  fc.assert(
    fc.property(lengths, fc.integer(), (logLengthMs, seed) => {
      const random = createRandom(seed);
      const lengthMs = Math.exp(logLengthMs);
      const stepMs = Math.max(everyMs, lengthMs / 20_000);
      const history = new History();
      for (let nowMs = 0; nowMs < 0.75 * lengthMs; nowMs += stepMs) {
        history.add(nowMs, 100 + 5 * random.next() + (400 * nowMs) / lengthMs);
        const leftMs = timeToLimitMs(history, 500, { nowMs });
        if (leftMs === undefined) continue;
        expect(leftMs / (lengthMs - nowMs)).toBeGreaterThan(0.6);
        expect(leftMs / (lengthMs - nowMs)).toBeLessThan(1.5);
        return;
      }
      expect.fail("it was not told");
    }),
    { numRuns: 30 },
  );
});

it("scale and origin do not matter (invariant 3)", () => {
  const scales = fc.integer({ min: -20, max: 20 });
  const origins = fc.integer({ min: 0, max: 1_000_000_000 });
  fc.assert(
    fc.property(scales, origins, fc.integer(), (power, originMs, seed) => {
      const random = createRandom(seed);
      const plain = new History();
      const scaled = new History();
      for (let index = 0; index < 80; index += 1) {
        const value = 100 + random.next() + 20 * Math.max(0, index - 60);
        plain.add(index * everyMs, value);
        scaled.add(originMs + index * everyMs, value * 2 ** power);
        const nowMs = index * everyMs;
        expect(timeToLimitMs(scaled, 600 * 2 ** power, { nowMs: originMs + nowMs })).toEqual(
          timeToLimitMs(plain, 600, { nowMs }),
        );
      }
    }),
  );
});

it("whatever arrives, the answer is a time or nothing", () => {
  const points = fc.array(fc.tuple(fc.double(), fc.double()), { maxLength: 100 });
  fc.assert(
    fc.property(points, fc.double({ noNaN: true }), (all, limit) => {
      const history = new History();
      for (const [atMs, value] of all) {
        history.add(atMs, value);
        const leftMs = timeToLimitMs(history, limit, { nowMs: atMs });
        if (leftMs !== undefined) expect(leftMs).toBeGreaterThanOrEqual(0);
      }
    }),
  );
});

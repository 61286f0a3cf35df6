import { describe, expect, it } from "vitest";
import { createRandom, type Random } from "../kernel/index.ts";
import { gaussian } from "./clean-shapes.ts";
import { HangJudge } from "./hang.ts";
import { LogSketch } from "./log-sketch.ts";

function sketchOf(...latenciesMs: readonly number[]): LogSketch {
  const sketch = new LogSketch();
  for (const latencyMs of latenciesMs) sketch.add(latencyMs);
  return sketch;
}

const usual = sketchOf(...Array.from({ length: 1000 }, (_, index) => 10 + (index % 50)));

describe("calls that hang", () => {
  it("are told with what is usual and what was seen", () => {
    const hang = new HangJudge().look({ nowMs: 31_000, beganMs: [0, 500, 5990], latencies: usual });
    expect(hang?.reason).toBe(
      "a call has been under way for 31.0 s; none of 1000 took longer than 0.1 s",
    );
    expect(hang?.evidence).toMatchObject({
      ageMs: 31_000,
      limitMs: 30_000,
      longestMs: 59,
      hanging: 2,
    });
  });

  it("each are told once, and those that follow are told anew (invariant 3)", () => {
    const judge = new HangJudge();
    const look = (nowMs: number, ...beganMs: number[]) =>
      judge.look({ nowMs, beganMs, latencies: usual })?.evidence.hanging;
    expect(look(31_000, 0, 500)).toBe(2);
    expect(look(32_000, 0, 500)).toBeUndefined();
    expect(look(50_000, 0, 500, 7000)).toBe(1);
  });

  it("are not known before enough calls have ended (invariant 1)", () => {
    const few = sketchOf(...Array.from({ length: 199 }, () => 10));
    expect(new HangJudge().look({ nowMs: 1e6, beganMs: [0], latencies: few })).toBeUndefined();
  });

  it("are given the time that the process itself was late (invariant 2)", () => {
    const look = { nowMs: 34_000, beganMs: [0], latencies: usual };
    expect(new HangJudge().look({ ...look, lateMs: 4500 })).toBeUndefined();
    expect(new HangJudge().look({ ...look, lateMs: 3500 })).toBeDefined();
  });

  it("are measured by the slowest of their kind, not by the usual ones", () => {
    const withExport = sketchOf(...Array.from({ length: 1000 }, () => 20), 60_000);
    const look = { beganMs: [0], latencies: withExport };
    expect(new HangJudge().look({ ...look, nowMs: 170_000 })).toBeUndefined();
    expect(new HangJudge().look({ ...look, nowMs: 190_000 })).toBeDefined();
  });
});

/** Latencies of healthy operations, milliseconds. */
const shapes: Readonly<Record<string, (random: Random) => number>> = {
  "look-ups with a long tail": (random) => 20 * Math.exp(0.9 * gaussian(random)),
  "look-ups and a rare report that takes 500 times as long": (random) =>
    random.next() < 0.0005 ? 5000 + 10_000 * random.next() : 10 + 20 * random.next(),
  "answers of a model, seconds to a minute": (random) =>
    Math.min(90_000, 1500 * Math.exp(1.1 * gaussian(random))),
};

describe("no call of a healthy operation hangs, of 100,000 each", () => {
  it.each(Object.entries(shapes))("%s", (_, latencyMs) => {
    const told = [];
    for (let seed = 0; seed < 3; seed += 1) {
      const random = createRandom(seed);
      const judge = new HangJudge();
      const latencies = new LogSketch();
      for (let index = 0; index < 100_000; index += 1) {
        const tookMs = latencyMs(random);
        // The look just before it ends is the one that could be wrong.
        const beganMs = index * 1e6;
        const hang = judge.look({ nowMs: beganMs + tookMs, beganMs: [beganMs], latencies });
        if (hang) told.push({ seed, index, tookMs, hang });
        latencies.add(tookMs);
      }
      expect(judge.look({ nowMs: 2e11, beganMs: [1.5e11], latencies })).toBeDefined();
    }
    expect(told).toEqual([]);
  });
});

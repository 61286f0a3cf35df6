import { describe, expect, it } from "vitest";
import { createRandom } from "../../kernel/index.ts";
import type { Opinion } from "../detector.ts";
import { exhaustionDetector } from "./exhaustion.ts";

const megabyte = 1024 * 1024;
const limit = 512 * megabyte;
const options = { leadMs: 60_000, full: 0.95 };

/** The first bad opinion over a series that is read every 250 ms, with its time and value. */
function firstBad(
  valueAt: (ms: number) => number,
  { forMs, leadMs = options.leadMs }: { forMs: number; leadMs?: number },
): { ms: number; share: number; reason: string } | undefined {
  const detector = exhaustionDetector({
    series: { "memory.rss": "memory_exhaustion" },
    leadMs,
    full: options.full,
  });
  const state = detector.initial();
  for (let ms = 0; ms <= forMs; ms += 250) {
    const value = valueAt(ms);
    const opinion = judge(detector, state, { ms, value });
    if (opinion?.kind === "bad") return { ms, share: value / limit, reason: opinion.reason };
  }
  return undefined;
}

type Exhaustion = ReturnType<typeof exhaustionDetector>;

function judge(
  detector: Exhaustion,
  state: ReturnType<Exhaustion["initial"]>,
  seen: { ms: number; value: number; series?: string; bounded?: boolean },
): Opinion | undefined {
  const { ms, value, series = "memory.rss", bounded = true } = seen;
  const sample = { series, value, unit: "bytes" as const, ...(bounded ? { limit } : {}) };
  const reading = { kind: "samples" as const, samples: [sample] };
  const at = { at: ms, begunMs: ms };
  return detector.judge(
    state,
    { resource: "instance/a.1", sensor: "usage", reading, ...at },
    { wallMs: ms, monotonicMs: ms },
  );
}

describe("exhaustion", () => {
  it("sees a leak of 80 MB/s well before the limit", () => {
    const leakFromMs = 30_000;
    const seen = firstBad((ms) => 60 * megabyte + Math.max(0, ms - leakFromMs) * 0.08 * megabyte, {
      forMs: 60_000,
    });
    expect(seen?.share).toBeLessThan(0.7);
    expect(seen?.ms).toBeGreaterThan(leakFromMs);
    expect(seen?.reason).toMatch(/memory\.rss is at \d+ % of its limit and reaches it in [\d.]+ s/);
  });

  it("sees a slow leak within its lead, and not an hour before", () => {
    const perMs = (limit - 60 * megabyte) / 600_000;
    const seen = firstBad((ms) => 60 * megabyte + ms * perMs, { forMs: 600_000 });
    expect(seen?.ms).toBeGreaterThan(600_000 - 75_000);
    expect(seen?.ms).toBeLessThan(600_000 - 20_000);
  });

  it("is quiet over a sawtooth", () => {
    const seen = firstBad((ms) => (100 + ((ms / 1000) % 20) * 8) * megabyte, { forMs: 300_000 });
    expect(seen).toBeUndefined();
  });

  it("is quiet over a warm-up that ends", () => {
    const warm = (ms: number): number => (60 + 150 * (1 - Math.exp(-ms / 3000))) * megabyte;
    expect(firstBad(warm, { forMs: 120_000 })).toBeUndefined();
  });

  it("is quiet over a step", () => {
    const step = (ms: number): number => (ms < 60_000 ? 100 : 300) * megabyte;
    expect(firstBad(step, { forMs: 120_000 })).toBeUndefined();
  });

  it("is quiet over noise", () => {
    const random = createRandom(3);
    const noisy = (): number => (200 + random.next() * 60) * megabyte;
    expect(firstBad(noisy, { forMs: 300_000 })).toBeUndefined();
  });

  it("is quiet over a process at a steady 90 %", () => {
    expect(firstBad(() => limit * 0.9, { forMs: 300_000 })).toBeUndefined();
  });

  it("calls what is full a failure whatever the trend says", () => {
    expect(firstBad(() => limit * 0.95, { forMs: 0 })).toMatchObject({
      ms: 0,
      reason: "memory.rss is at 95 % of its limit",
    });
  });

  it("says nothing of series without a limit or without a name here", () => {
    const detector = exhaustionDetector({
      series: { "memory.rss": "memory_exhaustion" },
      leadMs: 1000,
      full: 0.9,
    });
    const state = detector.initial();
    const seen = { ms: 0, value: limit };
    expect(judge(detector, state, { ...seen, bounded: false })).toBeUndefined();
    expect(judge(detector, state, { ...seen, series: "cpu.percent" })).toBeUndefined();
    expect(judge(detector, state, { ms: 0, value: 1 })).toMatchObject({ kind: "good" });
  });

  it("goes on following the others while one is full", () => {
    const detector = exhaustionDetector({
      ...options,
      series: { "memory.rss": "memory_exhaustion", descriptors: "descriptor_exhaustion" },
    });
    const state = detector.initial();
    const samples = (rss: number, open: number) =>
      [
        { series: "memory.rss", value: rss, unit: "bytes", limit: 100 },
        { series: "descriptors", value: open, unit: "count", limit: 100 },
      ] as const;
    const look = (ms: number, rss: number): Opinion | undefined => {
      const reading = { kind: "samples", samples: samples(rss, 10 + ms / 1000) } as const;
      const seen = { resource: "instance/a.1", sensor: "usage", reading } as const;
      const at = { wallMs: ms, monotonicMs: ms };
      return detector.judge(state, { ...seen, at: ms, begunMs: ms }, at);
    };
    for (let ms = 0; ms < 60_000; ms += 250) look(ms, 99);
    expect(look(60_000, 50)).toMatchObject({ kind: "bad", type: "descriptor_exhaustion" });
  });
});

import { describe, expect, it } from "vitest";
import { createRandom } from "../../kernel/index.ts";
import { listOf, type Opinion } from "../detector.ts";
import { exhaustionDetector } from "./exhaustion.ts";

const megabyte = 1024 * 1024;
const limit = 512 * megabyte;
const soon = { leadMs: 60_000, full: 0.95 };
const memory = { leadsTo: "memory_exhaustion", ...soon } as const;

/** The first bad opinion over a series that is read every 250 ms, with its time and value. */
function firstBad(
  valueAt: (ms: number) => number,
  { forMs }: { forMs: number },
): { ms: number; share: number; reason: string } | undefined {
  const detector = exhaustionDetector({ series: { "memory.rss": memory } });
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
  const observation = { resource: "instance/a.1", sensor: "usage", reading, ...at } as const;
  return listOf(detector.judge(state, observation, { wallMs: ms, monotonicMs: ms }))[0];
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

  it("calls nothing good that is high and has just begun to be followed", () => {
    const kindsOf = (share: number): ReadonlySet<string | undefined> => {
      const detector = exhaustionDetector({ series: { "memory.rss": memory } });
      const state = detector.initial();
      const kinds = new Set<string | undefined>();
      for (let ms = 0; ms < 14_000; ms += 250) {
        kinds.add(judge(detector, state, { ms, value: share * limit })?.kind);
      }
      kinds.add(`then ${judge(detector, state, { ms: 16_000, value: share * limit })?.kind}`);
      return kinds;
    };
    expect(kindsOf(0.6)).toEqual(new Set([undefined, "then good"]));
    expect(kindsOf(0.4)).toEqual(new Set(["good", "then good"]));
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
    const detector = exhaustionDetector({ series: { "memory.rss": memory } });
    const state = detector.initial();
    const seen = { ms: 0, value: limit };
    expect(judge(detector, state, { ...seen, bounded: false })).toBeUndefined();
    expect(judge(detector, state, { ...seen, series: "cpu.percent" })).toBeUndefined();
    expect(judge(detector, state, { ms: 0, value: 1 })).toMatchObject({ kind: "good" });
  });

  it("goes on following the others while one is full", () => {
    const detector = exhaustionDetector({
      series: {
        "memory.rss": memory,
        descriptors: { leadsTo: "descriptor_exhaustion", ...soon },
      },
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
      return listOf(detector.judge(state, { ...seen, at: ms, begunMs: ms }, at))[0];
    };
    for (let ms = 0; ms < 60_000; ms += 250) look(ms, 99);
    expect(look(60_000, 50)).toMatchObject({ kind: "bad", type: "descriptor_exhaustion" });
  });
});

describe("exhaustion of several parts", () => {
  const detector = exhaustionDetector({
    series: {
      "disk.used": { leadsTo: "disk_exhaustion", leadMs: 86_400_000, full: 0.98 },
      "disk.inodes": { leadsTo: "disk_exhaustion", leadMs: 86_400_000, full: 0.98 },
    },
  });

  /** A look a minute; every value is a share, as the host sensor tells it. */
  function looks(minutes: number, at: (minute: number) => Readonly<Record<string, number>>) {
    const state = detector.initial();
    let last: readonly Opinion[] = [];
    for (let minute = 0; minute <= minutes; minute += 1) {
      const samples = Object.entries(at(minute)).map(
        ([series, value]) => ({ series, value, unit: "ratio", limit: 1 }) as const,
      );
      const begunMs = minute * 60_000;
      const reading = { kind: "samples", samples } as const;
      const seen = { resource: "host/a", sensor: "host", at: begunMs, begunMs, reading } as const;
      last = listOf(detector.judge(state, seen, { wallMs: begunMs, monotonicMs: begunMs }));
    }
    return last;
  }

  it("foresees each disk by itself, also behind a fuller one that rests (X1)", () => {
    const disks = (minute: number) => {
      const growing = 0.3 + minute * 0.002;
      return { "disk.used": 0.9, "disk.used:/": 0.9, "disk.used:/var": growing };
    };
    const [bad, ...others] = looks(300, disks);
    expect(bad).toMatchObject({ kind: "bad", type: "disk_exhaustion", part: "disk.used:/var" });
    expect(bad).toHaveProperty("reason", expect.stringMatching(/^disk\.used:\/var is at 90 %/));
    expect(others).toEqual([{ kind: "good", types: ["disk_exhaustion"], part: "disk.used:/" }]);
  });

  it("tells inodes and bytes of one disk apart (X2)", () => {
    const opinions = looks(0, () => ({ "disk.used": 0.2, "disk.inodes": 0.99 }));
    expect(opinions).toMatchObject([
      { kind: "bad", part: "disk.inodes" },
      { kind: "good", part: "disk.used" },
    ]);
  });
});

describe("exhaustion of what is shared", () => {
  const detector = exhaustionDetector({ series: { "memory.rss": memory } });
  const total = 8192;

  /** What is said of a service that uses `rss(ms)` while others use `others(ms)`, all in MB. */
  function firstBadOf(rss: (ms: number) => number, others: (ms: number) => number) {
    const state = detector.initial();
    for (let ms = 0; ms <= 600_000; ms += 500) {
      const value = Math.round(rss(ms));
      const limit = Math.max(value, total - Math.round(others(ms)));
      const sample = { series: "memory.rss", value, unit: "bytes", limit, isShared: true } as const;
      const reading = { kind: "samples", samples: [sample] } as const;
      const seen = { resource: "instance/a.1", sensor: "usage", at: ms, begunMs: ms } as const;
      const now = { wallMs: ms, monotonicMs: ms };
      const [opinion] = listOf(detector.judge(state, { ...seen, reading }, now));
      if (opinion?.kind === "bad") return { ms, reason: opinion.reason };
    }
    return undefined;
  }

  it("foresees a leak of a service without a limit before the machine has nothing left", () => {
    const seen = firstBadOf(
      (ms) => 200 + ms * 0.01,
      () => 3000,
    );
    // It has 4,992 MB, for 499 s.
    expect(seen?.ms).toBeGreaterThan(499_000 - 75_000);
    expect(seen?.ms).toBeLessThan(499_000 - 20_000);
    expect(seen?.reason).toMatch(/of what the machine has for it and reaches it in/);
  });

  it("blames nobody who rests while others take what is left (X3)", () => {
    const rests = firstBadOf(
      () => 900,
      (ms) => Math.min(total - 900, 1000 + ms * 0.05),
    );
    expect(rests).toBeUndefined();
  });

  it("is quiet over a long export and a collector's teeth on a machine with room", () => {
    const teeth = (ms: number): number => 300 + ((ms / 1000) % 30) * 20;
    expect(firstBadOf(teeth, () => 3000)).toBeUndefined();
    const exported = (ms: number): number => 300 + Math.min(1500, Math.max(0, ms - 60_000) * 0.025);
    expect(firstBadOf(exported, () => 3000)).toBeUndefined();
  });
});

import { describe, expect, it } from "vitest";
import { createRandom } from "../../kernel/index.ts";
import type { Reading, Unit } from "../../model/index.ts";
import { Baseline, type BaselineSummary } from "../../statistics/index.ts";
import { listOf } from "../detector.ts";
import { deviationDetector } from "./deviation.ts";

const hourMs = 3_600_000;
const usual = {
  count: 3000,
  coversMs: hourMs,
  p01: 4,
  p05: 5,
  p50: 10,
  p95: 20,
  p99: 30,
} as BaselineSummary;

/** Looks ten seconds apart: what is thought of the last. */
function opinionOf(
  readings: readonly Reading[],
  known: readonly BaselineSummary[] = [usual],
): string {
  const detector = deviationDetector({ sensors: "all", usual: () => known });
  const state = detector.initial();
  let last = "-";
  readings.forEach((reading, index) => {
    const now = { wallMs: 0, monotonicMs: index * 10_000 };
    const place = { resource: "http/a", sensor: "http", at: 0, begunMs: now.monotonicMs } as const;
    const [opinion] = listOf(detector.judge(state, { ...place, reading }, now));
    last = opinion === undefined ? "-" : opinion.kind === "bad" ? opinion.reason : opinion.kind;
  });
  return last;
}

const taking = (elapsedMs: number): Reading => {
  return { kind: "check", ok: true, elapsedMs, reason: "200" };
};
const slow = Array.from({ length: 10 }, () => taking(900));

describe("durations", () => {
  it("are noted when they are far longer than usual, for a while", () => {
    expect(opinionOf(slow)).toBe(
      "http.elapsed is 900 ms; usual within the last hour: 10 ms, p99 30 ms",
    );
    expect(opinionOf(slow.slice(1))).toBe("-");
    expect(opinionOf([...slow, taking(12)])).toBe("good");
  });

  it("are not, where nobody notices, or nothing is known", () => {
    expect(opinionOf(Array.from({ length: 20 }, () => taking(90)))).toBe("good");
    expect(opinionOf(slow, [{ ...usual, count: 20 }])).toBe("good");
    expect(opinionOf(slow, [])).toBe("good");
    expect(opinionOf(slow, [{ ...usual, p95: 2000, p99: 3000 }])).toBe("good");
  });
});

describe("any other series", () => {
  const sampled = (value: number, unit: Unit, series = "some.series"): Reading => {
    return { kind: "samples", samples: [{ series, value, unit }] };
  };
  const minutes = (count: number, reading: Reading): readonly Reading[] =>
    Array.from({ length: 6 * count + 1 }, () => reading);
  const around = (middle: number, share = 0.05): BaselineSummary => ({
    ...usual,
    p01: middle * (1 - share),
    p05: middle * (1 - share),
    p50: middle,
    p95: middle * (1 + share),
    p99: middle * (1 + 1.4 * share),
  });
  const mega = 1024 * 1024;

  it.each([
    ["bytes", 300 * mega, 700 * mega, 500 * mega],
    ["percent", 10, 60, 40],
    ["count", 100, 500, 250],
    ["ratio", 0.3, 0.7, 0.45],
    ["seconds", 20, 90, 50],
  ] as const)(
    "is judged in %s, by what a person would notice (D1)",
    (...[unit, middle, far, near]) => {
      const known = [around(middle)];
      expect(opinionOf(minutes(5, sampled(far, unit)), known)).toMatch(/^some\.series is/);
      expect(opinionOf(minutes(5, sampled(near, unit)), known)).toBe("good");
      // Twice of little is little.
      expect(opinionOf(minutes(5, sampled(middle / 50, unit)), [around(middle / 200)])).toBe(
        "good",
      );
    },
  );

  it("is told when it lasts for minutes, and only of what is known for an hour (D3)", () => {
    const [known, far] = [around(10), sampled(80, "percent")];
    expect(opinionOf(minutes(4, far), [known])).toBe("-");
    expect(opinionOf(minutes(5, far), [known])).toContain("80 %; usual within the last hour: 10 %");
    expect(opinionOf(minutes(9, far), [{ ...known, coversMs: hourMs / 2 }])).toBe("good");
    expect(opinionOf([...minutes(9, far), sampled(11, "percent")], [known])).toBe("good");
  });

  it("is usual when it was so within the last day (D2)", () => {
    const far = minutes(5, sampled(80, "percent"));
    const day = { ...around(10), p99: 90 };
    expect(opinionOf(far, [around(10), day])).toBe("good");
    expect(opinionOf(far, [around(10), around(12), around(15)])).toContain("some.series is 80 %");
    // A day of which hardly anything is known says nothing.
    expect(opinionOf(far, [around(10), { ...day, count: 5 }])).toContain("some.series is 80 %");
  });

  it("is not told when it is less, or what is left (D4)", () => {
    expect(opinionOf(minutes(9, sampled(1, "percent")), [around(80)])).toBe("good");
    for (const series of ["memory.available", "disk.free:/var"]) {
      expect(opinionOf(minutes(9, sampled(9000 * mega, "bytes", series)), [around(mega)])).toBe(
        "-",
      );
    }
  });

  it("is work that waits as well, and every other series is told beside it", () => {
    const work: Reading = { kind: "work", counter: "jobs", done: 1, waiting: 900 };
    const both = minutes(6, work).flatMap((each) => [each, sampled(800, "count")]);
    expect(opinionOf(both, [around(50)])).toMatch(
      /^jobs\.waiting is 900; .*; some\.series is 800;/,
    );
    // One that is well again does not heal the other (D5).
    expect(opinionOf([...both, sampled(50, "count")], [around(50)])).toMatch(/^jobs\.waiting/);
  });
});

describe("a series that ends", () => {
  const network = (...series: readonly string[]): Reading => ({
    kind: "samples",
    samples: series.map((name) => ({
      series: `network.received:${name}`,
      value: name === "eth0" ? 1 : 2 ** 40,
      unit: "bytes",
    })),
  });
  const times = (count: number, reading: Reading) => Array.from({ length: count }, () => reading);
  const both = network("eth0", "br-1");

  it("is unusual no more when its sensor shows others without it (D6)", () => {
    expect(opinionOf(times(31, both))).toMatch(/^network\.received:br-1 is/);
    expect(opinionOf([...times(31, both), network("eth0")])).toBe("good");
    // Its next life begins anew.
    expect(opinionOf([...times(11, both), network("eth0"), ...times(20, both)])).toBe("-");
  });

  it("does not grow old while it is not seen, and other readings do not end it (D3, D6)", () => {
    expect(opinionOf([...times(11, both), ...times(30, taking(12))])).toBe("-");
    expect(opinionOf([...times(31, both), taking(12)])).toMatch(/^network\.received:br-1 is/);
  });
});

/** Twelve hours of a service, learned as the daemon learns it. */
function hours(valueAt: (ms: number) => number, unit: Unit): readonly string[] {
  const baseline = new Baseline();
  let known: readonly BaselineSummary[] = [];
  const detector = deviationDetector({ sensors: "all", usual: () => known });
  const state = detector.initial();
  const told: string[] = [];
  for (let ms = 0; ms < 12 * hourMs; ms += 10_000) {
    const value = valueAt(ms);
    baseline.add(value, ms);
    if (ms % 600_000 === 0) {
      known = (["1h", "24h"] as const).flatMap((window) => baseline.summary(window) ?? []);
    }
    const reading = { kind: "samples", samples: [{ series: "s", value, unit }] } as const;
    const seen = {
      resource: "instance/a.1",
      sensor: "usage",
      reading,
      at: ms,
      begunMs: ms,
    } as const;
    const [opinion] = listOf(detector.judge(state, seen, { wallMs: ms, monotonicMs: ms }));
    if (opinion?.kind === "bad") told.push(`${ms}: ${opinion.reason}`);
  }
  return told;
}

describe("a healthy service", () => {
  const random = createRandom(7);
  const noise = (size: number): number => size * (random.next() - 0.5);
  const minuteMs = 60_000;
  const mega = 1024 * 1024;

  it.each<[string, Unit, (ms: number) => number]>([
    ["at rest", "percent", () => 5 + noise(3)],
    ["with a collector's teeth", "bytes", (ms) => (200 + ((ms / 1000) % 300)) * mega],
    [
      "with an export of four minutes now and then",
      "percent",
      (ms) => (ms % (47 * minuteMs) < 4 * minuteMs ? 95 : 5 + noise(2)),
    ],
    [
      "after a deployment that starts anew",
      "bytes",
      (ms) => (ms < 4 * hourMs ? 300 : 100 + Math.min(250, (ms - 4 * hourMs) / 2000)) * mega,
    ],
    [
      "with load that comes and goes by the hour",
      "percent",
      (ms) => 40 + 35 * Math.sin((2 * Math.PI * ms) / (2 * hourMs)) + noise(4),
    ],
    ["with work in bursts", "count", (ms) => (ms % (10 * minuteMs) < minuteMs ? 900 : 3)],
  ])("is quiet %s", (_, unit, valueAt) => {
    expect(hours(valueAt, unit)).toEqual([]);
  });

  it("is told of when it is far from that for long, until that is usual", () => {
    const told = hours((ms) => (ms < 6 * hourMs ? 5 : 90) + noise(2), "percent");
    const [first, last] = [told[0], told.at(-1)].map((each) => Number(each?.split(":")[0]));
    expect(first).toBeGreaterThanOrEqual(6 * hourMs + 5 * minuteMs);
    expect(first).toBeLessThan(6 * hourMs + 6 * minuteMs);
    expect(last).toBeLessThan(7 * hourMs);
  });
});

import { describe, expect, it } from "vitest";
import { History } from "./history.ts";
import { timeToLimitMs } from "./trend.ts";

const everyMs = 250;
const megabyte = 1024 * 1024;
const limit = 512 * megabyte;

/** What is said after every sample of `length` samples of `shape`, told by its index. */
function answers(length: number, shape: (index: number) => number): (number | undefined)[] {
  const history = new History();
  return Array.from({ length }, (_, index) => {
    history.add(index * everyMs, shape(index));
    return timeToLimitMs(history, limit, { nowMs: index * everyMs });
  });
}

describe("time to limit", () => {
  it("tells a leak of 80 MB/s after six samples of it, and about when", () => {
    const beganAt = 80;
    const said = answers(beganAt + 20, (index) => {
      const leaked = Math.max(0, index - beganAt) * 20 * megabyte;
      return (index < 4 ? 30 + index * 7.5 : 60) * megabyte + leaked + (index % 3) * 20_000;
    });
    const told = said.findIndex((leftMs) => leftMs !== undefined);
    expect(told - beganAt).toBeGreaterThan(0);
    expect(told - beganAt).toBeLessThanOrEqual(6);
    const leakedBytes = (told - beganAt) * 20 * megabyte;
    const trueMs = ((452 * megabyte - leakedBytes) / (80 * megabyte)) * 1000;
    expect((said[told] ?? 0) / trueMs).toBeCloseTo(1, 1);
    expect(said.slice(told)).not.toContain(undefined);
  });

  it("waits for half of the way when the series has no past (it may be a warm-up)", () => {
    const said = answers(24, (index) => (50 + index * 20) * megabyte);
    const told = said.findIndex((leftMs) => leftMs !== undefined);
    expect(50 + told * 20).toBeGreaterThanOrEqual(280);
    expect(50 + told * 20).toBeLessThanOrEqual(320);
  });

  it("sees a leak of hours under the teeth of a collector", () => {
    const history = new History();
    const hourMs = 3_600_000;
    let toldAtMs: number | undefined;
    let leftMs: number | undefined;
    for (let atMs = 0; atMs < 8 * hourMs && leftMs === undefined; atMs += 1000) {
      const tooth = 20 * megabyte * ((atMs / 45_000) % 1);
      history.add(atMs, 100 * megabyte + tooth + (atMs / (8 * hourMs)) * 400 * megabyte);
      leftMs = timeToLimitMs(history, limit, { nowMs: atMs });
      toldAtMs = atMs;
    }
    expect((toldAtMs ?? 0) / hourMs).toBeLessThan(6);
    expect((leftMs ?? 0) / (8 * hourMs - (toldAtMs ?? 0))).toBeCloseTo(1, 0);
  });

  it.each<[string, (index: number) => number]>([
    ["a constant", () => 100],
    ["a collector's sawtooth", (index) => 100 + 150 * ((index / 40) % 1)],
    ["a warm-up that levels off", (index) => 40 + 180 * (1 - Math.exp(-index / 4))],
    ["a single step", (index) => (index < 100 ? 60 : 240)],
    ["a step of three samples", (index) => 60 + 60 * Math.max(0, Math.min(3, index - 100))],
    ["a fall", (index) => 400 - index / 10],
    ["a value above its limit that rests there", () => 600],
  ])("says nothing about %s (invariant 1)", (_, shape) => {
    const said = answers(2400, (index) => shape(index) * megabyte);
    expect(said.filter((leftMs) => leftMs !== undefined)).toEqual([]);
  });

  it("says nothing when the leak was given back", () => {
    const said = answers(200, (index) => (index % 100 < 90 ? 60 : 60 + (index % 10)) * megabyte);
    expect(said.filter((leftMs) => leftMs !== undefined)).toEqual([]);
  });

  it("says nothing about a series that went silent (invariant 2)", () => {
    const history = new History();
    for (let index = 0; index < 90; index += 1) {
      history.add(index * everyMs, (60 + Math.max(0, index - 80) * 20) * megabyte);
    }
    const lastMs = 89 * everyMs;
    expect(timeToLimitMs(history, limit, { nowMs: lastMs })).toBeGreaterThan(0);
    expect(timeToLimitMs(history, limit, { nowMs: lastMs + 60_000 })).toBeUndefined();
  });

  /** At its begin most pairs of a coarse level rise, and yet the median one does not. */
  it("goes on telling a steady leak behind a long rest, at every sample", () => {
    const restedFor = 1912;
    const said = answers(restedFor + 440, (index) => {
      return (60 + Math.max(0, index - restedFor)) * megabyte;
    });
    const told = said.findIndex((leftMs) => leftMs !== undefined);
    expect(told).toBeGreaterThan(restedFor);
    const leftOf = (index: number) => (512 - 60 - (index - restedFor)) * everyMs;
    const wrong = said.slice(told).flatMap((leftMs = Number.POSITIVE_INFINITY, later) => {
      const missedByMs = Math.abs(leftMs - leftOf(told + later));
      return missedByMs > 2000 ? [{ at: told + later - restedFor, missedByMs }] : [];
    });
    expect(wrong).toEqual([]);
  });

  it("is 0 when the limit was passed on the way", () => {
    const said = answers(100, (index) => (60 + Math.max(0, index - 60) * 20) * megabyte);
    expect(said.at(-1)).toBe(0);
  });
});

import { describe, expect, it } from "vitest";
import { awaitQuiet, createClockWatch, watchClock } from "./clock-watch.ts";

const limits = { jumpMs: 1000, watchMs: 2000 };

describe("the watch over the wall clock", () => {
  it("says nothing while both clocks go the same way", () => {
    const watch = createClockWatch();
    for (let ms = 0; ms < 10_000; ms += 500) {
      expect(watchClock(watch, limits, { wallMs: 5e12 + ms, monotonicMs: ms })).toBeUndefined();
    }
  });

  it("tells a jump in either direction, then that it is quiet, for a while", () => {
    for (const jumpMs of [60_000, -60_000]) {
      const watch = createClockWatch();
      const at = (ms: number, offsetMs: number) =>
        watchClock(watch, limits, { wallMs: 5e12 + ms + offsetMs, monotonicMs: ms });
      expect(at(0, 0)).toBeUndefined();
      expect(at(10, jumpMs)).toMatchObject({
        resource: "host/clock",
        reading: { kind: "occurrence", count: 1, value: jumpMs },
      });
      expect(at(500, jumpMs)).toBeUndefined();
      expect(at(1010, jumpMs)).toMatchObject({ reading: { count: 0 } });
      expect(at(6010, jumpMs)).toMatchObject({ reading: { count: 0 } });
      expect(at(60_000, jumpMs)).toBeUndefined();
    }
  });

  it("tells that it is quiet after a start, when the daemon before has seen a jump", () => {
    const watch = createClockWatch();
    awaitQuiet(watch, limits.watchMs, { wallMs: 5e12, monotonicMs: 0 });
    const told: number[] = [];
    for (let ms = 0; ms < 20_000; ms += 500) {
      const seen = watchClock(watch, limits, { wallMs: 5e12 + ms, monotonicMs: ms });
      if (seen === undefined) continue;
      expect(seen).toMatchObject({ reading: { count: 0 } });
      told.push(ms);
    }
    expect(told).toEqual([1000, 2000, 3000, 4000, 5000, 6000]);
  });

  it("does not call a slow drift a jump", () => {
    const watch = createClockWatch();
    for (let ms = 0; ms < 100_000; ms += 1000) {
      expect(watchClock(watch, limits, { wallMs: ms * 1.5, monotonicMs: ms })).toBeUndefined();
    }
  });
});

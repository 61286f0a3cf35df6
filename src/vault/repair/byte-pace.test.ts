import { expect, test } from "vitest";
import { bytePace } from "./byte-pace.ts";
import { never } from "./repair-bench.ts";

test("lets bytes through at their rate, and ends with its signal", async () => {
  let nowMs = 0;
  const waits: number[] = [];
  const pace = bytePace({
    bytesPerSecond: 1000,
    clock: { now: () => ({ wallMs: 0, monotonicMs: nowMs }) },
    timers: {
      after: (delayMs, run) => {
        waits.push(delayMs);
        nowMs += delayMs;
        run();
        return () => {};
      },
    },
  });
  for (const sizeBytes of [500, 2000, 10]) await pace(sizeBytes, never);
  nowMs += 60_000;
  await pace(10, never);
  expect(waits).toEqual([500, 2000]);
  const enough = new Error("enough");
  await expect(pace(10, AbortSignal.abort(enough))).rejects.toBe(enough);
});

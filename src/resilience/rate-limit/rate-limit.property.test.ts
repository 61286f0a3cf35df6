import fc from "fast-check";
import { expect, it } from "vitest";
import { ManualTools, outcome } from "../manual-tools.ts";
import { CellRate } from "./cell-rate.ts";
import { RateLimit } from "./rate-limit.ts";

const shape = {
  intervalMs: fc.double({ min: 0.01, max: 500, noNaN: true }),
  burst: fc.integer({ min: 1, max: 20 }),
};

it("G1: within any span at most the burst and one call per interval", () => {
  fc.assert(
    fc.property(
      shape.intervalMs,
      shape.burst,
      fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 2000, noNaN: true })), {
        maxLength: 200,
      }),
      (intervalMs, burst, pauses) => {
        const rate = new CellRate(intervalMs, burst);
        const admitted: number[] = [];
        let nowMs = 0;
        for (const pauseMs of pauses) {
          nowMs += pauseMs;
          if (rate.waitMs(nowMs) > 0) continue;
          rate.take(nowMs);
          admitted.push(nowMs);
        }
        for (const [first, fromMs] of admitted.entries()) {
          for (let last = first; last < admitted.length; last += 1) {
            const spanMs = (admitted[last] as number) - fromMs;
            expect(last - first + 1).toBeLessThanOrEqual(burst + spanMs / intervalMs + 1e-3);
          }
        }
      },
    ),
  );
});

it("G2: after a pause of a burst a whole burst is free, and never more", () => {
  fc.assert(
    fc.property(shape.intervalMs, shape.burst, fc.nat(1_000_000), (intervalMs, burst, pauseMs) => {
      const rate = new CellRate(intervalMs, burst);
      const burstAt = (nowMs: number): number => {
        let admitted = 0;
        for (; rate.waitMs(nowMs) === 0; admitted += 1) rate.take(nowMs);
        return admitted;
      };
      expect(burstAt(0)).toBe(burst);
      expect(burstAt(intervalMs * burst + pauseMs)).toBe(burst);
    }),
  );
});

it("waiting calls are let in one per interval, and those that give up cost nobody more", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({ afterMs: fc.nat(30), giveUpMs: fc.option(fc.nat(40), { nil: undefined }) }),
        {
          maxLength: 30,
        },
      ),
      fc.integer({ min: 1, max: 3 }),
      async (calls, burst) => {
        const tools = new ManualTools();
        const options = { limit: 1, perMs: 10, burst, maxWaitMs: 100, queue: 5 };
        const limit = new RateLimit(options, tools);
        const begun: number[] = [];
        const found: ReturnType<typeof outcome>[] = [];
        for (const { afterMs, giveUpMs } of calls) {
          await tools.advance(afterMs);
          const caller = new AbortController();
          if (giveUpMs !== undefined) tools.timers.after(giveUpMs, () => caller.abort());
          const work = (): number => begun.push(tools.monotonicMs());
          found.push(outcome(limit.execute(work, { signal: caller.signal })));
          await tools.settle();
          expect(limit.report().waiting).toBeLessThanOrEqual(5);
        }
        await tools.advance(1000);
        expect(found.every((each) => each.isSettled)).toBe(true);
        expect(limit.report().waiting).toBe(0);
        for (const [first, fromMs] of begun.entries()) {
          for (let last = first; last < begun.length; last += 1) {
            const spanMs = (begun[last] as number) - fromMs;
            expect(last - first + 1).toBeLessThanOrEqual(burst + spanMs / 10);
          }
        }
      },
    ),
  );
});

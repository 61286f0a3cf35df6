/** D1 and D2 for any course of calls: none is late too early, none is forgotten, one timer. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { InfrastructureReliabilityEngine } from "../engine.ts";

const course = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 0, max: 300 }),
    /** Undefined: it never ends. Never just when its time is over. */
    takesMs: fc.option(
      fc.integer({ min: 1, max: 2000 }).map((ms) => ms + 0.5),
      { nil: undefined },
    ),
    timeoutMs: fc.constantFrom(100, 500, 1000),
  }),
  { minLength: 1, maxLength: 25 },
);

interface Seen {
  readonly beganMs: number;
  readonly timeoutMs: number;
  readonly takesMs: number | undefined;
  endedMs?: number;
  isLate?: boolean;
}

test("each call ends with its answer, or when its time is over and no sooner", async () => {
  await fc.assert(
    fc.asyncProperty(course, async (calls) => {
      const tools = new ManualTools();
      const engine = new InfrastructureReliabilityEngine(
        { autoRetry: false, breaker: false },
        tools,
      );
      const before = tools.pendingTimers;
      const wait = (takesMs: number | undefined): Promise<void> =>
        new Promise((resolve) => {
          if (takesMs !== undefined) tools.timers.after(takesMs, resolve);
        });
      const wrapped = new Map(
        [100, 500, 1000].map((timeout) => [
          timeout,
          engine.wrap(`wait${timeout}`, { wait }, { timeout }),
        ]),
      );
      const seen: Seen[] = [];
      let owed = 0;
      for (const { afterMs, takesMs, timeoutMs } of calls) {
        await tools.advance(afterMs);
        const one: Seen = { beganMs: tools.monotonicMs(), timeoutMs, takesMs };
        seen.push(one);
        owed += takesMs === undefined ? 0 : 1;
        const end = (isLate: boolean) => (): void => {
          one.endedMs = tools.monotonicMs();
          one.isLate = isLate;
        };
        wrapped.get(timeoutMs)?.wait(takesMs).then(end(false), end(true));
        // One for all deadlines, and the pulse; the rest are the work's own.
        expect(tools.pendingTimers - before - owed).toBeLessThanOrEqual(2);
      }
      await tools.advance(5000);
      for (const {
        beganMs,
        endedMs,
        isLate,
        timeoutMs,
        takesMs = Number.POSITIVE_INFINITY,
      } of seen) {
        expect(isLate).toBe(takesMs > timeoutMs);
        const wantedMs = beganMs + Math.min(takesMs, timeoutMs);
        expect(endedMs).toBeGreaterThanOrEqual(wantedMs);
        expect(endedMs).toBeLessThanOrEqual(wantedMs + 1);
      }
      await engine.close();
    }),
    { numRuns: 60 },
  );
});

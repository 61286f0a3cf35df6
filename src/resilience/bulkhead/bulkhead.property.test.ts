import fc from "fast-check";
import { expect, it } from "vitest";
import { ManualTools, outcome } from "../manual-tools.ts";
import { Bulkhead } from "./bulkhead.ts";

/** A call that works so long, and is given up so long after it came; or time that passes. */
const step = fc.oneof(
  fc.record({
    kind: fc.constant("call" as const),
    workMs: fc.nat(50),
    giveUpMs: fc.option(fc.nat(50), { nil: undefined }),
    isFailing: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("wait" as const), forMs: fc.nat(40) }),
  fc.record({ kind: fc.constant("resize" as const), limit: fc.integer({ min: 1, max: 5 }) }),
);

it("never more than the limits, in the order of coming, and everything ends", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 1, max: 4 }),
      fc.nat(4),
      async (steps, firstLimit, queue) => {
        const tools = new ManualTools();
        let limit = firstLimit;
        const bulkhead = new Bulkhead({ limit, queue, maxWaitMs: 60 }, tools);
        let running = 0;
        const begun: number[] = [];
        const found: ReturnType<typeof outcome>[] = [];
        let calls = 0;
        for (const each of steps) {
          if (each.kind === "resize") {
            limit = each.limit;
            bulkhead.resize(limit, queue);
            await tools.settle();
          } else if (each.kind === "wait") await tools.advance(each.forMs);
          else {
            calls += 1;
            const number = calls;
            const caller = new AbortController();
            const { giveUpMs, workMs, isFailing } = each;
            if (giveUpMs !== undefined) tools.timers.after(giveUpMs, () => caller.abort());
            const work = async (): Promise<void> => {
              // A smaller limit holds for those who come, not for those who are inside.
              if (steps.every(({ kind }) => kind !== "resize")) {
                expect(running).toBeLessThan(limit);
              }
              running += 1;
              begun.push(number);
              await new Promise<void>((done) => tools.timers.after(workMs, done));
              running -= 1;
              if (isFailing) throw new Error("x");
            };
            found.push(outcome(bulkhead.execute(work, { signal: caller.signal })));
            await tools.settle();
          }
          const { inUse, waiting } = bulkhead.report();
          expect(inUse).toBe(running);
          expect(waiting).toBeLessThanOrEqual(queue);
          if (waiting > 0) expect(inUse).toBeGreaterThanOrEqual(limit);
        }
        await tools.advance(10_000);
        expect(begun).toEqual([...begun].sort((one, other) => one - other));
        expect(found.every((each) => each.isSettled)).toBe(true);
        expect(bulkhead.report()).toMatchObject({ inUse: 0, waiting: 0 });
        expect(tools.pendingTimers).toBe(0);
      },
    ),
  );
});

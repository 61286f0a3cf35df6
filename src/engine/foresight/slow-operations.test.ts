/** L1, L2. */
import { expect, test } from "vitest";
import { SimulatedOperation } from "./simulated-operation.ts";
import { SlowOperations } from "./slow-operations.ts";

const everyMs = 10_000;

function benchOf({ limitMs }: { readonly limitMs?: number } = {}) {
  const operation = new SimulatedOperation("chat.ask");
  const slow = new SlowOperations();
  let atMs = 0;
  /** Each look is 10 s after the one before. */
  const run = (looks: number, calls: number, takesMs: number): readonly string[] => {
    for (let look = 0; look < looks; look += 1) {
      operation.run({ calls, takesMs: () => takesMs });
      atMs += everyMs;
      slow.look(atMs, [operation.report()], limitMs);
    }
    return slow.issues(atMs).map(({ message }) => message);
  };
  return { run, slow, now: () => atMs };
}

test("an operation is too slow while the p95 of its last minute is above the limit", () => {
  const { run, slow, now } = benchOf({ limitMs: 1000 });
  expect(run(5, 100, 900)).toEqual([]);
  const said = "chat.ask answers slowly: 5 of 100 calls take 1.4 s or more, and 1 s is allowed";
  expect(run(1, 100, 1400)).toEqual([said]);
  run(5, 100, 1400);
  expect(slow.issues(now())).toMatchObject([
    {
      subject: "chat.ask",
      kind: "slow_responses",
      inMs: 0,
      evidence: { limit: 1000, looks: 6, forMs: 50_000 },
    },
  ]);
  expect(Math.round((slow.slow(now())[0]?.p95Ms ?? 0) / 100)).toBe(14);
  // What was slow is out of the window after a minute at the latest.
  expect(run(7, 100, 10)).toEqual([]);
});

test("of few calls, or of none any more, nothing is said (L1)", () => {
  const few = benchOf({ limitMs: 1000 });
  expect(few.run(10, 2, 5000)).toEqual([]);
  const gone = benchOf({ limitMs: 1000 });
  expect(gone.run(3, 100, 5000)).toHaveLength(1);
  expect(gone.run(7, 0, 0)).toEqual([]);
});

test("without a limit nothing is too slow, and nothing is kept (L2)", () => {
  const { run, slow, now } = benchOf();
  expect(run(5, 100, 60_000)).toEqual([]);
  const operation = new SimulatedOperation("chat.ask");
  operation.run({ calls: 100, takesMs: () => 5000 });
  slow.look(now(), [operation.report()], 1000);
  expect(slow.slow(now())).toHaveLength(1);
  slow.look(now(), [operation.report()], undefined);
  expect(slow.slow(now())).toEqual([]);
});

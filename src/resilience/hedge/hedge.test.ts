import { describe, expect, it } from "vitest";
import type { Decision } from "../decision.ts";
import { BulkheadError } from "../errors.ts";
import { ManualTools, outcome } from "../manual-tools.ts";
import type { Attempt } from "../policy.ts";
import { RetryBudget } from "../retry/retry-budget.ts";
import { Hedge, type HedgeOptions } from "./hedge.ts";

function rig(options: Partial<HedgeOptions> = {}) {
  const tools = new ManualTools();
  const hedge = new Hedge({ delayMs: 50, idempotent: true, ...options }, tools);
  const decisions: Decision[] = [];
  hedge.on(({ decision }) => decisions.push(decision));
  const signals: AbortSignal[] = [];
  /** Attempt n takes so long, and fails with this error if there is one. */
  const work =
    (...plans: readonly (readonly [number, Error?])[]) =>
    async ({ number, signal }: Attempt): Promise<string> => {
      signals.push(signal);
      const [forMs, error] = plans[number - 1] ?? [0];
      await new Promise<void>((done) => tools.timers.after(forMs, done));
      if (error !== undefined) throw error;
      return `answer ${number}`;
    };
  return { tools, hedge, decisions, signals, work };
}

const fault = (text: string) => Object.assign(new Error(text), { status: 500 });

it("H2: a late answer is asked for again, the first one wins, the other's signal is aborted", async () => {
  const { tools, hedge, decisions, signals, work } = rig();
  const found = outcome(hedge.execute(work([500], [20])));
  await tools.advance(49);
  expect(signals).toHaveLength(1);
  await tools.advance(21);
  expect(found.value).toBe("answer 2");
  expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
  expect(signals[0]?.reason).toMatchObject({ name: "AbortError" });
  expect(decisions).toEqual([{ kind: "hedge", attempt: 2, afterMs: 50 }]);
  await tools.advance(1000);
  expect(signals[1]?.aborted).toBe(false);
});

it("an answer in time is asked for once, and leaves no timer", async () => {
  const { tools, hedge, signals, work } = rig();
  const found = outcome(hedge.execute(work([40])));
  await tools.advance(40);
  expect(found.value).toBe("answer 1");
  expect(tools.pendingTimers).toBe(0);
  expect(signals.map((signal) => signal.aborted)).toEqual([false]);
});

it("H1: what may not be done twice is done once", async () => {
  const { tools, hedge, signals, work } = rig({ idempotent: false });
  const once = outcome(hedge.execute(work([500], [0])));
  await tools.advance(500);
  expect(once.value).toBe("answer 1");
  expect(signals).toHaveLength(1);
  const twice = outcome(hedge.execute(work([500], [0]), { idempotent: true }));
  await tools.advance(60);
  expect(twice.value).toBe("answer 2");
});

describe("H3: a failure", () => {
  it("waits for who is still under way", async () => {
    const { tools, hedge, work } = rig();
    const found = outcome(hedge.execute(work([60, fault("first")], [100])));
    await tools.advance(60);
    expect(found.isSettled).toBe(false);
    await tools.advance(100);
    expect(found.value).toBe("answer 2");
  });

  it("is final when nobody is: the first error is told, and nothing is begun after it", async () => {
    const { tools, hedge, signals, work } = rig();
    const alone = outcome(hedge.execute(work([10, fault("alone")])));
    const both = outcome(hedge.execute(work([60, fault("first")], [60, fault("second")])));
    await tools.advance(1000);
    expect(alone.error).toEqual(fault("alone"));
    expect(both.error).toEqual(fault("first"));
    expect(signals).toHaveLength(3);
  });

  it("that is the caller's own mistake is final, and a hedge that found no room is not", async () => {
    const { tools, hedge, signals, work } = rig();
    const mistake = outcome(hedge.execute(work([500], [0, new RangeError("x")])));
    const noRoom = outcome(hedge.execute(work([500], [0, new BulkheadError("a", 1, 0)])));
    await tools.advance(51);
    expect(mistake.error).toEqual(new RangeError("x"));
    expect(signals[0]?.aborted).toBe(true);
    await tools.advance(500);
    expect(noRoom.value).toBe("answer 1");
  });
});

it("H4: what the budget does not pay is not asked twice", async () => {
  const budget = new RetryBudget({ ratio: 0, minimumPerSecond: 0 });
  const { tools, hedge, signals, work } = rig({ budget });
  const found = outcome(hedge.execute(work([500])));
  await tools.advance(500);
  expect(found.value).toBe("answer 1");
  expect(signals).toHaveLength(1);
  expect(budget.report(0).refused).toBe(1);
});

it.each<[string, () => number | undefined]>([
  ["a quantile that is not known yet", () => undefined],
  ["a quantile that is no number", () => Number.NaN],
  [
    "a quantile that throws",
    () => {
      throw new Error("x");
    },
  ],
])("%s means no hedge", async (_what, delayMs) => {
  const { tools, hedge, signals, work } = rig({ delayMs });
  const found = outcome(hedge.execute(work([500])));
  await tools.advance(500);
  expect(found.value).toBe("answer 1");
  expect(signals).toHaveLength(1);
});

it("several hedges come one after the other, by the quantile of the moment", async () => {
  let quantileMs = 10;
  const { tools, hedge, decisions, work } = rig({ hedges: 2, delayMs: () => (quantileMs *= 2) });
  const found = outcome(hedge.execute(work([500], [500], [5])));
  await tools.advance(100);
  expect(found.value).toBe("answer 3");
  expect(decisions).toMatchObject([{ afterMs: 20 }, { afterMs: 40 }]);
});

it("a caller who gives up is answered at once, and all attempts are aborted", async () => {
  const { tools, hedge, signals, work } = rig();
  const caller = new AbortController();
  const found = outcome(hedge.execute(work([500], [500]), { signal: caller.signal }));
  await tools.advance(60);
  caller.abort(new Error("enough"));
  await tools.settle();
  expect(found.error).toEqual(new Error("enough"));
  expect(signals.map((signal) => signal.aborted)).toEqual([true, true]);
});

it("H3: a hedge for which there was no room does not hide what went wrong", async () => {
  const { tools, hedge, work } = rig();
  const full = new BulkheadError("a", 1, 0);
  const found = outcome(hedge.execute(work([200, fault("reset")], [0, full])));
  await tools.advance(200);
  expect(found.error).toMatchObject({ message: "reset" });
  const alone = outcome(hedge.execute(work([0, full])));
  await tools.advance(1);
  expect(alone.error).toBe(full);
});

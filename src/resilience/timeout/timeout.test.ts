import { describe, expect, it } from "vitest";
import type { Decision } from "../decision.ts";
import { CallTimeoutError } from "../errors.ts";
import { ManualTools, outcome } from "../manual-tools.ts";
import { Timeout } from "./timeout.ts";
import type { Late } from "./within.ts";

function rig(timeoutMs = 100) {
  const tools = new ManualTools();
  const late: Late[] = [];
  const decisions: Decision[] = [];
  const timeout = new Timeout(
    { timeoutMs, name: "slow", onLate: (each) => late.push(each) },
    tools,
  );
  timeout.on(({ decision }) => decisions.push(decision));
  const pause = (forMs: number) => new Promise<void>((done) => tools.timers.after(forMs, done));
  return { tools, timeout, late, decisions, pause };
}

it("T1: work that takes too long is not awaited, and its caller is told how long that was", async () => {
  const { tools, timeout, decisions, pause } = rig();
  const found = outcome(timeout.execute(() => pause(200)));
  await tools.advance(99);
  expect(found.isSettled).toBe(false);
  await tools.advance(1);
  expect(found.error).toBeInstanceOf(CallTimeoutError);
  expect(found.error).toMatchObject({ code: "CALL_TIMEOUT", timeoutMs: 100, operation: "slow" });
  expect(decisions).toEqual([{ kind: "timeout", timeoutMs: 100, elapsedMs: 100 }]);
});

// opossum 10: a function that answers undefined rejects with a TypeError.
it("work that ends in time ends as it ends: with undefined, with its error, or at once", async () => {
  const { tools, timeout, decisions } = rig();
  const answered = outcome(timeout.execute<undefined>(() => undefined));
  const failed = outcome(timeout.execute(() => Promise.reject(new Error("own"))));
  const thrown = outcome(
    timeout.execute(() => {
      throw new Error("at once");
    }),
  );
  await tools.settle();
  expect(answered).toEqual({ isSettled: true, value: undefined });
  expect(failed.error).toEqual(new Error("own"));
  expect(thrown.error).toEqual(new Error("at once"));
  expect(tools.pendingTimers).toBe(0);
  expect(decisions).toEqual([]);
});

describe("T2: the end of late work is swallowed, and shown", () => {
  it.each([
    ["an answer", false, { kind: "answered", value: "late" }],
    ["an error", true, { kind: "failed", error: new Error("late") }],
  ])("%s", async (_what, isFailing, expected) => {
    const { tools, timeout, late, pause } = rig();
    outcome(
      timeout.execute(async () => {
        await pause(250);
        if (isFailing) throw new Error("late");
        return "late";
      }),
    );
    await tools.advance(1000);
    expect(late).toEqual([{ elapsedMs: 250, because: "timeout", outcome: expected }]);
  });

  it("what is shown it may throw", async () => {
    const tools = new ManualTools();
    let shown = 0;
    const onLate = (): never => {
      shown += 1;
      throw new Error("broken");
    };
    const timeout = new Timeout({ timeoutMs: 10, onLate }, tools);
    outcome(timeout.execute(() => new Promise<void>((done) => tools.timers.after(20, done))));
    await tools.advance(30);
    expect(shown).toBe(1);
  });
});

describe("the signal", () => {
  it("is aborted by the timeout, with its error, also when it is asked for only then", async () => {
    const { tools, timeout, pause } = rig();
    let early: AbortSignal | undefined;
    let asked: AbortSignal | undefined;
    const one = outcome(
      timeout.execute(({ signal }) => {
        early = signal;
        return pause(200);
      }),
    );
    outcome(
      timeout.execute(async (attempt) => {
        await pause(200);
        asked = attempt.signal;
      }),
    );
    await tools.advance(100);
    expect(early?.aborted).toBe(true);
    expect(early?.reason).toBe(one.error);
    await tools.advance(100);
    expect(asked?.aborted).toBe(true);
    expect(asked?.reason).toBeInstanceOf(CallTimeoutError);
  });

  // cockatiel 4: aborted after success, which kills bodies that are still being read.
  it("T3: is never aborted after success, and follows the caller all the same", async () => {
    const { tools, timeout } = rig();
    const caller = new AbortController();
    const signals: AbortSignal[] = [];
    const work = ({ signal }: { signal: AbortSignal }): string => {
      signals.push(signal);
      return "body";
    };
    await timeout.execute(work);
    await timeout.execute(work, { signal: caller.signal });
    await tools.advance(10_000);
    expect(signals.map((signal) => signal.aborted)).toEqual([false, false]);
    caller.abort();
    expect(signals.map((signal) => signal.aborted)).toEqual([false, true]);
  });
});

// cockatiel 4: a cancel at 11 ms is reported as "timed out after 5000ms".
it("T1: a caller who gives up gets his own reason at once, and no timeout is told", async () => {
  const { tools, timeout, decisions, late, pause } = rig();
  const caller = new AbortController();
  const reason = new Error("enough");
  const found = outcome(timeout.execute(() => pause(50), { signal: caller.signal }));
  await tools.advance(11);
  caller.abort(reason);
  await tools.settle();
  expect(found.error).toBe(reason);
  await tools.advance(1000);
  expect(decisions).toEqual([]);
  expect(late).toMatchObject([{ because: "cancelled", elapsedMs: 50 }]);
  expect(tools.pendingTimers).toBe(0);
});

it("a caller who has given up before has nothing begun", async () => {
  const { tools, timeout } = rig();
  let isBegun = false;
  const found = outcome(
    timeout.execute(
      () => {
        isBegun = true;
      },
      { signal: AbortSignal.abort(new Error("no")) },
    ),
  );
  await tools.settle();
  expect(found.error).toEqual(new Error("no"));
  expect(isBegun).toBe(false);
});

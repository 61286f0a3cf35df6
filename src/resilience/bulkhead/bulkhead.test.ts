import { describe, expect, it } from "vitest";
import type { Decision } from "../decision.ts";
import { BulkheadError } from "../errors.ts";
import { Hedge } from "../hedge/hedge.ts";
import { ManualTools, outcome } from "../manual-tools.ts";
import { Pipeline } from "../pipeline.ts";
import { Timeout } from "../timeout/timeout.ts";
import { Bulkhead, type BulkheadOptions } from "./bulkhead.ts";

function rig(options: BulkheadOptions) {
  const tools = new ManualTools();
  const bulkhead = new Bulkhead({ name: "few", ...options }, tools);
  const decisions: Decision[] = [];
  bulkhead.on(({ decision }) => decisions.push(decision));
  const pause = (forMs: number) => new Promise<void>((done) => tools.timers.after(forMs, done));
  return { tools, bulkhead, decisions, pause };
}

it("K1, K2: so many at a time, a few wait in line, the rest is refused", async () => {
  const { tools, bulkhead, decisions, pause } = rig({ limit: 2, queue: 2 });
  const begun: number[] = [];
  const found = [1, 2, 3, 4, 5].map((call) =>
    outcome(
      bulkhead.execute(async () => {
        begun.push(call);
        await pause(10);
        return call;
      }),
    ),
  );
  await tools.settle();
  expect(begun).toEqual([1, 2]);
  expect(found[4]?.error).toBeInstanceOf(BulkheadError);
  expect(decisions).toEqual([
    { kind: "rejected", by: "bulkhead", reason: "2 calls are under way" },
  ]);
  expect(bulkhead.report()).toEqual({ limit: 2, queue: 2, inUse: 2, waiting: 2, refused: 1 });
  await tools.advance(20);
  expect(begun).toEqual([1, 2, 3, 4]);
  expect(found.map((each) => each.value)).toEqual([1, 2, 3, 4, undefined]);
  expect(bulkhead.report()).toMatchObject({ inUse: 0, waiting: 0 });
});

// cockatiel 4: a queued call that was aborted at 10 ms is rejected at 301 ms.
it("K3: a call that is given up in line leaves at once, and its place is free", async () => {
  const { tools, bulkhead, pause } = rig({ limit: 1, queue: 1 });
  outcome(bulkhead.execute(() => pause(300)));
  const caller = new AbortController();
  let isBegun = false;
  const found = outcome(
    bulkhead.execute(
      () => {
        isBegun = true;
      },
      { signal: caller.signal },
    ),
  );
  await tools.advance(10);
  caller.abort(new Error("enough"));
  await tools.settle();
  expect(found.error).toEqual(new Error("enough"));
  const next = outcome(bulkhead.execute(() => "next"));
  await tools.advance(1000);
  expect(next.value).toBe("next");
  expect(isBegun).toBe(false);
  expect(bulkhead.report()).toMatchObject({ inUse: 0, waiting: 0, refused: 0 });
});

it("K3: let in and given up in one breath, it is not begun, and its slot is free", async () => {
  const { tools, bulkhead } = rig({ limit: 1, queue: 1 });
  const leave = await bulkhead.enter();
  const caller = new AbortController();
  let isBegun = false;
  const found = outcome(
    bulkhead.execute(
      () => {
        isBegun = true;
      },
      { signal: caller.signal },
    ),
  );
  await tools.settle();
  leave();
  caller.abort(new Error("enough"));
  await tools.settle();
  expect(found.error).toEqual(new Error("enough"));
  expect(isBegun).toBe(false);
  expect(bulkhead.report()).toMatchObject({ inUse: 0, waiting: 0 });
});

it("a call waits no longer than it may", async () => {
  const { tools, bulkhead, decisions, pause } = rig({ limit: 1, queue: 5, maxWaitMs: 50 });
  outcome(bulkhead.execute(() => pause(60)));
  const found = outcome(bulkhead.execute(() => "never"));
  await tools.advance(50);
  expect(found.error).toBeInstanceOf(BulkheadError);
  expect(decisions).toMatchObject([{ reason: "no slot was free within 50 ms" }]);
  await tools.advance(10);
  expect(bulkhead.report()).toMatchObject({ inUse: 0, waiting: 0 });
});

it("K4: work that throws gives its slot back, and giving it back twice is giving it back once", async () => {
  const { tools, bulkhead } = rig({ limit: 1 });
  outcome(
    bulkhead.execute(() => {
      throw new Error("x");
    }),
  );
  await tools.settle();
  expect(bulkhead.report().inUse).toBe(0);
  const leave = await bulkhead.enter();
  leave();
  leave();
  expect(bulkhead.report().inUse).toBe(0);
});

it("other limits hold from now on: who waits is let in, who is inside stays", async () => {
  const { tools, bulkhead, pause } = rig({ limit: 1, queue: 3 });
  for (let call = 0; call < 3; call += 1) outcome(bulkhead.execute(() => pause(10)));
  await tools.settle();
  bulkhead.resize(3, 0);
  expect(bulkhead.report()).toMatchObject({ inUse: 3, waiting: 0 });
  bulkhead.resize(1, 0);
  expect(bulkhead.report().inUse).toBe(3);
  const refused = outcome(bulkhead.execute(() => "no"));
  await tools.advance(10);
  expect(refused.error).toBeInstanceOf(BulkheadError);
});

it("a smaller limit lets nobody in before enough have left", async () => {
  const { tools, bulkhead, pause } = rig({ limit: 2, queue: 1 });
  outcome(bulkhead.execute(() => pause(10)));
  outcome(bulkhead.execute(() => pause(20)));
  outcome(bulkhead.execute(() => pause(10)));
  await tools.settle();
  bulkhead.resize(1, 1);
  await tools.advance(10);
  expect(bulkhead.report()).toMatchObject({ inUse: 1, waiting: 1 });
  await tools.advance(10);
  expect(bulkhead.report()).toMatchObject({ inUse: 1, waiting: 0 });
});

// opossum 10: with a capacity of 2 and a timeout, ten calls ran at once.
describe("K1: a slot is held until timed-out work has really ended", () => {
  it.each([
    ["the bulkhead inside the timeout", false],
    ["the bulkhead around the timeout", true],
  ])("%s", async (_what, isOutside) => {
    const { tools, bulkhead, pause } = rig({ limit: 2 });
    const timeout = new Timeout({ timeoutMs: 10 }, tools);
    const pipeline = new Pipeline(isOutside ? [bulkhead, timeout] : [timeout, bulkhead]);
    let [running, most] = [0, 0];
    const call = () =>
      outcome(
        pipeline.execute(async () => {
          running += 1;
          most = Math.max(most, running);
          await pause(1000);
          running -= 1;
        }),
      );
    for (let round = 0; round < 20; round += 1) {
      call();
      await tools.advance(20);
    }
    expect(most).toBe(2);
    expect(bulkhead.report().inUse).toBe(2);
    await tools.advance(2000);
    expect(bulkhead.report().inUse).toBe(0);
  });

  it("and until the last of several has ended", async () => {
    const { tools, bulkhead, pause } = rig({ limit: 1 });
    const hedge = new Hedge({ delayMs: 10, hedges: 2, idempotent: true }, tools);
    const pipeline = new Pipeline([bulkhead, hedge]);
    const found = outcome(
      pipeline.execute(({ number }) => pause([1000, 700, 20][number - 1] ?? 0)),
    );
    await tools.advance(800);
    expect(found.isSettled).toBe(true);
    expect(bulkhead.report().inUse).toBe(1);
    await tools.advance(200);
    expect(bulkhead.report().inUse).toBe(0);
  });

  it("and no longer: a slot does not wait for the work of another one", async () => {
    const { tools, bulkhead, pause } = rig({ limit: 2 });
    const timeout = new Timeout({ timeoutMs: 10 }, tools);
    const pipeline = new Pipeline([timeout, bulkhead]);
    const slow = outcome(pipeline.execute(() => pause(1000)));
    const quick = outcome(pipeline.execute(() => pause(5)));
    await tools.advance(10);
    expect([slow.isSettled, quick.isSettled]).toEqual([true, true]);
    expect(bulkhead.report().inUse).toBe(1);
  });
});

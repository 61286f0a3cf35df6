/** G3, F1, F2 and R3: what callers are told at last, and when. */
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { ManualTools, outcome } from "../../resilience/index.ts";
import { InfrastructureReliabilityEngine, type WrapOptions } from "../engine.ts";
import type { EngineEvents } from "../events.ts";

function ground(options: WrapOptions) {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine({}, tools);
  const failures: EngineEvents["service_error"][] = [];
  const recoveries: EngineEvents["recovery_success"][] = [];
  const decisions: unknown[] = [];
  engine.on("service_error", (event) => void failures.push(event));
  engine.on("recovery_success", (event) => void recoveries.push(event));
  engine.on("retry_refused", ({ decision }) => void decisions.push(decision.because));
  engine.on("timeout", ({ decision }) => void decisions.push(decision));
  let [works, failing] = [0, Number.POSITIVE_INFINITY];
  const fails = (times: number): void => {
    failing = times;
  };
  const ask = async (): Promise<string> => {
    works += 1;
    const isFailing = failing > 0;
    failing -= 1;
    await new Promise<void>((resolve) => tools.timers.after(10, resolve));
    if (isFailing) throw refused;
    return "well";
  };
  const it = engine.wrap("it", { ask }, options);
  return { tools, engine, it, fails, failures, recoveries, decisions, works: () => works };
}

const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
const retries: WrapOptions = { retry: { delay: 1000 }, breaker: false };

test("the time of a call is that of all its attempts and pauses, and each attempt is measured (G3)", async () => {
  const { tools, engine, it, fails, failures, recoveries } = ground(retries);
  const failed = outcome(it.ask());
  await tools.advance(60_000);
  expect(failed.error).toBe(refused);
  expect(failures).toMatchObject([{ attempts: 3 }]);
  expect(failures[0]?.elapsedMs).toBeGreaterThan(2000);
  fails(1);
  const answered = outcome(it.ask());
  await tools.advance(60_000);
  expect(answered.value).toBe("well");
  expect(recoveries).toMatchObject([{ by: "retry", attempts: 2 }]);
  expect(recoveries[0]?.elapsedMs).toBeGreaterThan(1000);
  const { latency } = engine.operation("it.ask") ?? {};
  expect(latency?.count).toBe(5);
  expect(latency?.quantile(1)).toBeLessThan(11);
});

test("the time of a call that had to wait for its turn includes the wait (G3)", async () => {
  const { tools, it, fails, failures } = ground({
    bulkhead: { limit: 1, queue: 1 },
    autoRetry: false,
  });
  fails(0);
  const first = it.ask();
  await tools.advance(10);
  await first;
  const holds = outcome(it.ask());
  await tools.advance(4);
  fails(2);
  const waits = outcome(it.ask());
  await tools.advance(100);
  expect([holds.value, waits.error]).toEqual(["well", refused]);
  expect(failures).toMatchObject([{ attempts: 1, elapsedMs: 16 }]);
});

test("a fallback that hangs has the time that a call has, and no more (F2)", async () => {
  const { tools, engine, it, decisions } = ground({
    timeout: 500,
    autoRetry: false,
    fallback: () => new Promise<never>(() => {}),
  });
  const hangs = outcome(it.ask());
  await tools.advance(509);
  expect(hangs.isSettled).toBe(false);
  await tools.advance(1);
  expect(hangs.error).toMatchObject({
    code: "CALL_TIMEOUT",
    message: "the fallback of it.ask did not answer within 500 ms",
    cause: refused,
  });
  expect(decisions.at(-1)).toMatchObject({ kind: "timeout", timeoutMs: 500 });
  expect(engine.operation("it.ask")).toMatchObject({ calls: 1, failed: 1, inFlight: 0 });
});

test("a fallback of calls that may take as long as they like may do so as well (F2)", async () => {
  const { tools, it } = ground({
    timeout: false,
    autoRetry: false,
    fallback: () => new Promise((resolve) => tools.timers.after(3_600_000, () => resolve("late"))),
  });
  const asked = outcome(it.ask());
  await tools.advance(3_600_100);
  expect(asked.value).toBe("late");
});

test("a fallback that fails says less than what it stands for, also when a call was refused (F1)", async () => {
  const breaker = { failureThreshold: 1 };
  let isOver = true;
  const { tools, it, recoveries } = ground({
    autoRetry: false,
    breaker,
    fallback: async () => {
      if (isOver) throw new Error("no fallback either");
      return "instead";
    },
  });
  const failed = outcome(it.ask());
  await tools.advance(10);
  const away = outcome(it.ask());
  await tools.settle();
  expect([failed.error, away.error]).toMatchObject([refused, { code: "CIRCUIT_OPEN" }]);
  expect(recoveries).toEqual([]);
  isOver = false;
  expect(await it.ask()).toBe("instead");
  expect(recoveries).toMatchObject([{ by: "fallback", attempts: 0 }]);
});

test("when the engine is closed nothing is tried again, and callers have the last error at once (R3)", async () => {
  const { tools, engine, it, fails, decisions, works } = ground(retries);
  const pending = tools.pendingTimers;
  const pausing = outcome(it.ask());
  await tools.advance(20);
  expect([works(), pausing.isSettled]).toEqual([1, false]);
  const closing = engine.close();
  await tools.settle();
  expect(pausing.error).toBe(refused);
  const later = outcome(it.ask());
  await tools.advance(60_000);
  await closing;
  expect([works(), later.error]).toEqual([2, refused]);
  expect(decisions).toEqual(["switched_off", "switched_off"]);
  expect(tools.pendingTimers).toBeLessThanOrEqual(pending);
  fails(0);
  const well = it.ask();
  await tools.advance(10);
  expect(await well).toBe("well");
});

test.each([
  ["retry", {}],
  // The circuit is half open for the attempt that was to come.
  ["breaker", { breaker: { failureThreshold: 1, resetTimeout: 500 } }],
] as const)(
  "who closes the engine when he is told of a `%s` has no further attempt made (R3)",
  async (kind, options) => {
    const { tools, engine, it, decisions, works } = ground({ ...retries, ...options });
    engine.on(kind, ({ decision }) => {
      if (decision.kind === "retry" || decision.to === "half_open") void engine.close();
    });
    const failed = outcome(it.ask());
    await tools.advance(20);
    expect(failed.isSettled).toBe(kind === "retry");
    await tools.advance(60_000);
    expect([works(), failed.error]).toEqual([1, refused]);
    expect(decisions).toEqual(["switched_off"]);
  },
);

async function* chunks(tools: ManualTools, chunkFails: boolean): AsyncGenerator<number, void> {
  yield 1;
  await new Promise<void>((resolve) => tools.timers.after(20, resolve));
  if (chunkFails) throw new Error("cut off");
  yield 2;
}

/** Streams of Node do their work between turns of the loop. */
async function pass(tools: ManualTools, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    await tools.advance(1000);
    await new Promise(setImmediate);
  }
}

const opening: Record<string, (tools: ManualTools, chunkFails: boolean) => object> = {
  "an async generator": chunks,
  "a thing whose loop makes one": (tools, chunkFails) => ({
    [Symbol.asyncIterator]: () => chunks(tools, chunkFails),
  }),
  "a stream of Node": (tools, chunkFails) => Readable.from(chunks(tools, chunkFails)),
};

test.each(
  Object.entries(opening).flatMap(([what, open]) => [
    [what, "ends", open] as const,
    [what, "breaks", open] as const,
  ]),
)(
  "%s that a further attempt has opened, and that %s, is told with all attempts (G3)",
  async (_what, how, open) => {
    const { tools, engine, failures, recoveries } = ground(retries);
    let isDown = true;
    const read = async (): Promise<AsyncIterable<number>> => {
      await new Promise<void>((resolve) => tools.timers.after(10, resolve));
      if (isDown) throw refused;
      return open(tools, how === "breaks") as AsyncIterable<number>;
    };
    const it = engine.wrap("other", { read }, retries);
    const consume = async (): Promise<void> => {
      // What the reader does meanwhile is his own time (T1).
      for await (const _ of await it.read())
        await new Promise<void>((resolve) => tools.timers.after(5000, resolve));
    };
    const consumed = outcome(consume());
    await tools.advance(10);
    isDown = false;
    await pass(tools, 3);
    expect([recoveries, consumed.isSettled]).toEqual([[], false]);
    await pass(tools, 20);
    expect(consumed.isSettled).toBe(true);
    const told = how === "ends" ? recoveries : failures;
    expect(told).toMatchObject([{ attempts: 2 }]);
    expect([recoveries.length, failures.length]).toEqual(how === "ends" ? [1, 0] : [0, 1]);
    if (how === "breaks") return;
    expect(recoveries[0]?.elapsedMs).toBeGreaterThan(1000);
    expect(recoveries[0]?.elapsedMs).toBeLessThan(5000);
    // Its record is used again: the next call is a first one.
    await pass(tools, 60);
    const next = outcome(consume());
    await pass(tools, 60);
    expect([next.isSettled, recoveries.length]).toEqual([true, 1]);
  },
);

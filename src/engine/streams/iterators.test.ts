/** Iterators keep what they take, what they answer, and who they are. */
import { expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { InfrastructureReliabilityEngine } from "../engine.ts";

function ground<T>(open: () => T) {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine({ timeout: 1000, autoRetry: false }, tools);
  const report = () => engine.operation("it.open");
  return { tools, report, it: engine.wrap("it", { open }) };
}

async function* echo(): AsyncGenerator<unknown, string, unknown> {
  for (let heard: unknown = "hello"; ; ) {
    try {
      heard = yield heard;
      if (heard === "enough") return "over";
    } catch (error) {
      if (error instanceof RangeError) heard = "caught";
      else throw error;
    }
  }
}

test("an iterator is its own, before and after it is asked", async () => {
  const { it } = ground(echo);
  const iterator = it.open();
  expect(iterator[Symbol.asyncIterator]()).toBe(iterator);
  await iterator.next();
  expect(iterator[Symbol.asyncIterator]()).toBe(iterator);
  expect(Object.keys(iterator)).toEqual([]);
});

test("what is handed in by `next` and `throw` arrives, and their answers come back", async () => {
  const { it, report } = ground(echo);
  const iterator = it.open();
  expect(await iterator.next()).toEqual({ done: false, value: "hello" });
  expect(await iterator.next("one")).toEqual({ done: false, value: "one" });
  expect(await iterator.throw(new RangeError("caught"))).toEqual({ done: false, value: "caught" });
  expect(report()).toMatchObject({ succeeded: 0, inFlight: 1 });
  expect(await iterator.next("enough")).toEqual({ done: true, value: "over" });
  expect(report()).toMatchObject({ succeeded: 1, failed: 0, inFlight: 0 });
});

test("an error that the reader hands in ends the stream, and is no failure of it (T3)", async () => {
  const { it, report } = ground(echo);
  const iterator = it.open();
  await iterator.next();
  const own = new Error("my own");
  await expect(iterator.throw(own)).rejects.toBe(own);
  expect(report()).toMatchObject({ succeeded: 1, failed: 0, inFlight: 0 });
  expect(await it.open().return("early")).toEqual({ done: true, value: "early" });
  expect(report()).toMatchObject({ succeeded: 2, inFlight: 0 });
});

test("`next`, `return` and `throw` get all that they are given, and nothing where nothing is", async () => {
  const heard: unknown[][] = [];
  const answer = async (...words: unknown[]) => {
    heard.push(words);
    return { done: false, value: words.length };
  };
  const { it } = ground(() => ({
    next: answer,
    return: answer,
    throw: answer,
    [Symbol.asyncIterator]() {
      return this;
    },
  }));
  const iterator = it.open() as Record<"next" | "return" | "throw", typeof answer>;
  await iterator.next(1, 2, 3);
  await iterator.next();
  await iterator.throw(4, 5);
  await iterator.return();
  expect(heard).toEqual([[1, 2, 3], [], [4, 5], []]);
});

test("an iterator that answers at once does so, and what it throws is thrown (I1)", () => {
  const counter = () => {
    let n = 0;
    return {
      next() {
        n += 1;
        if (n === 3) throw new RangeError("no third");
        return { done: false, value: n };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  };
  const { it, report } = ground(counter);
  const iterator = it.open();
  expect(iterator.next()).toEqual({ done: false, value: 1 });
  expect(iterator.next()).toEqual({ done: false, value: 2 });
  expect(report()).toMatchObject({ inFlight: 1 });
  expect(() => iterator.next()).toThrow(new RangeError("no third"));
  expect(report()).toMatchObject({ succeeded: 0, failed: 1, inFlight: 0 });
});

test("a synchronous iterator is an answer like any other", () => {
  const { it, report } = ground(function* () {
    yield 1;
  });
  expect([...it.open()]).toEqual([1]);
  expect(report()).toMatchObject({ succeeded: 1, inFlight: 0 });
});

test("everybody who waits is told when the time is over, and time runs until the last has come (T2)", async () => {
  const hold = Promise.withResolvers<void>();
  const { tools, it, report } = ground(async function* () {
    yield "one";
    await hold.promise;
    yield "two";
  });
  const iterator = it.open();
  const asked = [1, 2, 3].map(() => iterator.next());
  const outcomes = Promise.allSettled(asked);
  await tools.advance(1001);
  expect(await outcomes).toMatchObject([
    { status: "fulfilled", value: { value: "one" } },
    { status: "rejected", reason: { code: "CALL_TIMEOUT" } },
    { status: "rejected", reason: { code: "CALL_TIMEOUT" } },
  ]);
  // What nobody waits for any more is still at work.
  expect(report()).toMatchObject({ failed: 1, failures: { timeout: 1 }, inFlight: 1 });
  hold.resolve();
  await tools.settle();
  expect(report()).toMatchObject({ succeeded: 0, failed: 1, inFlight: 0 });
});

test("an iterator that cannot be watched is an answer like any other", async () => {
  const fixed = Object.defineProperty(echo(), "next", {
    value: async () => ({ done: true, value: "fixed" }),
  });
  const { it, report } = ground(() => fixed);
  expect(await it.open().next()).toEqual({ done: true, value: "fixed" });
  expect(report()).toMatchObject({ succeeded: 1, inFlight: 0 });
});

/** L1 to L3: a stream that is opened when its caller has gone holds nothing. */
import { PassThrough, Readable } from "node:stream";
import { expect, test } from "vitest";
import { ManualTools, outcome } from "../../resilience/index.ts";
import { InfrastructureReliabilityEngine, type WrapOptions } from "../engine.ts";

/** The answer comes when the time of the call is over; what was left of it then. */
async function comesLate(open: () => object, options: WrapOptions = {}) {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine({}, tools);
  const raw = {
    async open(): Promise<object> {
      await new Promise<void>((resolve) => tools.timers.after(5000, resolve));
      return open();
    },
  };
  const it = engine.wrap("it", raw, { timeout: 1000, bulkhead: { limit: 1 }, ...options });
  const answer = it.open().catch((error: unknown) => error);
  await tools.advance(1500);
  expect(await answer).toMatchObject({ code: "CALL_TIMEOUT" });
  expect(engine.operation("it.open")?.inFlight).toBe(1);
  await tools.advance(5000);
  // What is destroyed says so a little later.
  await new Promise(setImmediate);
  expect(engine.operation("it.open")).toMatchObject({ inFlight: 0, failed: 1, succeeded: 0 });
  return { engine, it };
}

test.each<[string, WrapOptions]>([
  ["that may be asked again", {}],
  ["that retries by itself", { autoRetry: false }],
])(
  "a late stream of Node of a service %s is destroyed, whatever it says to that",
  async (_what, options) => {
    const stream = new Readable({
      read() {},
      destroy: (_error, done) => done(new Error("it did not end well")),
    });
    await comesLate(() => stream, options);
    expect(stream.destroyed).toBe(true);
  },
);

test("a late answer that throws when it is looked at harms nobody (L3)", async () => {
  const grumpy = Object.defineProperty({}, Symbol.toStringTag, {
    get() {
      throw new Error("not even its name");
    },
  });
  await comesLate(() => grumpy);
});

test("a late stream of the web, and the body of a late response, are cancelled", async () => {
  let cancelled = 0;
  const open = (): ReadableStream =>
    new ReadableStream({
      cancel() {
        cancelled += 1;
        throw new Error("it did not end well");
      },
    });
  await comesLate(open);
  expect(cancelled).toBe(1);
  await comesLate(() => new Response(open()));
  expect(cancelled).toBe(2);
});

test("a late iterator is told to end, a late stream of a provider is aborted, a late cursor is closed", async () => {
  const ended: string[] = [];
  const iterator: AsyncIterableIterator<string> = {
    next: async () => ({ done: false, value: "one" }),
    return: async () => {
      ended.push("iterator");
      throw new Error("it did not end well");
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  await comesLate(() => iterator);
  const controller = new AbortController();
  await comesLate(() => ({ controller, [Symbol.asyncIterator]: () => iterator }));
  expect(controller.signal.aborted).toBe(true);
  const cursor = {
    [Symbol.asyncIterator]: () => iterator,
    [Symbol.asyncDispose]: async () => void ended.push("cursor"),
    // Of a record it would mean to delete it (L1).
    destroy: () => ended.push("destroyed"),
  };
  await comesLate(() => cursor);
  expect(ended).toEqual(["iterator", "cursor"]);
});

test("a late stream that somebody reads already is his (L2)", async () => {
  const read = new PassThrough();
  read.resume();
  await comesLate(() => read);
  expect(read.destroyed).toBe(false);
  const web = new ReadableStream();
  const reader = web.getReader();
  await comesLate(() => web);
  const shared = new PassThrough();
  const engine = new InfrastructureReliabilityEngine({}, new ManualTools());
  engine.wrap("shared", { get: () => shared }).get();
  await comesLate(() => shared);
  expect(shared.destroyed).toBe(false);
  reader.releaseLock();
  read.destroy();
  shared.destroy();
});

test.each<[string, WrapOptions]>([
  ["that may be asked again", {}],
  ["that retries by itself", { autoRetry: false }],
])("a late answer that is the thing itself leaves it alone: %s", async (_what, options) => {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine({}, tools);
  class Line extends PassThrough {
    async ready(): Promise<this> {
      await new Promise<void>((resolve) => tools.timers.after(5000, resolve));
      return this;
    }
  }
  const line = new Line();
  const answer = engine.wrap("line", line, { timeout: 1000, ...options }).ready();
  answer.catch(() => {});
  await tools.advance(10_000);
  await expect(answer).rejects.toMatchObject({ code: "CALL_TIMEOUT" });
  expect(line.destroyed).toBe(false);
  expect(engine.operation("line.ready")?.inFlight).toBe(0);
  line.destroy();
});

/** What they are made of, chunk by chunk. */
const lateChunks: Record<string, (chunk: () => Promise<number>) => AsyncIterable<number>> = {
  "a generator": async function* (chunk) {
    yield await chunk();
    yield 2;
  },
  "an iterator that cannot be told to end": (chunk) => {
    const next = async () => ({ done: false, value: await chunk() });
    const iterator = { next, [Symbol.asyncIterator]: () => iterator };
    return iterator;
  },
  "a thing whose loop makes a generator": (chunk) => ({
    async *[Symbol.asyncIterator]() {
      yield await chunk();
      yield 2;
    },
  }),
};

test.each(Object.entries(lateChunks))(
  "the place of %s is given back when the chunk that was too late has come (O3)",
  async (_what, open) => {
    const tools = new ManualTools();
    const engine = new InfrastructureReliabilityEngine({}, tools);
    const chunk = (): Promise<number> =>
      new Promise((resolve) => tools.timers.after(5000, () => resolve(1)));
    const raw = { read: async () => open(chunk) };
    const options = { timeout: 1000, autoRetry: false, breaker: false, bulkhead: { limit: 1 } };
    const it = engine.wrap("it", raw, options);
    const read = async (): Promise<unknown> => {
      const reader = (await it.read())[Symbol.asyncIterator]();
      return await reader.next();
    };
    for (let failed = 1; failed <= 3; failed += 1) {
      const answer = outcome(read());
      await tools.advance(1500);
      expect(answer.error).toMatchObject({ code: "CALL_TIMEOUT" });
      expect(engine.operation("it.read")?.inFlight).toBe(1);
      await tools.advance(5000);
      expect(engine.operation("it.read")).toMatchObject({ inFlight: 0, failed, succeeded: 0 });
    }
  },
);

test("the place of what is asked for several chunks at once is held until the last has come (O3)", async () => {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine({}, tools);
  let asked = 0;
  const next = async (): Promise<{ done: boolean; value: number }> => {
    asked += 1;
    const value = asked;
    await new Promise<void>((resolve) => tools.timers.after(5000 * value, resolve));
    return { done: false, value };
  };
  const raw = { read: () => ({ next, [Symbol.asyncIterator]: () => raw.read() }) };
  const stream = engine.wrap("it", raw, { timeout: 1000, autoRetry: false }).read();
  const answers = [outcome(stream.next()), outcome(stream.next())];
  await tools.advance(6000);
  const late = { code: "CALL_TIMEOUT" };
  expect(answers.map(({ error }) => error)).toMatchObject([late, late]);
  expect(engine.operation("it.read")?.inFlight).toBe(1);
  await tools.advance(5000);
  expect(engine.operation("it.read")).toMatchObject({ inFlight: 0, failed: 1, succeeded: 0 });
});

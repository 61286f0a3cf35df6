/** T4, T5, O4: who holds a place of the bulkhead, and whose time runs. */
import { Duplex, PassThrough, Readable } from "node:stream";
import { expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { InfrastructureReliabilityEngine, type WrapOptions } from "../engine.ts";

const bounded: WrapOptions = { timeout: 1000, bulkhead: { limit: 1, queue: 5 }, autoRetry: false };

function ground<T extends object>(target: T, options: WrapOptions = bounded) {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine({ mode: "full" }, tools);
  const it = engine.wrap("it", target, options);
  return { tools, engine, it, timers: tools.pendingTimers };
}

/** Streams of Node do their work between turns of the loop. */
const turn = (): Promise<void> => new Promise(setImmediate);

/** As many chunks as are asked for. */
async function* words(): AsyncGenerator<string, void> {
  for (;;) yield "chunk";
}

const endless: Record<string, () => AsyncIterator<unknown>> = {
  "an async generator": words,
  "a stream of Node": () =>
    new Readable({
      objectMode: true,
      highWaterMark: 1,
      read() {
        this.push("chunk");
      },
    }).iterator(),
  "a stream of the web": () =>
    new ReadableStream<unknown>(
      {
        pull: (controller) => controller.enqueue("chunk"),
      },
      { highWaterMark: 0 },
    ).values(),
};

test.each(Object.entries(endless))(
  "%s that its reader leaves lying gives its place back, and takes it again when he reads on (T4)",
  async (_, open) => {
    const { tools, engine, it, timers } = ground({ read: async () => open() });
    const stream = await it.read();
    expect(await stream.next()).toMatchObject({ value: "chunk" });
    await tools.advance(900);
    // Who reads on, though slowly, keeps it.
    expect(await stream.next()).toMatchObject({ value: "chunk" });
    await tools.advance(100);
    const waiting = it.read();
    await tools.advance(899);
    expect(engine.operation("it.read")).toMatchObject({ calls: 2, inFlight: 1 });
    await tools.advance(2);
    expect(engine.operation("it.read")).toMatchObject({ calls: 2, inFlight: 2, failed: 0 });
    const other = await waiting;
    await other.next();
    expect(await stream.next()).toMatchObject({ value: "chunk" });
    const third = it.read();
    await stream.return?.();
    await tools.settle();
    expect(engine.operation("it.read")).toMatchObject({ calls: 3, inFlight: 1 });
    await other.return?.();
    const last = await third;
    await last.return?.();
    expect(engine.operation("it.read")).toMatchObject({ succeeded: 3, failed: 0, inFlight: 0 });
    await tools.advance(60_000);
    expect(tools.pendingTimers).toBe(timers);
  },
);

test.each<[string, () => object]>([
  ["an async generator", words],
  ["a stream of Node", () => new Readable({ read() {} })],
  ["a stream of the web", () => new ReadableStream()],
  ["what can be looped over", () => ({ [Symbol.asyncIterator]: words })],
])(
  "%s that is opened and not read holds no place: who waits may begin, and who comes does (T4)",
  async (_, open) => {
    const hold = Promise.withResolvers<void>();
    let calls = 0;
    const raw = {
      read(): object {
        calls += 1;
        return calls === 2 ? hold.promise.then(open) : open();
      },
    };
    const options = { ...bounded, bulkhead: { limit: 1, queue: 1 }, timeout: false as const };
    const { tools, it } = ground(raw, options);
    const opened: object[] = [it.read()];
    const second = it.read() as Promise<object>;
    expect(calls).toBe(2);
    const third = it.read() as Promise<object>;
    await tools.settle();
    expect(calls).toBe(2);
    hold.resolve();
    opened.push(await second);
    await tools.advance(1);
    expect(calls).toBe(3);
    opened.push(await third);
  },
);

test("a query that nobody awaits lets those begin who have come while it was made", async () => {
  let calls = 0;
  let within: Promise<unknown> | undefined;
  const raw = {
    ask(): PromiseLike<number> {
      calls += 1;
      if (calls !== 2) return Promise.resolve(calls);
      within = Promise.resolve(it.ask());
      // oxlint-disable-next-line unicorn/no-thenable -- What is tested is a thenable.
      return { then: async (done) => done?.(2) as never };
    },
  };
  const { tools, it } = ground(raw);
  await it.ask();
  const query = it.ask();
  expect(calls).toBe(2);
  await tools.advance(1);
  expect(await within).toBe(3);
  expect(await query).toBe(2);
});

test("a stream that is read at once keeps its place, and nobody begins beside it", async () => {
  const { tools, engine, it } = ground({ read: async () => words() });
  const readers = [1, 2, 3].map(async () => {
    const stream = await it.read();
    await stream.next();
    return stream;
  });
  await tools.advance(500);
  expect(engine.operation("it.read")).toMatchObject({ calls: 3, inFlight: 1 });
  await (await readers[0])?.return();
  await tools.advance(1);
  await (await readers[1])?.return();
  await tools.advance(1);
  await (await readers[2])?.return();
  expect(engine.operation("it.read")).toMatchObject({ succeeded: 3, failed: 0, inFlight: 0 });
});

test("a stream that waits for its source holds its place for as long as it waits", async () => {
  const { tools, engine, it } = ground(
    { read: async () => new Readable({ read() {} }) },
    { ...bounded, timeout: false },
  );
  const stream = await it.read();
  stream.resume();
  await turn();
  const waiting = it.read();
  await tools.advance(120_000);
  expect(engine.operation("it.read")).toMatchObject({ inFlight: 1 });
  stream.destroy();
  (await waiting).destroy();
});

test("a limit that is set while streams lie about counts them no longer than it says", async () => {
  const { tools, engine, it } = ground({ read: async () => words() }, { timeout: 1000 });
  const stream = await it.read();
  await stream.next();
  engine.wrap("it", it, bounded);
  const waiting = it.read();
  await tools.advance(1001);
  await (await waiting).return();
  expect(engine.operation("it.read")).toMatchObject({ succeeded: 1, inFlight: 1 });
  await stream.return();
});

test("ten thousand streams that are left lying leave nothing behind when they end", async () => {
  const { tools, engine, it, timers } = ground({ read: async () => words() });
  const streams: AsyncGenerator<string, void>[] = [];
  for (let n = 0; n < 10_000; n += 1) {
    // oxlint-disable-next-line no-await-in-loop -- Its wait ends after the rest of the one before.
    await tools.advance(1);
    const opening = it.read();
    // oxlint-disable-next-line no-await-in-loop -- Each finds the place of the one before.
    if (n > 0) await tools.advance(1001);
    // oxlint-disable-next-line no-await-in-loop -- As above.
    const stream = await opening;
    // oxlint-disable-next-line no-await-in-loop -- As above.
    await stream.next();
    streams.push(stream);
  }
  expect(engine.operation("it.read")).toMatchObject({ inFlight: 10_000 });
  for (const stream of streams) void stream.return();
  await tools.advance(1001);
  expect(engine.operation("it.read")).toMatchObject({ succeeded: 10_000, inFlight: 0 });
  expect(tools.pendingTimers).toBe(timers);
}, 60_000);

test("a connection may be quiet while it can be written to, and not after its last word (T5)", async () => {
  const raw = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const { tools, engine, it } = ground({ open: async () => raw }, { timeout: 1000 });
  const connection = await it.open();
  connection.resume();
  await turn();
  await tools.advance(600_000);
  expect(connection.destroyed).toBe(false);
  expect(engine.operation("it.open")).toMatchObject({ failed: 0, inFlight: 1 });
  const failed = new Promise((resolve) => connection.once("error", resolve));
  connection.end("that is all");
  await tools.advance(1001);
  expect(await failed).toMatchObject({ code: "CALL_TIMEOUT" });
  expect(engine.operation("it.open")).toMatchObject({ failed: 1, inFlight: 0 });
});

test("a time limit of its very operation holds for a quiet connection, too (T5)", async () => {
  const raw = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const { tools, it } = ground({ open: async () => raw }, { methods: { open: { timeout: 1000 } } });
  const connection = await it.open();
  const failed = new Promise((resolve) => connection.once("error", resolve));
  connection.resume();
  await turn();
  await tools.advance(1001);
  expect(await failed).toMatchObject({ code: "CALL_TIMEOUT" });
});

test("what another stream is piped into waits for that one, in its time (T5)", async () => {
  const source = new Readable({ read() {} });
  const { tools, it } = ground(
    { open: async () => source.pipe(new PassThrough()) },
    { timeout: 1000 },
  );
  const body = await it.open();
  const failed = new Promise((resolve) => body.once("error", resolve));
  body.resume();
  source.push("begun");
  await turn();
  await tools.advance(1001);
  expect(await failed).toMatchObject({ code: "CALL_TIMEOUT" });
});

test("a slow reader is no slow source, though the stream asks for more to have it ready (T1)", async () => {
  const { tools, engine, it } = ground({ read: async () => new Readable({ read() {} }) });
  const stream = await it.read();
  const chunks = stream.iterator();
  stream.push("first");
  expect(String((await chunks.next()).value)).toBe("first");
  await turn();
  await tools.advance(60_000);
  expect(engine.operation("it.read")).toMatchObject({ failed: 0, inFlight: 1 });
  const next = chunks.next();
  await turn();
  await tools.advance(1001);
  await expect(next).rejects.toMatchObject({ code: "CALL_TIMEOUT" });
});

test("who listens for chunks to become readable waits for the first one (T2)", async () => {
  const { tools, it } = ground({ read: async () => new Readable({ read() {} }) });
  const stream = await it.read();
  const failed = new Promise((resolve) => stream.once("error", resolve));
  stream.on("readable", () => {});
  await turn();
  await tools.advance(1001);
  expect(await failed).toMatchObject({ code: "CALL_TIMEOUT" });
});

test("a chunk that is late where timeouts do not act is as good as any: its stream may lie about (O4)", async () => {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine(
    { mode: "limited", limitedTo: ["bulkhead"] },
    tools,
  );
  const words = async function* () {
    await new Promise<void>((resolve) => tools.timers.after(1500, resolve));
    yield "one";
    yield "two";
  };
  const it = engine.wrap("it", { open: () => words() }, { ...bounded, timeout: 1000 });
  const left = it.open();
  const first = left.next();
  await tools.advance(2000);
  expect(await first).toEqual({ done: false, value: "one" });
  await tools.advance(5000);
  const second = it.open();
  await tools.advance(1);
  expect(engine.operation("it.open")).toMatchObject({ calls: 2 });
  const next = second.next();
  await tools.advance(2000);
  expect(await next).toEqual({ done: false, value: "one" });
  expect([await left.next(), await left.next()].map(({ done }) => done)).toEqual([false, true]);
  expect(engine.operation("it.open")).toMatchObject({ succeeded: 1, inFlight: 1 });
});

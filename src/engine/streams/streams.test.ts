/** T1 to T4: a stream has succeeded when it has ended, and lazy results are not forced. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { type EngineOptions, InfrastructureReliabilityEngine } from "../engine.ts";

function ground(options: EngineOptions = {}) {
  const tools = new ManualTools();
  return { tools, engine: new InfrastructureReliabilityEngine(options, tools) };
}

async function* words(hold?: Promise<void>): AsyncGenerator<string> {
  yield "one";
  if (hold) await hold;
  yield "two";
}

async function collect(source: AsyncIterable<unknown>): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const chunk of source) seen.push(chunk);
  return seen;
}

function webStream(fail?: Error): ReadableStream<string> {
  let sent = 0;
  return new ReadableStream<string>(
    {
      pull(controller) {
        sent += 1;
        if (sent === 1) controller.enqueue("one");
        else if (fail) controller.error(fail);
        else if (sent === 2) controller.enqueue("two");
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

const sources = {
  "an async generator": (fail?: Error) =>
    (async function* () {
      yield "one";
      if (fail) throw fail;
      yield "two";
    })(),
  "a promise of one": async (fail?: Error) =>
    (async function* () {
      yield "one";
      if (fail) throw fail;
      yield "two";
    })(),
  "a stream of Node": (fail?: Error) => {
    let sent = 0;
    return new Readable({
      objectMode: true,
      highWaterMark: 1,
      read() {
        sent += 1;
        if (sent === 1) this.push("one");
        else if (fail) this.destroy(fail);
        else this.push(sent === 2 ? "two" : null);
      },
    });
  },
  "a stream of the web": webStream,
} as const;

test.each(Object.entries(sources))(
  "%s has succeeded at its end, and not before",
  async (_, make) => {
    const { engine } = ground();
    const it = engine.wrap("it", { read: () => make() });
    const stream = await it.read();
    expect(engine.operation("it.read")).toMatchObject({ calls: 1, succeeded: 0, inFlight: 1 });
    expect(await collect(stream)).toEqual(["one", "two"]);
    expect(engine.operation("it.read")).toMatchObject({ succeeded: 1, failed: 0, inFlight: 0 });
  },
);

test.each(Object.entries(sources))("%s that breaks in the middle has failed", async (_, make) => {
  const { engine } = ground({ autoRetry: false });
  const cut = Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
  const it = engine.wrap("it", { read: () => make(cut) });
  await expect(collect(await it.read())).rejects.toBe(cut);
  expect(engine.operation("it.read")).toMatchObject({
    succeeded: 0,
    failed: 1,
    failures: { connection_reset: 1 },
  });
});

test.each(Object.entries(sources))(
  "%s whose reader stops early has not failed (T3)",
  async (_, make) => {
    const { engine } = ground();
    const it = engine.wrap("it", { read: () => make() });
    for await (const chunk of await it.read()) {
      expect(chunk).toBe("one");
      break;
    }
    expect(engine.operation("it.read")).toMatchObject({ succeeded: 1, failed: 0, inFlight: 0 });
  },
);

test("a chunk that does not come ends the stream with an error, and a slow reader does not (T1, T2)", async () => {
  const { tools, engine } = ground({ timeout: 1000 });
  const hold = Promise.withResolvers<void>();
  const it = engine.wrap("it", { read: () => words(hold.promise) });
  const iterator = it.read();
  expect(await iterator.next()).toEqual({ done: false, value: "one" });
  await tools.advance(60_000);
  expect(engine.operation("it.read")).toMatchObject({ failed: 0, inFlight: 1 });
  const next = iterator.next().catch((error: unknown) => error);
  await tools.advance(1001);
  expect(await next).toMatchObject({ code: "CALL_TIMEOUT" });
  expect(engine.operation("it.read")).toMatchObject({ failed: 1, failures: { timeout: 1 } });
  await expect(iterator.next()).rejects.toMatchObject({ code: "CALL_TIMEOUT" });
});

test("a stream that is piped on is watched to its end", async () => {
  const { engine } = ground();
  const it = engine.wrap("it", { node: () => Readable.from(["a", "b"]), web: () => webStream() });
  const seen: unknown[] = [];
  await pipeline(it.node(), async (source: AsyncIterable<unknown>) => {
    for await (const chunk of source) seen.push(chunk);
  });
  const through = it.web().pipeThrough(new TransformStream());
  expect(await collect(through)).toEqual(["one", "two"]);
  expect(seen).toEqual(["a", "b"]);
  // The pipe learns of the end after its reader.
  await new Promise(setImmediate);
  for (const name of ["it.node", "it.web"]) {
    expect(engine.operation(name)).toMatchObject({ succeeded: 1, inFlight: 0 });
  }
});

test("no listener is added to a stream, so that its error reaches who it would have reached", () => {
  const { engine } = ground();
  const it = engine.wrap("it", { read: () => new Readable({ read() {} }) });
  const stream = it.read();
  expect(stream.listenerCount("error")).toBe(0);
  expect(stream.listenerCount("data")).toBe(0);
  expect(stream.readableFlowing).toBeNull();
  stream.destroy();
});

test("a lazy thenable is not forced, is not changed, and is measured when it is awaited", async () => {
  const { engine } = ground();
  class Query implements PromiseLike<string> {
    static executed = 0;
    #table = "";
    from(table: string): this {
      this.#table = table;
      return this;
    }
    // oxlint-disable-next-line unicorn/no-thenable -- What is tested is a thenable.
    then<A = string, B = never>(
      done?: ((value: string) => A | PromiseLike<A>) | null,
      failed?: ((error: unknown) => B | PromiseLike<B>) | null,
    ): Promise<A | B> {
      Query.executed += 1;
      expect(typeof failed).toBe("function");
      return this.#run(done ?? ((rows) => rows as A));
    }
    async #run<A>(done: (value: string) => A | PromiseLike<A>): Promise<A> {
      return done(`rows of ${this.#table}`);
    }
  }
  const db = engine.wrap("db", { select: () => new Query() });
  const query = db.select();
  expect(query).toBeInstanceOf(Query);
  expect(Object.keys(query)).toEqual([]);
  await Promise.resolve();
  expect(Query.executed).toBe(0);
  expect(await query.from("users")).toBe("rows of users");
  expect(Query.executed).toBe(1);
  expect(engine.operation("db.select")).toMatchObject({ calls: 1, succeeded: 1 });
});

test("a thenable that nobody awaits is no call, and one that settles twice is one", async () => {
  const { engine } = ground();
  const twice = () => ({
    // oxlint-disable-next-line unicorn/no-thenable -- What is tested is a thenable.
    then(done: (value: string) => void) {
      done("once");
      done("twice");
    },
  });
  const it = engine.wrap("it", { lazy: twice, other: async () => "well" });
  it.lazy();
  expect(engine.operation("it.lazy")).toMatchObject({ calls: 0, inFlight: 0 });
  expect(await it.lazy()).toBe("once");
  expect(engine.operation("it.lazy")).toMatchObject({ calls: 1, succeeded: 1, inFlight: 0 });
  expect(await it.other()).toBe("well");
});

test("a promise of a class of its own keeps its class and its methods", async () => {
  const { engine } = ground({ autoRetry: false });
  class Request extends Promise<string> {
    get isRequest(): boolean {
      return true;
    }
  }
  const it = engine.wrap("it", {
    ask: () => new Request((resolve) => resolve("well")),
    fail: () => new Request((_, reject) => reject(new Error("down"))),
  });
  const request = it.ask();
  expect(request).toBeInstanceOf(Request);
  expect(request.isRequest).toBe(true);
  expect(await request).toBe("well");
  await expect(it.fail()).rejects.toThrow("down");
  expect(engine.operation("it.fail")).toMatchObject({ failed: 1 });
});

test("what is opened and not read takes no place, and is measured when it is read (T4)", async () => {
  const { engine } = ground();
  const it = engine.wrap("it", { read: async () => ({ [Symbol.asyncIterator]: () => words() }) });
  const source = await it.read();
  expect(engine.operation("it.read")).toMatchObject({ calls: 1, succeeded: 0, inFlight: 0 });
  expect(await collect(source)).toEqual(["one", "two"]);
  expect(await collect(source)).toEqual(["one", "two"]);
  expect(engine.operation("it.read")).toMatchObject({ calls: 1, succeeded: 1, inFlight: 0 });
});

test("what is thrown away is over, and gives its place back (T4)", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const { tools, engine } = ground();
  const recoveries: unknown[] = [];
  engine.on("recovery_success", (event) => void recoveries.push(event));
  let isDown = true;
  const it = engine.wrap("it", {
    begun: () => words(),
    unread: () => ({ [Symbol.asyncIterator]: () => words() }),
    other: async () => {},
    again: async () => {
      if (!isDown) return words();
      isDown = false;
      throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    },
  });
  await (async () => {
    await it.begun().next();
    it.unread();
    const again = it.again();
    await tools.advance(5000);
    await again;
    // Up to here the promise that was made last is kept.
    await it.other();
  })();
  const succeeded = () => [...engine.operations()].map((operation) => operation.succeeded);
  for (let turn = 0; turn < 50 && succeeded().includes(0); turn += 1) {
    collectGarbage();
    await new Promise(setImmediate);
  }
  expect(succeeded()).toEqual([1, 1, 1, 1]);
  expect([...engine.operations()].map(({ inFlight }) => inFlight)).toEqual([0, 0, 0, 0]);
  // When it was over nobody knows.
  expect(recoveries).toEqual([{ operation: "it.again", by: "retry", attempts: 2 }]);
});

test("a call knows nothing of the stream that had its record before", async () => {
  const { engine } = ground();
  const it = engine.wrap("it", {
    read: async (_options: { signal: AbortSignal }) => words(),
    fail: () => {
      throw Object.assign(new Error("hang up"), { code: "ECONNRESET" });
    },
  });
  const controller = new AbortController();
  await collect(await it.read({ signal: controller.signal }));
  controller.abort();
  expect(() => it.fail()).toThrow("hang up");
  expect(engine.operation("it.fail")?.failures).toEqual({ connection_reset: 1 });
});

test("a query that can be awaited or read in a loop is one call by either way", async () => {
  const { engine } = ground();
  // oxlint-disable-next-line unicorn/no-thenable -- What is tested is a thenable.
  const query = () => ({ then: thenOf, [Symbol.asyncIterator]: () => words() });
  const thenOf = async (done: (rows: string) => unknown) => done("rows");
  const db = engine.wrap("db", { awaited: query, looped: query, unused: query });
  expect(await db.awaited()).toBe("rows");
  expect(await collect(db.looped())).toEqual(["one", "two"]);
  db.unused();
  expect(engine.operation("db.awaited")).toMatchObject({ succeeded: 1, inFlight: 0 });
  expect(engine.operation("db.looped")).toMatchObject({ succeeded: 1, inFlight: 0 });
  expect(engine.operation("db.unused")).toMatchObject({ succeeded: 0, inFlight: 0 });
});

test("whoever destroys a stream of Node is called back, as without the engine", async () => {
  type Destroy = (error: null, done: () => void) => void;
  const { engine } = ground();
  const it = engine.wrap("it", { open: () => new Readable({ read() {} }) });
  const stream = it.open();
  const destroy = stream.destroy.bind(stream) as unknown as Destroy;
  await new Promise<void>((resolve) => destroy(null, resolve));
  expect(engine.operation("it.open")).toMatchObject({ succeeded: 1, inFlight: 0 });
});

test.each(Object.entries(sources))(
  "%s is as slow as its reader had to wait for it, whatever he does meanwhile (T1)",
  async (_, make) => {
    const { tools, engine } = ground({
      breaker: { slowCallRate: 0.5, slowCall: 50, minimumCalls: 2 },
    });
    const it = engine.wrap("it", { read: () => make() });
    for (let stream = 0; stream < 3; stream += 1) {
      for await (const chunk of await it.read()) {
        expect(["one", "two"]).toContain(chunk);
        await tools.advance(60);
      }
    }
    const report = engine.operation("it.read");
    expect(report).toMatchObject({ succeeded: 3, breaker: "closed" });
    expect(report?.latency.quantile(1)).toBeLessThan(1);
  },
);

test("a slow source is slow: the opening and each chunk are waited for (T1)", async () => {
  const { tools, engine } = ground();
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => tools.timers.after(ms, resolve));
  const slowly = async function* () {
    await pause(200);
    yield "one";
    await pause(300);
  };
  const it = engine.wrap("it", {
    async open() {
      await pause(100);
      // As requests of SDKs answer: something that a loop may be made over.
      return { [Symbol.asyncIterator]: slowly };
    },
  });
  const reading = (async () => {
    const opened = await it.open();
    await pause(1000);
    for await (const chunk of opened) await pause(chunk.length * 1000);
  })();
  await tools.advance(10_000);
  await reading;
  const { latency } = engine.operation("it.open") ?? {};
  expect(latency?.count).toBe(1);
  expect(latency?.quantile(1)).toBeGreaterThan(594);
  expect(latency?.quantile(1)).toBeLessThan(606);
});

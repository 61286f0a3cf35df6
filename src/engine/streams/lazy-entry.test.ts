/** Queries ask for their place, and their circuit, when somebody waits for them. */
import { expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { InfrastructureReliabilityEngine, type WrapOptions } from "../engine.ts";

/** As query builders are: it can be told more until it is awaited. */
class Query {
  static ran: string[] = [];
  static behave: () => Promise<unknown> = async () => "rows";
  #table = "";
  from(table: string): this {
    this.#table = table;
    return this;
  }
  async #run(): Promise<unknown> {
    Query.ran.push(this.#table);
    return Query.behave();
  }
  // oxlint-disable-next-line unicorn/no-thenable -- What is tested is a thenable.
  then<A, B>(
    done?: ((value: unknown) => A | PromiseLike<A>) | null,
    failed?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    // oxlint-disable-next-line promise/no-callback-in-promise -- As thenables do.
    return this.#run().then(done, failed);
  }
  exec(): Promise<unknown> {
    return this.#run();
  }
  async *[Symbol.asyncIterator](): AsyncGenerator {
    yield await this.#run();
  }
}

function ground(options: WrapOptions) {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine({ mode: "full", autoRetry: false }, tools);
  Query.ran = [];
  const db = engine.wrap("db", { select: () => new Query() }, options);
  return { tools, db, report: () => engine.operation("db.select") };
}

const ways = {
  await: async (query: Query) => query,
  exec: (query: Query) => query.exec(),
  loop: async (query: Query) => {
    let last: unknown;
    for await (const rows of query) last = rows;
    return last;
  },
};

test.each(Object.entries(ways))(
  "by %s: where all places are taken it stays a query, and waits when it is waited for",
  async (_, ask) => {
    const { tools, db, report } = ground({ bulkhead: { limit: 1, queue: 1 }, timeout: 1000 });
    const held = Promise.withResolvers<string>();
    Query.behave = () => held.promise;
    const first = ask(db.select().from("first"));
    await tools.settle();
    const second = db.select().from("second");
    expect(second).toBeInstanceOf(Query);
    const asked = ask(second);
    const third = ask(db.select().from("third"));
    await expect(third).rejects.toMatchObject({ code: "BULKHEAD_FULL" });
    await tools.settle();
    expect([Query.ran, report()?.inFlight]).toEqual([["first"], 1]);
    held.resolve("rows");
    expect(await Promise.all([first, asked])).toEqual(["rows", "rows"]);
    expect(Query.ran).toEqual(["first", "second"]);
    expect(report()).toMatchObject({ calls: 3, succeeded: 2, failed: 1, inFlight: 0 });
  },
);

test.each(Object.entries(ways))(
  "by %s: with an open circuit it stays a query, is refused, and may ask again",
  async (_, ask) => {
    const { tools, db, report } = ground({ breaker: { failureThreshold: 1, resetTimeout: 1000 } });
    Query.behave = () =>
      Promise.reject(Object.assign(new Error("hang up"), { code: "ECONNRESET" }));
    await expect(ask(db.select().from("first"))).rejects.toThrow("hang up");
    const query = db.select().from("second");
    await expect(ask(query)).rejects.toMatchObject({ code: "CIRCUIT_OPEN" });
    expect(Query.ran).toEqual(["first"]);
    await tools.advance(1001);
    // Those that are made and never awaited take no probe.
    for (let n = 0; n < 10; n += 1) db.select().from("never");
    Query.behave = async () => "rows";
    expect(await ask(query)).toBe("rows");
    expect(report()).toMatchObject({ calls: 3, succeeded: 1, failed: 2, inFlight: 0 });
  },
);

test("one that waits in vain is answered when the time of a call is over, and never runs", async () => {
  const { tools, db, report } = ground({ bulkhead: { limit: 1, queue: 1 }, timeout: 1000 });
  const held = Promise.withResolvers<string>();
  Query.behave = () => held.promise;
  const first = ways.exec(db.select().from("first")).catch((error: unknown) => error);
  await tools.advance(500);
  const waiting = ways.await(db.select().from("second"));
  const outcome = waiting.catch((error: unknown) => error);
  await tools.advance(1001);
  expect(await outcome).toMatchObject({ code: "CALL_TIMEOUT" });
  // It is answered in time as well, and keeps its place.
  expect(await first).toMatchObject({ code: "CALL_TIMEOUT" });
  held.resolve("rows");
  await tools.settle();
  expect(Query.ran).toEqual(["first"]);
  expect(report()).toMatchObject({ inFlight: 0 });
});

test("a promise of a class of its own has begun: while it waits for a place it is a plain one", async () => {
  class Request extends Promise<string> {}
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine({ mode: "full" }, tools);
  const held = Promise.withResolvers<string>();
  const ask = () => new Request((resolve) => resolve(held.promise));
  const it = engine.wrap("it", { ask }, { bulkhead: { limit: 1, queue: 1 } });
  const first = it.ask();
  const asked = (async () => first)();
  await tools.settle();
  const second = it.ask();
  expect(first).toBeInstanceOf(Request);
  expect([second instanceof Promise, second instanceof Request]).toEqual([true, false]);
  held.resolve("well");
  expect([await asked, await second]).toEqual(["well", "well"]);
});

test("promises of a class of their own that are begun at once keep to the limit", async () => {
  class Request extends Promise<string> {}
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine({ mode: "full", timeout: false }, tools);
  let [now, most] = [0, 0];
  const ask = () => {
    now += 1;
    most = Math.max(most, now);
    return new Request((resolve) =>
      tools.timers.after(50, () => {
        now -= 1;
        resolve("well");
      }),
    );
  };
  const it = engine.wrap("it", { ask }, { bulkhead: { limit: 2, queue: 20 } });
  const first = it.ask();
  await tools.advance(50);
  expect(await first).toBe("well");
  const all = Promise.all(Array.from({ length: 10 }, () => it.ask()));
  await tools.advance(1000);
  expect(await all).toHaveLength(10);
  expect(most).toBe(2);
  expect(engine.operation("it.ask")).toMatchObject({ calls: 11, succeeded: 11, inFlight: 0 });
});

test("a promise of a class of its own that nobody waits for gives its place back", async () => {
  class Request extends Promise<string> {}
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine({ mode: "full", timeout: false }, tools);
  const ask = () => new Request((resolve) => resolve("well"));
  const it = engine.wrap("it", { ask }, { bulkhead: { limit: 1, queue: 1 } });
  const left = it.ask();
  const second = it.ask();
  expect(left).toBeInstanceOf(Request);
  await tools.advance(1);
  expect(await second).toBe("well");
  expect(await left).toBe("well");
  expect(engine.operation("it.ask")).toMatchObject({ succeeded: 2, inFlight: 0 });
});

test.each([
  ["", {}],
  [" of a service with a bulkhead", { bulkhead: { limit: 5, queue: 1 } }],
] as const)(
  "promises of a class of their own%s that nobody waits for give their probes back, and vote if somebody does",
  async (_what, options) => {
    class Request extends Promise<string> {}
    const tools = new ManualTools();
    const engine = new InfrastructureReliabilityEngine({ mode: "full", autoRetry: false }, tools);
    const down = Object.assign(new Error("hang up"), { code: "ECONNRESET" });
    let isDown = true;
    const ask = () => (isDown ? Request.reject(down) : Request.resolve("well")) as Request;
    const breaker = { failureThreshold: 1, resetTimeout: 60_000, successThreshold: 2 };
    const it = engine.wrap("it", { ask }, { ...options, breaker });
    const phase = () => engine.operation("it.ask")?.breaker;
    await expect(it.ask()).rejects.toBe(down);
    expect(phase()).toBe("open");
    isDown = false;
    await tools.advance(60_000);
    const left = [it.ask(), it.ask()];
    expect([left[0], left[1]]).toEqual([expect.any(Request), expect.any(Request)]);
    // As many as may be are under way.
    await expect(it.ask()).rejects.toMatchObject({ code: "CIRCUIT_OPEN" });
    await tools.advance(1);
    expect(await it.ask()).toBe("well");
    expect(phase()).toBe("half_open");
    expect(await left[0]).toBe("well");
    expect(phase()).toBe("closed");
    expect(engine.operation("it.ask")).toMatchObject({ succeeded: 2, failed: 2, inFlight: 0 });
  },
);

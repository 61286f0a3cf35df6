/** What begins when somebody waits for it is protected then, and can be built on before. */
import { expect, test } from "vitest";
import { BulkheadError, CircuitBreakerError, ManualTools } from "../../resilience/index.ts";
import { type EngineOptions, InfrastructureReliabilityEngine } from "../engine.ts";

interface Query extends PromiseLike<string>, AsyncIterable<string> {
  where(): Query;
  exec(): Promise<string>;
}

/** A table whose queries are run when they are awaited, executed or read. */
class Table {
  runs = 0;
  work: () => Promise<string> = async () => "rows";

  select(): Query {
    const run = (): Promise<string> => {
      this.runs += 1;
      return this.work();
    };
    const query: Query = {
      where: () => query,
      // oxlint-disable-next-line unicorn/no-thenable -- What is tested is a thenable.
      then: (answered, failed) => run().then(answered, failed),
      exec: run,
      async *[Symbol.asyncIterator]() {
        yield await run();
      },
    };
    return query;
  }
}

function ground(options: EngineOptions = {}) {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine({ mode: "full", ...options }, tools);
  const raw = new Table();
  return { tools, engine, raw, db: engine.wrap("db", raw, { depth: 1 }) };
}

const down = async (): Promise<string> => {
  throw Object.assign(new Error("hang up"), { code: "ECONNRESET" });
};

async function openCircuit({ raw, db, engine }: ReturnType<typeof ground>): Promise<void> {
  raw.work = down;
  for (let call = 0; call < 5; call += 1) await Promise.resolve(db.select()).catch(() => undefined);
  expect(engine.operation("db.select")?.breaker).toBe("open");
  raw.runs = 0;
}

const ways: readonly (readonly [string, (query: Query) => PromiseLike<unknown>])[] = [
  ["await", async (query) => await query],
  ["exec", (query) => query.exec()],
  [
    "a loop",
    async (query) => {
      const seen: string[] = [];
      for await (const row of query) seen.push(row);
      return seen[0];
    },
  ],
];

test.each(ways)("an open circuit lets queries be built, and begins none: %s", async (_, ask) => {
  const all = ground({ autoRetry: false });
  const { tools, raw, db } = all;
  await openCircuit(all);
  db.select().where();
  const query = db.select().where();
  const refusal = Promise.resolve(ask(query));
  await expect(refusal).rejects.toBeInstanceOf(CircuitBreakerError);
  // It is asked again whenever somebody waits again.
  await expect(Promise.resolve(ask(query))).rejects.toBeInstanceOf(CircuitBreakerError);
  expect(raw.runs).toBe(0);
  await tools.advance(61_000);
  raw.work = async () => "rows";
  expect(await ask(query)).toBe("rows");
  expect(raw.runs).toBe(1);
});

test("what nobody waits for takes no probe of a circuit that tries whether it is well", async () => {
  const all = ground({ autoRetry: false });
  const { tools, raw, db, engine } = all;
  await openCircuit(all);
  await tools.advance(61_000);
  raw.work = async () => "rows";
  for (let call = 0; call < 50; call += 1) db.select();
  while (engine.operation("db.select")?.breaker !== "closed")
    expect(await db.select()).toBe("rows");
  expect(engine.operation("db.select")).toMatchObject({ failed: 5, inFlight: 0 });
});

test.each(ways.slice(0, 2))(
  "time ends it for who waits, and its place is kept: %s",
  async (_, ask) => {
    const { tools, raw, db, engine } = ground({ timeout: 1000, autoRetry: true });
    const late = Promise.withResolvers<string>();
    raw.work = () => late.promise;
    const asking = Promise.resolve(ask(db.select()));
    asking.catch(() => undefined);
    await tools.advance(2000);
    await expect(asking).rejects.toMatchObject({ code: "CALL_TIMEOUT" });
    expect(engine.operation("db.select")).toMatchObject({ failed: 1, inFlight: 1 });
    late.resolve("too late");
    await tools.settle();
    expect(engine.operation("db.select")).toMatchObject({ succeeded: 0, failed: 1, inFlight: 0 });
    expect(raw.runs).toBe(1);
  },
);

test("nothing is done again, also where that is declared, and a fallback answers", async () => {
  const { tools, engine } = ground({ autoRetry: true });
  const raw = new Table();
  raw.work = down;
  const db = engine.wrap("other", raw, { fallback: () => "from the cache" });
  const asking = Promise.resolve(db.select());
  await tools.advance(60_000);
  expect(await asking).toBe("from the cache");
  expect(raw.runs).toBe(1);
});

test("a full bulkhead refuses who waits, and lets him build", async () => {
  const { raw, db } = ground({ bulkhead: { limit: 1, queue: 0 } });
  const first = Promise.withResolvers<string>();
  raw.work = () => first.promise;
  const asking = Promise.resolve(db.select());
  await expect(Promise.resolve(db.select().where())).rejects.toBeInstanceOf(BulkheadError);
  first.resolve("rows");
  expect(await asking).toBe("rows");
  expect(await db.select().where()).toBe("rows");
});

test("a promise of a class of its own has begun, so it is refused before it is made", async () => {
  class Request extends Promise<string> {}
  const { engine } = ground({ autoRetry: false });
  let begun = 0;
  const it = engine.wrap("it", {
    ask: () => {
      begun += 1;
      return new Request((_, reject) => reject(new Error("down")));
    },
  });
  for (let call = 0; call < 8; call += 1) await it.ask().catch(() => undefined);
  await expect(it.ask()).rejects.toBeInstanceOf(CircuitBreakerError);
  expect(begun).toBe(5);
});

test.each(["shadow", "monitor", "off"] as const)("%s: nothing acts", async (mode) => {
  const { tools, raw, db } = ground({ mode, timeout: 1000, autoRetry: false });
  raw.work = down;
  for (let call = 0; call < 9; call += 1) {
    await expect(Promise.resolve(db.select().where())).rejects.toThrow("hang up");
  }
  const slow = Promise.withResolvers<string>();
  raw.work = () => slow.promise;
  const asking = Promise.resolve(db.select());
  await tools.advance(5000);
  slow.resolve("rows");
  expect(await asking).toBe("rows");
});

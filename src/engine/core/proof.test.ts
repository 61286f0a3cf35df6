/** V1 to V3, R1: what is done again without having been declared, and what never is. */
import { expect, test } from "vitest";
import { ManualTools, outcome, RateLimitError } from "../../resilience/index.ts";
import { InfrastructureReliabilityEngine, type WrapOptions } from "../engine.ts";

function ground() {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine({ retry: { delay: 1 } }, tools);
  const refusals: string[] = [];
  engine.on("retry_refused", ({ name, decision }) => {
    refusals.push(`${name} ${decision.because}`);
  });
  return { tools, engine, refusals };
}

function refused(): Error {
  return Object.assign(new Error("refused"), { code: "ECONNREFUSED", syscall: "connect" });
}

/** How often the work was done. */
async function timesDone(fail: () => unknown, options: WrapOptions = {}): Promise<number> {
  const { tools, engine } = ground();
  let times = 0;
  const raw = {
    async ask(): Promise<void> {
      times += 1;
      await Promise.resolve();
      throw fail();
    },
  };
  const answer = outcome(engine.wrap("it", raw, options).ask());
  await tools.advance(60_000);
  expect(answer.error).toBeDefined();
  return times;
}

const reset = (): Error => Object.assign(new Error("cut off"), { code: "ECONNRESET" });

test.each<[string, () => unknown, number]>([
  ["a refusal", refused, 3],
  ["what stopped a fetch", () => new TypeError("fetch failed", { cause: refused() }), 3],
  ["a refusal that the method has wrapped", () => new Error("no", { cause: refused() }), 1],
  ["its code, copied", () => Object.assign(new Error("no", { cause: refused() }), refused()), 1],
  ["a refusal among others", () => new AggregateError([refused(), reset()]), 1],
  [
    "a refusal inside of what stopped a fetch",
    () => new TypeError("fetch failed", { cause: new Error("no", { cause: refused() }) }),
    1,
  ],
  ["an abort", () => new DOMException("This operation was aborted", "AbortError"), 1],
])("by default, %s", async (_what, fail, times) => {
  expect(await timesDone(fail)).toBe(times);
});

test("unset: only what provably never began; true: all that may pass; false: nothing at all", async () => {
  const seen = await Promise.all(
    [undefined, true, false].map(async (autoRetry) => {
      const options = autoRetry === undefined ? {} : { autoRetry };
      return [await timesDone(refused, options), await timesDone(reset, options)];
    }),
  );
  expect(seen).toEqual([
    [3, 1],
    [3, 3],
    [1, 1],
  ]);
});

test("false holds for one method, whatever its service says, and nothing is said of a retry", async () => {
  const { tools, engine, refusals } = ground();
  let times = 0;
  const raw = {
    async pay(): Promise<void> {
      times += 1;
      throw refused();
    },
  };
  const options = {
    autoRetry: true,
    retry: { attempts: 5 },
    methods: { pay: { autoRetry: false } },
  } as const;
  const answer = outcome(engine.wrap("shop", raw, options).pay());
  await tools.advance(60_000);
  expect(answer.isSettled).toBe(true);
  expect({ times, refusals }).toEqual({ times: 1, refusals: [] });
  expect(engine.operation("shop.pay")?.decisions).toEqual({});
});

test("a method around a wrapped one is not done again for what that has tried already (V1)", async () => {
  const { tools, engine, refusals } = ground();
  let asked = 0;
  let written = 0;
  const inner = engine.wrap("inner", {
    async ask(): Promise<void> {
      asked += 1;
      throw refused();
    },
  });
  const outer = engine.wrap("outer", {
    async writeAndAsk(): Promise<void> {
      written += 1;
      await inner.ask();
    },
  });
  const answer = outcome(outer.writeAndAsk());
  await tools.advance(60_000);
  expect(answer.error).toMatchObject({ code: "ECONNREFUSED" });
  expect({ asked, written }).toEqual({ asked: 3, written: 1 });
  expect(refusals).toEqual([
    "inner.ask attempts_used",
    "outer.writeAndAsk not_declared_idempotent",
  ]);
});

test("nor for a refusal by a policy inside (V2)", async () => {
  const { tools, engine, refusals } = ground();
  let written = 0;
  const inner = engine.wrap("inner", { ask: async () => {} });
  engine.isolate("inner.ask", "a person says so");
  const outer = engine.wrap("outer", {
    async writeAndAsk(): Promise<void> {
      written += 1;
      await inner.ask();
    },
  });
  const limited = engine.wrap("limited", {
    async writeAndAsk(): Promise<void> {
      written += 1;
      throw new RateLimitError("somebody", 9);
    },
  });
  const answers = [outcome(outer.writeAndAsk()), outcome(limited.writeAndAsk())];
  await tools.advance(60_000);
  expect(answers.every(({ isSettled }) => isSettled)).toBe(true);
  expect(written).toBe(2);
  expect(refusals).toHaveLength(2);
});

test("an error that is kept, and given to one caller after another, still proves it (V1)", async () => {
  const { tools, engine } = ground();
  const kept = refused();
  const times: Record<string, number> = { find: 0, save: 0 };
  const fail = async (name: string): Promise<never> => {
    times[name] = (times[name] ?? 0) + 1;
    throw kept;
  };
  const it = engine.wrap("it", { find: () => fail("find"), save: () => fail("save") });
  const find = outcome(it.find());
  await tools.advance(1);
  const save = outcome(it.save());
  await tools.advance(60_000);
  expect([find.isSettled, save.isSettled]).toEqual([true, true]);
  expect(times["find"]).toBe(3);
  expect(times["save"]).toBeGreaterThan(1);
});

test("a transaction is not made again for what a later statement has met (V3)", async () => {
  const { tools, engine, refusals } = ground();
  const written: string[] = [];
  const raw = {
    async transaction(steps: (write: (what: string) => void) => Promise<void>): Promise<void> {
      await steps((what) => void written.push(what));
    },
  };
  const unreachable = Object.assign(new Error("unreachable"), { code: "P1001" });
  const begin = (it: typeof raw) =>
    outcome(
      it.transaction(async (write) => {
        write("order");
        throw unreachable;
      }),
    );
  const plain = begin(engine.wrap("db", raw));
  await tools.advance(60_000);
  expect(plain.error).toBe(unreachable);
  expect(written).toEqual(["order"]);
  expect(refusals).toEqual(["db.transaction not_declared_idempotent"]);

  const declared = begin(engine.wrap("declared", { ...raw }, { autoRetry: true }));
  await tools.advance(60_000);
  expect(declared.error).toBe(unreachable);
  expect(written).toHaveLength(4);
});

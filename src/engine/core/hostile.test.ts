/** What others hand in may throw when it is looked at: no call is harmed, and none is lost. */
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { type EngineOptions, InfrastructureReliabilityEngine } from "../engine.ts";

function ground(options: EngineOptions = {}) {
  const tools = new ManualTools();
  return { tools, engine: new InfrastructureReliabilityEngine(options, tools) };
}

const grumpy: object = new Proxy(
  {},
  {
    get(_target, key) {
      if (key === "then") return undefined;
      throw new Error(`no ${String(key)} here`);
    },
  },
);

test("a result that throws when it is looked at is returned as it is", async () => {
  const { engine } = ground();
  const it = engine.wrap("it", { later: async () => grumpy, now: () => grumpy });
  expect((await it.later()) === grumpy).toBe(true);
  expect(it.now() === grumpy).toBe(true);
  expect(engine.operation("it.later")).toMatchObject({ succeeded: 1, inFlight: 0 });
  expect(engine.operation("it.now")).toMatchObject({ succeeded: 1, inFlight: 0 });
});

const trap = (): never => {
  throw new Error("do not look");
};
const revoked = Proxy.revocable({}, {});
revoked.revoke();

/** What nobody may look at; those that can be the result of a promise hide their `then`. */
const shy: readonly [string, object, boolean][] = [
  ["a proxy that is revoked", revoked.proxy, false],
  ["a proxy that throws at everything", new Proxy({}, new Proxy({}, { get: () => trap })), false],
  [
    "a proxy that is no promise and throws at the rest",
    new Proxy(
      {},
      {
        get: (_target, key) => (key === "then" ? undefined : trap()),
        getPrototypeOf: trap,
        getOwnPropertyDescriptor: trap,
        has: trap,
        ownKeys: trap,
      },
    ),
    true,
  ],
  [
    "fields that throw",
    Object.defineProperties(
      {},
      Object.fromEntries(
        "length constructor name message code cause errors status signal next return"
          .split(" ")
          .map((key) => [key, { get: trap, enumerable: true }]),
      ),
    ),
    true,
  ],
  ["what only looks like a signal", Object.create(AbortSignal.prototype) as object, true],
];

test.each(shy)(
  "%s: as a result, an error or a word it harms nobody",
  async (_what, it, canBeAwaited) => {
    const { tools, engine } = ground({ bulkhead: { limit: 1, queue: 3 } });
    const wrapped = engine.wrap("it", {
      now: () => it,
      later: async () => it,
      fail: (): never => {
        throw it as Error;
      },
      failLater: async (): Promise<never> => {
        throw it as Error;
      },
      take: (_word: object) => new Promise<void>((resolve) => tools.timers.after(10, resolve)),
    });
    const same = (seen: unknown): void => expect(Object.is(seen, it)).toBe(true);
    same(wrapped.now());
    if (canBeAwaited) same(await wrapped.later());
    try {
      wrapped.fail();
      expect.unreachable();
    } catch (error) {
      same(error);
    }
    await wrapped.failLater().catch(same);
    const taken = [wrapped.take(it), wrapped.take(it)];
    await tools.advance(100);
    await Promise.all(taken);
    for (const report of engine.operations()) {
      expect(report).toMatchObject({ inFlight: 0, failed: report.name.includes("fail") ? 1 : 0 });
    }
  },
);

test("a promise that throws when somebody waits for it gives its place back", async () => {
  const { tools, engine } = ground();
  let calls = 0;
  const raw = {
    ask(): Promise<number> {
      calls += 1;
      if (calls === 1)
        return Promise.reject(Object.assign(new Error("no"), { code: "ECONNREFUSED" }));
      return Object.defineProperty(Promise.resolve(1), "constructor", { get: trap });
    },
  };
  const it = engine.wrap("it", raw);
  const again = it.ask().catch((error: unknown) => error);
  await tools.advance(10_000);
  expect(await again).toMatchObject({ message: "do not look" });
  expect(() => it.ask().then(String)).toThrow("do not look");
  expect(calls).toBe(3);
  expect(engine.operation("it.ask")).toMatchObject({ calls: 2, failed: 2, inFlight: 0 });
});

test("an error that throws when it is shown harms neither the call nor the listeners", async () => {
  const { engine } = ground({ autoRetry: false });
  engine.on("service_error", () => {
    throw Object.defineProperty(new Error("mine"), "message", {
      get() {
        throw new Error("not even its message");
      },
    });
  });
  const it = engine.wrap("it", {
    ask: async () => {
      throw new Error("down");
    },
  });
  await expect(it.ask()).rejects.toThrow("down");
});

test("a queue of calls that throw at once is worked off without recursion", async () => {
  const { tools, engine } = ground({ autoRetry: false });
  const hold = Promise.withResolvers<void>();
  let calls = 0;
  const it = engine.wrap(
    "it",
    {
      ask: (): Promise<void> => {
        calls += 1;
        if (calls <= 2) return calls === 1 ? Promise.resolve() : hold.promise;
        throw new TypeError("at once");
      },
    },
    { bulkhead: { limit: 1, queue: 20_000 } },
  );
  await it.ask();
  const first = it.ask();
  const others = Array.from({ length: 20_000 }, () => it.ask().catch((error: unknown) => error));
  hold.resolve();
  await first;
  await tools.settle();
  const errors = await Promise.all(others);
  expect(errors.every((error) => error instanceof TypeError)).toBe(true);
  expect(engine.operation("it.ask")).toMatchObject({ calls: 20_002, inFlight: 0 });
});

test("the same stream handed out again and again is watched once", () => {
  const { engine } = ground();
  const stream = new PassThrough();
  const it = engine.wrap("it", { get: () => stream });
  for (let count = 0; count < 20_000; count += 1) it.get();
  stream.write("x");
  expect(engine.operation("it.get")).toMatchObject({ calls: 20_000, succeeded: 19_999 });
  stream.destroy();
});

test("a shorter timeout holds for calls that are under way", async () => {
  const { tools, engine } = ground({ timeout: "10m" });
  const it = engine.wrap("it", {
    ask: (takesMs: number) => new Promise<void>((resolve) => tools.timers.after(takesMs, resolve)),
  });
  const short = it.ask(1);
  await tools.advance(2);
  await short;
  const long = it.ask(3_600_000).catch((error: unknown) => error);
  engine.wrap("it", {}, { timeout: 50 });
  await tools.advance(60);
  expect(await long).toMatchObject({ code: "CALL_TIMEOUT", timeoutMs: 50 });
});

test("a shorter timeout holds for the next call, too, when none is under way", async () => {
  const { tools, engine } = ground({ timeout: "10m" });
  const it = engine.wrap("it", {
    ask: (takesMs: number) => new Promise<void>((resolve) => tools.timers.after(takesMs, resolve)),
  });
  const short = it.ask(1);
  await tools.advance(2);
  await short;
  engine.wrap("it", {}, { timeout: 50 });
  const long = it.ask(3_600_000).catch((error: unknown) => error);
  await tools.advance(60);
  expect(await long).toMatchObject({ code: "CALL_TIMEOUT", timeoutMs: 50 });
});

test("a caller who gives up is no failure of the dependency, whatever he says", async () => {
  const { engine } = ground({ autoRetry: false });
  const it = engine.wrap("it", {
    ask: (_word: string, { signal }: { signal: AbortSignal }) =>
      new Promise<void>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      }),
  });
  for (let count = 0; count < 5; count += 1) {
    const controller = new AbortController();
    const answer = it.ask("well", { signal: controller.signal });
    controller.abort(new Error("the user has left"));
    await expect(answer).rejects.toThrow("the user has left");
  }
  expect(engine.operation("it.ask")).toMatchObject({
    breaker: "closed",
    failures: { cancelled: 5 },
  });
});

test("what answers at once falls back as well, and a fallback that fails keeps the first error", async () => {
  const { engine } = ground({ autoRetry: false });
  const down = Object.assign(new Error("down"), { status: 500 });
  const fail = (): never => {
    throw down;
  };
  const it = engine.wrap("it", { ask: fail }, { fallback: () => "from the cache" });
  expect(it.ask()).toBe("from the cache");
  const broken = engine.wrap(
    "broken",
    { now: fail, later: async () => fail() },
    {
      fallback: async () => {
        throw new Error("of the fallback");
      },
    },
  );
  await expect(broken.later()).rejects.toBe(down);
  await expect(broken.now()).rejects.toBe(down);
  engine.isolate("broken.later", "a person says so");
  await expect(broken.later()).rejects.toMatchObject({ code: "CIRCUIT_OPEN" });
});

test("a mode that is none is refused, and nothing but an object can be wrapped", () => {
  const { engine } = ground();
  expect(() => engine.setMode("ful" as "full")).toThrow(/setMode: mode: expected off/);
  expect(engine.mode).toBe("full");
  expect(() => engine.wrap("it", null as unknown as object)).toThrow(/target: expected an object/);
});

test.each([
  { mode: "full", timeout: 1000 },
  { mode: "full", timeout: false },
  { mode: "shadow", timeout: false },
] as const)("a promise whose own `then` throws is handed out, and over: %o", async (options) => {
  const engine = new InfrastructureReliabilityEngine({ ...options }, new ManualTools());
  const broken = Promise.resolve("well");
  const fail = (): never => {
    throw new Error("not then");
  };
  // oxlint-disable-next-line unicorn/no-thenable -- What is tested is a `then` that throws.
  void Object.defineProperty(broken, "then", { value: fail });
  const it = engine.wrap("it", { ask: () => broken }, { bulkhead: { limit: 1, queue: 0 } });
  for (let call = 0; call < 3; call += 1) {
    expect(it.ask()).toBe(broken);
    expect(await broken).toBe("well");
  }
  expect(engine.operation("it.ask")).toMatchObject({ calls: 3, succeeded: 3, inFlight: 0 });
});

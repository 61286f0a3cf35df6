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
});

test("a mode that is none is refused, and nothing but an object can be wrapped", () => {
  const { engine } = ground();
  expect(() => engine.setMode("ful" as "full")).toThrow(/setMode: mode: expected off/);
  expect(engine.mode).toBe("full");
  expect(() => engine.wrap("it", null as unknown as object)).toThrow(/target: expected an object/);
});

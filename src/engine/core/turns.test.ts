/** Q1 to Q4 and R2: who waits for a place, for the first time or with a further attempt. */
import { AsyncLocalStorage } from "node:async_hooks";
import { expect, test } from "vitest";
import { type Decision, ManualTools, outcome } from "../../resilience/index.ts";
import { InfrastructureReliabilityEngine, type WrapOptions } from "../engine.ts";

interface Asked {
  readonly signal?: AbortSignal;
}

/** The first attempt is refused after 10 ms, each other one hangs until it is let go. */
function ground(options: WrapOptions) {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine({}, tools);
  const decisions: Decision[] = [];
  const attempts: number[] = [];
  for (const kind of ["retry", "retry_refused", "timeout", "rejected", "fallback"] as const) {
    engine.on(kind, ({ decision }) => void decisions.push(decision));
  }
  engine.on("service_error", (event) => void attempts.push(event.attempts));
  const begun: string[] = [];
  const letGo: (() => void)[] = [];
  const it = engine.wrap(
    "it",
    {
      async ask(name: string, _asked: Asked = {}): Promise<string> {
        begun.push(name);
        if (begun.length === 1) {
          await new Promise<void>((resolve) => tools.timers.after(10, resolve));
          throw refusedError;
        }
        await new Promise<void>((resolve) => letGo.push(resolve));
        return name;
      },
    },
    { bulkhead: { limit: 1, queue: 2 }, retry: { delay: 100 }, ...options },
  );
  return { tools, engine, it, begun, letGo, decisions, attempts };
}

const refusedError = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });

/** `a` has failed and comes again; `b` has its place meanwhile. */
async function comesAgain(options: WrapOptions, asked: Asked = {}) {
  const at = ground(options);
  const a = at.it.ask("a", asked);
  const seen = outcome(a);
  await at.tools.advance(50);
  const b = outcome(at.it.ask("b"));
  await at.tools.advance(2000);
  expect(at.begun).toEqual(["a", "b"]);
  expect(seen.isSettled).toBe(false);
  return { ...at, a: seen, b };
}

test("a further attempt that waits begins when there is room (Q2)", async () => {
  const { tools, a, b, letGo, begun } = await comesAgain({ timeout: false });
  letGo[0]?.();
  await tools.settle();
  expect({ b: b.value, begun }).toEqual({ b: "b", begun: ["a", "b", "a"] });
  letGo[1]?.();
  await tools.settle();
  expect(a.value).toBe("a");
});

test("a caller whose further attempt waits is answered when he gives up (Q1, R2)", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const { tools, engine, a, letGo, begun, attempts } = await comesAgain(
    { timeout: false },
    { signal },
  );
  const reason = new Error("no longer needed");
  controller.abort(reason);
  await tools.settle();
  expect(a.error).toBe(reason);
  letGo[0]?.();
  await tools.advance(60_000);
  expect({ begun, attempts }).toEqual({ begun: ["a", "b"], attempts: [1] });
  expect(engine.operation("it.ask")).toMatchObject({
    calls: 2,
    failures: { cancelled: 1 },
    succeeded: 1,
    inFlight: 0,
  });
});

test("a further attempt waits no longer than a call may take (Q1)", async () => {
  const { tools, a, letGo, begun, decisions } = await comesAgain({ timeout: 10_000 });
  await tools.advance(20_000);
  expect(a.error).toMatchObject({ code: "CALL_TIMEOUT", timeoutMs: 10_000 });
  // The one in the middle is that of `b`, which was late and may have begun.
  const kinds = decisions.map(({ kind }) => kind);
  expect(kinds).toEqual(["retry", "timeout", "retry_refused", "timeout"]);
  letGo[0]?.();
  await tools.advance(60_000);
  expect(begun).toEqual(["a", "b"]);
});

test("a further attempt that finds no place to wait is answered with what had failed", async () => {
  const { tools, it, decisions } = ground({ timeout: false, bulkhead: { limit: 1, queue: 0 } });
  const a = outcome(it.ask("a"));
  await tools.advance(50);
  void it.ask("b");
  await tools.advance(2000);
  expect(a.error).toBe(refusedError);
  expect(decisions.map(({ kind }) => kind)).toEqual(["retry", "rejected"]);
});

test("who has given up before he comes does not wait (Q1)", async () => {
  const { tools, it, begun, engine } = ground({ timeout: false });
  it.ask("a").catch(() => {});
  await tools.advance(1);
  const reason = new Error("left long ago");
  const signal = AbortSignal.abort(reason);
  await expect(it.ask("b", { signal })).rejects.toBe(reason);
  expect(begun).toEqual(["a"]);
  expect(engine.operation("it.ask")?.failures).toEqual({ cancelled: 1 });
});

test("who waited in vain has the fallback, and so has whom the circuit refuses then (Q3)", async () => {
  const fallback = (): string => "from the cache";
  const { tools, engine, it, letGo, begun } = ground({ timeout: 1000, fallback, autoRetry: false });
  const a = it.ask("a");
  await tools.advance(20);
  expect(await a).toBe("from the cache");
  const b = outcome(it.ask("b"));
  const late = outcome(it.ask("late"));
  await tools.advance(1500);
  expect([b.value, late.value]).toEqual(["from the cache", "from the cache"]);
  const refused = outcome(it.ask("refused"));
  engine.isolate("it.ask", "a person says so");
  letGo[0]?.();
  await tools.settle();
  expect({ answer: refused.value, begun }).toEqual({
    answer: "from the cache",
    begun: ["a", "b"],
  });
  expect(engine.operation("it.ask")?.decisions["rejected"]).toEqual({ detected: 1, enforced: 1 });
});

test("who waits is let in when nothing limits any more", async () => {
  const { tools, engine, it, begun } = ground({ timeout: false, autoRetry: false });
  it.ask("a").catch(() => {});
  await tools.advance(20);
  for (const name of ["b", "c", "d"]) void it.ask(name);
  expect(begun).toEqual(["a", "b"]);
  engine.setMode("monitor");
  expect(begun).toEqual(["a", "b", "c", "d"]);
});

test("a further attempt has the context of its caller, whoever makes room (Q4)", async () => {
  const request = new AsyncLocalStorage<string>();
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine({}, tools);
  const seen: (string | undefined)[] = [];
  let isDown = true;
  const it = engine.wrap(
    "it",
    {
      async ask(): Promise<void> {
        seen.push(request.getStore());
        if (isDown) throw refusedError;
        await new Promise<void>((resolve) => tools.timers.after(5000, resolve));
      },
    },
    { bulkhead: { limit: 1, queue: 5 }, fallback: () => {} },
  );
  const a = request.run("a", () => it.ask());
  await tools.settle();
  isDown = false;
  const b = request.run("b", () => it.ask());
  // The clock of the test has no context of its own: what is begun from it has none either.
  await tools.advance(20_000);
  await Promise.all([a, b]);
  expect(seen).toEqual(["a", "b", "a"]);
});

test("a further attempt that its caller aborts is cancelled, and no fault (R2)", async () => {
  const { tools, engine } = ground({});
  const controller = new AbortController();
  let calls = 0;
  const raw = {
    async ask(_signal: AbortSignal, _word: string): Promise<void> {
      calls += 1;
      if (calls === 1) throw refusedError;
      await new Promise<void>((resolve) => tools.timers.after(5000, resolve));
      // As sockets say it that were destroyed by an abort.
      throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
    },
  };
  const it = engine.wrap("abortable", raw, { breaker: { failureThreshold: 2 } });
  const answer = outcome(it.ask(controller.signal, "well"));
  await tools.advance(5000);
  expect(calls).toBe(2);
  controller.abort();
  await tools.advance(10_000);
  expect(answer.error).toMatchObject({ code: "ECONNRESET" });
  expect(engine.operation("abortable.ask")).toMatchObject({
    failures: { cancelled: 1 },
    breaker: "closed",
    decisions: { retry: { enforced: 1 }, retry_refused: { enforced: 1 } },
  });
});

test("a caller's signal is found wherever it stands among his words", async () => {
  const { engine } = ground({});
  const controller = new AbortController();
  const it = engine.wrap("early", {
    ask: async (signal: AbortSignal, _word: string) => {
      await Promise.resolve();
      controller.abort();
      expect(signal.aborted).toBe(true);
      throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
    },
  });
  await expect(it.ask(controller.signal, "well")).rejects.toThrow("socket hang up");
  expect(engine.operation("early.ask")?.failures).toEqual({ cancelled: 1 });
});

test("who comes when a stream was opened waits behind those who came before (Q2)", async () => {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine({ timeout: false }, tools);
  const begun: string[] = [];
  const words = async function* () {
    yield 1;
  };
  const raw = {
    async open(name: string) {
      begun.push(name);
      await new Promise<void>((resolve) => tools.timers.after(10, resolve));
      return words();
    },
  };
  const it = engine.wrap("it", raw, { bulkhead: { limit: 1, queue: 5 } });
  const a = it.open("a");
  const b = it.open("b");
  const c = (async () => {
    await a;
    return it.open("c");
  })();
  await tools.advance(100);
  await Promise.all([b, c]);
  expect(begun).toEqual(["a", "b", "c"]);
});

test.each([
  { mode: "full", enforced: 1 },
  { mode: "monitor", enforced: 0 },
] as const)("in $mode it is counted who finds no room", async ({ mode, enforced }) => {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine({ mode, timeout: false }, tools);
  const ask = () => new Promise<void>((resolve) => tools.timers.after(10, resolve));
  const it = engine.wrap("it", { ask }, { bulkhead: { limit: 1, queue: 1 } });
  const first = it.ask();
  await tools.advance(10);
  await first;
  const all = Promise.allSettled([1, 2, 3].map(() => it.ask()));
  await tools.advance(100);
  const found = (await all).map(({ status }) => status);
  expect(found.filter((status) => status === "rejected")).toHaveLength(enforced);
  expect(engine.operation("it.ask")?.decisions["rejected"]).toEqual({ detected: 1, enforced });
});

test("who waits for a further attempt when the engine is closed has the last error, and it never begins", async () => {
  const signal = new AbortController().signal;
  const { tools, engine, a, b, begun, letGo, attempts } = await comesAgain(
    { timeout: false },
    { signal },
  );
  const closing = engine.close();
  await tools.settle();
  expect({ error: a.error, attempts }).toEqual({ error: refusedError, attempts: [1] });
  letGo[0]?.();
  await tools.advance(10_000);
  await closing;
  expect({ b: b.value, begun }).toEqual({ b: "b", begun: ["a", "b"] });
});

/** O1 to O3, D1, R1, R2: what becomes of calls. Time stands still until a test moves it. */
import { expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { type EngineOptions, InfrastructureReliabilityEngine } from "../engine.ts";
import type { EngineEvents, EventName } from "../events.ts";

interface Ground {
  readonly tools: ManualTools;
  readonly engine: InfrastructureReliabilityEngine;
  readonly told: { readonly name: EventName; readonly event: unknown }[];
}

const listened: readonly EventName[] = [
  "service_error",
  "recovery_success",
  "retry",
  "retry_refused",
  "timeout",
  "breaker",
  "rejected",
  "fallback",
];

function ground(options: EngineOptions = {}): Ground {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine(options, tools);
  const told: Ground["told"] = [];
  for (const name of listened) engine.on(name, (event) => void told.push({ name, event }));
  return { tools, engine, told };
}

function toldOf<K extends EventName>({ told }: Ground, name: K): readonly EngineEvents[K][] {
  return told.filter((each) => each.name === name).map(({ event }) => event as EngineEvents[K]);
}

function refused(): Error {
  return Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
}

/** Fails as often as it is told to, then answers. */
function flaky(failures: number, error: () => Error) {
  return {
    calls: 0,
    async ask(word: string): Promise<string> {
      this.calls += 1;
      if (this.calls <= failures) throw error();
      return `${word}!`;
    },
  };
}

test("what provably never began is done again, after a pause, and its recovery is told (R1)", async () => {
  const at = ground();
  const raw = flaky(2, refused);
  const answer = at.engine.wrap("it", raw).ask("well");
  await at.tools.settle();
  expect(raw.calls).toBe(1);
  await at.tools.advance(60_000);
  expect(await answer).toBe("well!");
  expect(raw.calls).toBe(3);
  const retries = toldOf(at, "retry").map(({ decision }) => decision);
  expect(retries.map(({ attempt, because }) => [attempt, because])).toEqual([
    [2, "never_started"],
    [3, "never_started"],
  ]);
  expect(retries[0]?.delayMs).toBeGreaterThanOrEqual(1000);
  expect(toldOf(at, "recovery_success")).toMatchObject([{ by: "retry", attempts: 3 }]);
  expect(at.engine.operation("it.ask")).toMatchObject({ calls: 1, succeeded: 1, failed: 0 });
});

test("what may have begun is not done again unless it is declared, and the reason is told (R1)", async () => {
  const at = ground();
  const error = Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
  const raw = flaky(1, () => error);
  await expect(at.engine.wrap("it", raw).ask("well")).rejects.toBe(error);
  expect(raw.calls).toBe(1);
  expect(toldOf(at, "retry_refused")).toMatchObject([
    { enforced: true, decision: { because: "not_declared_idempotent", error } },
  ]);
  const declared = flaky(1, () => error);
  const answer = at.engine.wrap("declared", declared, { autoRetry: true }).ask("well");
  await at.tools.advance(60_000);
  expect(await answer).toBe("well!");
});

test("a service that retries by itself is left alone", async () => {
  const at = ground();
  const raw = flaky(1, refused);
  const it = at.engine.wrap("it", raw, { autoRetry: false });
  await expect(it.ask("well")).rejects.toThrow("ECONNREFUSED");
  expect(toldOf(at, "retry_refused")).toEqual([]);
});

test("a caller who aborts in the pause is answered at once, and the work is not begun again (R2)", async () => {
  const at = ground();
  let calls = 0;
  const it = at.engine.wrap("it", {
    async ask(_options: { signal: AbortSignal }) {
      calls += 1;
      throw refused();
    },
  });
  const controller = new AbortController();
  const answer = it.ask({ signal: controller.signal });
  await at.tools.settle();
  const reason = new Error("no longer needed");
  controller.abort(reason);
  await expect(answer).rejects.toBe(reason);
  await at.tools.advance(60_000);
  expect(calls).toBe(1);
  expect(at.engine.operation("it.ask")?.failures).toEqual({ cancelled: 1 });
});

test("a call whose time is over is answered then and no sooner; its late result changes nothing (D1, O1)", async () => {
  const at = ground();
  const late = Promise.withResolvers<string>();
  const it = at.engine.wrap("it", { ask: () => late.promise }, { timeout: 1000 });
  let answer: unknown;
  it.ask().catch((error: unknown) => {
    answer = error;
  });
  await at.tools.advance(999);
  expect(answer).toBeUndefined();
  await at.tools.advance(2);
  expect(answer).toMatchObject({ code: "CALL_TIMEOUT", timeoutMs: 1000, operation: "it.ask" });
  expect(at.engine.operation("it.ask")).toMatchObject({ inFlight: 1, failed: 1 });
  late.resolve("late");
  await at.tools.settle();
  expect(at.engine.operation("it.ask")).toMatchObject({ inFlight: 0, failed: 1, succeeded: 0 });
});

test("without calls there is no timer, and many calls have one", async () => {
  const at = ground({ timeout: 1000 });
  const before = at.tools.pendingTimers;
  const holds: PromiseWithResolvers<void>[] = [];
  const it = at.engine.wrap("it", {
    ask: () => {
      const hold = Promise.withResolvers<void>();
      holds.push(hold);
      return hold.promise;
    },
  });
  const answers = Array.from({ length: 100 }, () => it.ask());
  expect(at.tools.pendingTimers - before).toBeLessThanOrEqual(2);
  for (const hold of holds) hold.resolve();
  await Promise.all(answers);
  await at.tools.advance(3000);
  expect(at.tools.pendingTimers).toBe(before);
});

test("after five faults in a row calls are refused, after a minute two probes close the circuit", async () => {
  const at = ground({ autoRetry: false });
  let isWell = false;
  let calls = 0;
  const it = at.engine.wrap("it", {
    async ask() {
      calls += 1;
      if (!isWell) throw new Error("down");
      return "well";
    },
  });
  for (let count = 0; count < 5; count += 1) await expect(it.ask()).rejects.toThrow("down");
  await expect(it.ask()).rejects.toMatchObject({ code: "CIRCUIT_OPEN", operation: "it.ask" });
  expect(calls).toBe(5);
  expect(at.engine.operation("it.ask")?.breaker).toBe("open");
  isWell = true;
  await at.tools.advance(60_000);
  expect([await it.ask(), await it.ask()]).toEqual(["well", "well"]);
  expect(at.engine.operation("it.ask")?.breaker).toBe("closed");
  expect(toldOf(at, "breaker").map(({ decision: { from, to } }) => `${from} ${to}`)).toEqual([
    "closed open",
    "open half_open",
    "half_open closed",
  ]);
  expect(toldOf(at, "recovery_success")).toMatchObject([{ by: "breaker" }]);
});

test("the caller's own mistakes open no circuit", async () => {
  const at = ground();
  const it = at.engine.wrap("it", {
    async ask() {
      throw new TypeError("no such field");
    },
  });
  for (let count = 0; count < 20; count += 1) await expect(it.ask()).rejects.toThrow(TypeError);
  expect(at.engine.operation("it.ask")).toMatchObject({
    breaker: "closed",
    failures: { client_error: 20 },
  });
});

test("so many at once and so many waiting, late work included (O3)", async () => {
  const at = ground();
  const holds: PromiseWithResolvers<string>[] = [];
  const raw = {
    async ask(): Promise<string> {
      const hold = Promise.withResolvers<string>();
      holds.push(hold);
      return hold.promise;
    },
  };
  const it = at.engine.wrap("it", raw, { timeout: 1000, bulkhead: { limit: 2, queue: 1 } });
  const first = it.ask();
  holds[0]?.resolve("one");
  expect(await first).toBe("one");
  const slow = [it.ask(), it.ask()].map((each) => each.catch((error: unknown) => error));
  await at.tools.advance(1001);
  expect(await Promise.all(slow)).toMatchObject([
    { code: "CALL_TIMEOUT" },
    { code: "CALL_TIMEOUT" },
  ]);
  const waiting = it.ask();
  await expect(it.ask()).rejects.toMatchObject({ code: "BULKHEAD_FULL" });
  expect(holds).toHaveLength(3);
  holds[1]?.resolve("late");
  await at.tools.settle();
  expect(holds).toHaveLength(4);
  holds[3]?.resolve("at last");
  expect(await waiting).toBe("at last");
});

test("who waits for a place is answered when he gives up, or when his time is over (Q1)", async () => {
  const at = ground();
  let calls = 0;
  const it = at.engine.wrap(
    "it",
    {
      ask: async (_options?: { signal: AbortSignal }): Promise<void> => {
        calls += 1;
        if (calls > 1) await Promise.withResolvers<void>().promise;
      },
    },
    { timeout: 1000, bulkhead: { limit: 1, queue: 5 } },
  );
  await it.ask();
  it.ask().catch(() => {});
  const controller = new AbortController();
  const givenUp = it.ask({ signal: controller.signal });
  const patient = it.ask().catch((error: unknown) => error);
  const reason = new Error("no longer needed");
  controller.abort(reason);
  await expect(givenUp).rejects.toBe(reason);
  await at.tools.advance(1001);
  expect(await patient).toMatchObject({ code: "CALL_TIMEOUT" });
  expect(calls).toBe(2);
  const { calls: counted, succeeded, failed } = at.engine.operation("it.ask") ?? {};
  expect({ counted, succeeded, failed }).toEqual({ counted: 4, succeeded: 1, failed: 3 });
});

test("a further attempt waits for its turn as any other call does", async () => {
  const at = ground();
  let [running, most, calls] = [0, 0, 0];
  const raw = {
    async ask(): Promise<string> {
      calls += 1;
      running += 1;
      most = Math.max(most, running);
      const isFirst = calls <= 4;
      await new Promise<void>((resolve) => at.tools.timers.after(2000, resolve));
      running -= 1;
      if (isFirst) throw refused();
      return "well";
    },
  };
  const it = at.engine.wrap("it", raw, { bulkhead: { limit: 2, queue: 10 } });
  const first = [it.ask(), it.ask(), it.ask(), it.ask()];
  await at.tools.advance(60_000);
  expect(await Promise.all(first)).toEqual(["well", "well", "well", "well"]);
  expect({ calls, most }).toEqual({ calls: 8, most: 2 });
});

test("a fallback answers for a faulty dependency, and for nothing else", async () => {
  const at = ground({ autoRetry: false });
  let error: Error = new Error("down");
  const raw = {
    async ask(): Promise<string> {
      throw error;
    },
  };
  const it = at.engine.wrap("it", raw, { fallback: () => "from the cache" });
  expect(await it.ask()).toBe("from the cache");
  expect(toldOf(at, "fallback")).toMatchObject([{ decision: { error } }]);
  error = new TypeError("wrong word");
  await expect(it.ask()).rejects.toBe(error);
});

test("in shadow the caller has the very promise, and what would be done is counted apart (O2)", async () => {
  const at = ground({ mode: "shadow", timeout: 100 });
  const hold = Promise.withResolvers<string>();
  const raw = {
    ask: () => hold.promise,
    fail: async (): Promise<never> => {
      throw refused();
    },
  };
  const it = at.engine.wrap("it", raw);
  expect(it.ask()).toBe(hold.promise);
  await at.tools.advance(1000);
  hold.resolve("at last");
  await at.tools.settle();
  expect(at.engine.operation("it.ask")).toMatchObject({
    succeeded: 1,
    decisions: { timeout: { detected: 1, enforced: 0 } },
  });
  for (let count = 0; count < 7; count += 1)
    await expect(it.fail()).rejects.toThrow("ECONNREFUSED");
  expect(at.engine.operation("it.fail")).toMatchObject({
    calls: 7,
    failed: 7,
    breaker: "open",
    decisions: { rejected: { detected: 2, enforced: 0 }, retry: { enforced: 0 } },
  });
});

test.each([
  ["full", "degraded", { circuits: ["it.ask (open)"] }],
  ["limited", "healthy", { notEnforced: ["it.ask (open)"] }],
] as const)(
  "an open circuit tells whether it turns calls away: %s (O2)",
  async (mode, status, metadata) => {
    const at = ground({ limitedTo: ["timeout"], autoRetry: false, mode });
    const it = at.engine.wrap(
      "it",
      flaky(5, () => new Error("down")),
    );
    for (let count = 0; count < 5; count += 1) await expect(it.ask("a")).rejects.toThrow("down");
    const breakerEnforced = mode === "full";
    const sixth = it.ask("a");
    if (breakerEnforced) await expect(sixth).rejects.toMatchObject({ code: "CIRCUIT_OPEN" });
    else expect(await sixth).toBe("a!");
    expect(at.engine.operation("it.ask")).toMatchObject({ breaker: "open", breakerEnforced });
    const { checks } = await at.engine.getSystemHealth();
    expect(checks.find(({ name }) => name === "circuits")).toMatchObject({ status, metadata });
  },
);

test("modes change while it runs, and `off` measures nothing", async () => {
  const at = ground();
  const it = at.engine.wrap("it", { ask: async () => "well" });
  const { ask } = it;
  await it.ask();
  at.engine.setMode("off");
  expect(await it.ask()).toBe("well");
  expect(it.ask).toBe(ask);
  expect(at.engine.operation("it.ask")?.calls).toBe(1);
  at.engine.setMode("full");
  await it.ask();
  expect(at.engine.operation("it.ask")?.calls).toBe(2);
});

test("a listener that throws or rejects harms no call, and is told of once", async () => {
  const at = ground({ autoRetry: false });
  const errors: unknown[] = [];
  at.engine.on("listener_error", (event) => void errors.push(event.message));
  at.engine.on("service_error", () => {
    throw new Error("mine");
  });
  const it = at.engine.wrap(
    "it",
    flaky(2, () => new Error("down")),
  );
  await expect(it.ask("a")).rejects.toThrow("down");
  await expect(it.ask("b")).rejects.toThrow("down");
  expect(await it.ask("c")).toBe("c!");
  expect(errors).toEqual(["a listener of service_error failed: mine"]);
});

test("an isolated operation is refused until it is released", async () => {
  const at = ground();
  const it = at.engine.wrap("it", { ask: async () => "well" });
  await it.ask();
  const release = at.engine.isolate("it.ask", "a person says so");
  await expect(it.ask()).rejects.toThrow(
    "the circuit of it.ask is isolated (a person says so): the call was not made",
  );
  release();
  expect(await it.ask()).toBe("well");
});

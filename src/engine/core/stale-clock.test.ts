/** Times that are not read on every call, circuits of calls that somebody else makes, and ids. */
import { expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { type EngineOptions, InfrastructureReliabilityEngine } from "../engine.ts";
import { runWithRequestIds } from "../request-ids.ts";

function ground(options: EngineOptions = {}) {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine({ retry: { attempts: 1 }, ...options }, tools);
  return { tools, engine };
}

function fault(): Error {
  return Object.assign(new Error("reset"), { code: "ECONNRESET" });
}

test("the first call after a long silence has all of its time, however busy it was before", async () => {
  const { tools, engine } = ground({ timeout: 500 });
  const raw = {
    ask: (ms: number) => new Promise<number>((done) => tools.timers.after(ms, () => done(ms))),
  };
  const it = engine.wrap("it", raw);
  for (let call = 0; call < 5000; call += 1) void it.ask(0);
  await tools.advance(1);
  expect(engine.operation("it.ask")?.sampledEvery).toBeGreaterThan(1);
  await tools.advance(70_000);
  const answer = it.ask(400);
  await tools.advance(450);
  expect(await answer).toBe(400);
});

test("what is only measured closes its circuit again, and turns nothing away", async () => {
  const { tools, engine } = ground({ breaker: { resetTimeout: 1000 } });
  const told: boolean[] = [];
  engine.on("breaker", ({ enforced }) => told.push(enforced));
  const meter = engine.meter("route");
  for (let call = 0; call < 5; call += 1) meter.begin().fail(fault());
  expect(engine.operation("route")).toMatchObject({ breaker: "open", breakerEnforced: false });
  meter.begin().succeed();
  expect(engine.operation("route")?.breaker).toBe("open");
  await tools.advance(1000);
  meter.begin().succeed();
  meter.begin().succeed();
  expect(engine.operation("route")).toMatchObject({ breaker: "closed", calls: 8 });
  expect(told).toEqual([false, false, false]);
});

test("nobody is made to wait for an attempt that the circuit will turn away", async () => {
  const { tools, engine } = ground({
    retry: { attempts: 5, delay: 1000 },
    breaker: { failureThreshold: 2 },
    autoRetry: true,
  });
  const because: string[] = [];
  engine.on("retry_refused", ({ decision }) => because.push(decision.because));
  const answer = engine.wrap("it", { ask: () => Promise.reject(fault()) }).ask();
  const failed = answer.catch((error: unknown) => error);
  await tools.advance(10_000);
  expect(await failed).toMatchObject({ code: "ECONNRESET" });
  expect(because).toEqual(["circuit_open"]);
  expect(engine.operation("it.ask")?.calls).toBe(1);
});

test("one answer that is lazy does not make those of promises free of limits", async () => {
  const { engine } = ground({ bulkhead: { limit: 2, queue: 0 } });
  let most = 0;
  let now = 0;
  const raw = {
    ask(isLazy: boolean): PromiseLike<string> {
      // oxlint-disable-next-line unicorn/no-thenable -- As query builders are.
      if (isLazy) return { then: (done) => (async () => done?.("lazy") as never)() };
      return (async () => {
        most = Math.max(most, (now += 1));
        await new Promise((done) => setImmediate(done));
        now -= 1;
        return "plain";
      })();
    },
  };
  const it = engine.wrap("it", raw);
  await it.ask(true);
  await it.ask(false);
  await Promise.allSettled(Array.from({ length: 20 }, () => it.ask(false)));
  expect(most).toBe(2);
});

test("a method that answers at once and finds no room is told, and gives the place of a probe back", () => {
  const { engine } = ground({ bulkhead: { limit: 1, queue: 0 } });
  const rejected: unknown[] = [];
  engine.on("rejected", ({ decision }) => rejected.push(decision.by));
  const it = engine.wrap("it", {
    ask(inside: () => unknown): unknown {
      return inside();
    },
  });
  expect(() => it.ask(() => it.ask(() => 1))).toThrow("1 calls under way");
  expect(rejected).toEqual(["bulkhead"]);
  expect(engine.operation("it.ask")?.decisions["rejected"]).toMatchObject({ enforced: 1 });
});

test("who asked is known of wrapped calls as well, whenever they fail", async () => {
  const { tools, engine } = ground({ timeout: 100 });
  const seen: unknown[] = [];
  engine.on("service_error", ({ requestId, userId }) => seen.push([requestId, userId]));
  const it = engine.wrap("it", {
    ask: () => new Promise(() => {}),
    no: () => Promise.reject(fault()),
  });
  const ids = { requestId: "r1", userId: "u1" };
  const late = runWithRequestIds(ids, () => it.ask()).catch(() => {});
  await runWithRequestIds(ids, () => it.no()).catch(() => {});
  await tools.advance(200);
  await late;
  await it.no().catch(() => {});
  expect(seen).toEqual([
    ["r1", "u1"],
    ["r1", "u1"],
    [undefined, undefined],
  ]);
});

test("a budget of retries that was changed holds from then on", async () => {
  const { tools, engine } = ground({
    autoRetry: true,
    retry: { attempts: 2, budget: 0, delay: 1 },
  });
  const it = engine.wrap("it", { ask: () => Promise.reject(fault()) }, { breaker: false });
  const retries = async (): Promise<number> => {
    const before = engine.operation("it.ask")?.decisions["retry"]?.enforced ?? 0;
    const all = Promise.allSettled(Array.from({ length: 100 }, () => it.ask()));
    await tools.advance(100);
    await all;
    return (engine.operation("it.ask")?.decisions["retry"]?.enforced ?? 0) - before;
  };
  expect(await retries()).toBeLessThan(50);
  engine.wrap(
    "it",
    { ask: () => Promise.reject(fault()) },
    { breaker: false, retry: { budget: 1 } },
  );
  expect(await retries()).toBe(100);
});

test("what is called through a wrapper turns calls away, whoever measures it as well", async () => {
  const { engine } = ground({ breaker: { failureThreshold: 1 } });
  const it = engine.wrap("it", { ask: () => Promise.reject(fault()) });
  await expect(it.ask()).rejects.toMatchObject({ code: "ECONNRESET" });
  engine.meter("it.ask");
  expect(engine.operation("it.ask")?.breakerEnforced).toBe(true);
  await expect(it.ask()).rejects.toMatchObject({ code: "CIRCUIT_OPEN" });
});

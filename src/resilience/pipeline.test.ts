import { expect, it } from "vitest";
import { constant } from "./backoff.ts";
import { Bulkhead } from "./bulkhead/bulkhead.ts";
import { CircuitBreaker } from "./circuit-breaker/circuit-breaker.ts";
import type { Decided } from "./decision.ts";
import { Fallback } from "./fallback/fallback.ts";
import { Hedge } from "./hedge/hedge.ts";
import { ManualTools, outcome } from "./manual-tools.ts";
import { Pipeline } from "./pipeline.ts";
import { RateLimit } from "./rate-limit/rate-limit.ts";
import { Retry } from "./retry/retry.ts";
import { Timeout } from "./timeout/timeout.ts";

function whole(tools: ManualTools): Pipeline {
  return new Pipeline([
    new Fallback({ answer: "other" }, tools),
    new Retry({ idempotent: true, backoff: constant(100) }, tools),
    new Hedge({ delayMs: 30, idempotent: true }, tools),
    new CircuitBreaker({}, tools),
    new RateLimit({ limit: 100 }, tools),
    new Timeout({ timeoutMs: 200 }, tools),
    new Bulkhead({ limit: 4 }, tools),
  ]);
}

it("all policies as one: each does its part", async () => {
  const tools = new ManualTools();
  const pipeline = whole(tools);
  const told: string[] = [];
  const stop = pipeline.on(({ name, decision }: Decided) => told.push(`${name}: ${decision.kind}`));
  const numbers: number[] = [];
  const found = outcome(
    pipeline.execute(({ number }) => {
      numbers.push(number);
      return number <= 3 ? new Promise<string>(() => undefined) : "answer";
    }),
  );
  await tools.advance(1000);
  expect(found.value).toBe("answer");
  // P2: the hedges of the first round were the first and the second, those of the next go on.
  expect(numbers).toEqual([1, 2, 3, 4]);
  expect(told).toEqual([
    "hedge: hedge",
    "timeout: timeout",
    "timeout: timeout",
    "retry: retry",
    "hedge: hedge",
  ]);
  stop();
  outcome(pipeline.execute(() => new Promise<string>(() => undefined)));
  await tools.advance(1000);
  expect(told).toHaveLength(5);
});

it("work that ends at once goes through all of them, and leaves no timer", async () => {
  const tools = new ManualTools();
  expect(await whole(tools).execute(() => "fine")).toBe("fine");
  expect(tools.pendingTimers).toBe(0);
  expect(await new Pipeline([]).execute(({ number }) => number)).toBe(1);
});

it("a caller's abort goes through all of them, and is no failure for any", async () => {
  const tools = new ManualTools();
  const pipeline = whole(tools);
  const told: string[] = [];
  pipeline.on(({ decision }) => told.push(decision.kind));
  const caller = new AbortController();
  let seen: AbortSignal | undefined;
  const found = outcome(
    pipeline.execute(
      ({ signal }) => {
        seen = signal;
        return new Promise<string>(() => undefined);
      },
      { signal: caller.signal },
    ),
  );
  await tools.advance(10);
  caller.abort(new Error("enough"));
  await tools.settle();
  expect(found.error).toEqual(new Error("enough"));
  expect(seen?.aborted).toBe(true);
  expect(told.filter((kind) => kind !== "retry_refused")).toEqual([]);
});

it("P3: a bulkhead in a pipeline around another one holds its slot as long", async () => {
  const tools = new ManualTools();
  const bulkhead = new Bulkhead({ limit: 2 }, tools);
  const inner = new Pipeline([bulkhead, new Timeout({ timeoutMs: 10 }, tools)]);
  const outer = new Pipeline([
    new Retry({ idempotent: true, backoff: constant(5), attempts: 2 }, tools),
    inner,
    new Timeout({ timeoutMs: 8 }, tools),
  ]);
  outcome(outer.execute(() => new Promise<void>((done) => tools.timers.after(1000, done))));
  await tools.advance(100);
  expect(bulkhead.report().inUse).toBe(2);
  await tools.advance(1000);
  expect(bulkhead.report().inUse).toBe(0);
});

it("a signal that nobody can abort is the caller's own, or made when it is asked for", async () => {
  const tools = new ManualTools();
  const caller = new AbortController();
  const retry = new Retry({}, tools);
  const pipeline = new Pipeline([retry, new Bulkhead({}, tools)]);
  const seen = await pipeline.execute(({ signal }) => signal, { signal: caller.signal });
  expect(seen).toBe(caller.signal);
});

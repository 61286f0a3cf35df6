/** Rates, windows and times: what streaks do not show. */
import { expect, test } from "vitest";
import type { BreakerPhase } from "../decision.ts";
import { Breaker, refused } from "./breaker.ts";
import { type BreakerOptions, breakerDefaults } from "./breaker-options.ts";
import { SlidingWindow } from "./sliding-window.ts";

function breakerOf(given: Partial<BreakerOptions>) {
  const moves: { to: BreakerPhase; reason: string }[] = [];
  const breaker = new Breaker(
    { ...breakerDefaults, failureThreshold: 0, ...given },
    (_, to, reason) => {
      moves.push({ to, reason });
    },
  );
  return { breaker, moves };
}

test("opens when too large a share of the calls failed, and not before there are enough of them", () => {
  const { breaker, moves } = breakerOf({ failureRate: 0.5, minimumCalls: 20 });
  for (let call = 0; call < 19; call += 1) breaker.failed(breaker.ticket, 1000, 1);
  expect(breaker.phase).toBe("closed");
  breaker.failed(breaker.ticket, 1000, 1);
  expect(moves).toEqual([{ to: "open", reason: "20 of 20 calls failed" }]);
});

test("opens when too many calls are slow, although they succeed", () => {
  const { breaker, moves } = breakerOf({ slowCallRate: 0.5, slowCallMs: 500, minimumCalls: 4 });
  for (const elapsedMs of [10, 600, 10, 700]) breaker.succeeded(breaker.ticket, 1000, elapsedMs);
  expect(moves).toEqual([{ to: "open", reason: "2 of 4 calls took 500 ms or longer" }]);
});

// cockatiel 4.0.0 advances its window by one slot only: after an hour one failure opens it.
test("after an hour without calls one failure opens nothing (W1)", () => {
  const { breaker } = breakerOf({ failureRate: 0.5, minimumCalls: 20 });
  for (let call = 0; call < 20; call += 1) breaker.succeeded(breaker.ticket, 1000 + call, 1);
  for (let call = 0; call < 19; call += 1) breaker.failed(breaker.ticket, 1100 + call, 1);
  breaker.failed(breaker.ticket, 3_605_100, 1);
  expect(breaker.phase).toBe("closed");
});

// opossum 10.0.0 stamps its timer when the circuit is made.
test("time is counted from the moment it opened, however old it is (B7)", () => {
  const { breaker } = breakerOf({ failureThreshold: 1, resetTimeoutMs: 1000 });
  breaker.failed(breaker.ticket, 900_000, 1);
  expect(breaker.openLeftMs(900_000)).toBe(1000);
  expect(breaker.admit(900_999)).toBe(refused);
  expect(breaker.admit(901_000)).not.toBe(refused);
});

test("a probe that does not come back gives its place away (B3)", () => {
  const { breaker } = breakerOf({ failureThreshold: 1, successThreshold: 1, resetTimeoutMs: 1000 });
  breaker.failed(breaker.ticket, 0, 1);
  expect(breaker.admit(1000)).not.toBe(refused);
  expect(breaker.admit(1999)).toBe(refused);
  expect(breaker.admit(2000)).not.toBe(refused);
});

test("other limits hold from the next result on, and what it counted stays", () => {
  const { breaker } = breakerOf({ failureThreshold: 5 });
  for (let call = 0; call < 3; call += 1) breaker.failed(breaker.ticket, 0, 1);
  breaker.configure({ ...breakerDefaults, failureThreshold: 4 });
  expect(breaker.phase).toBe("closed");
  breaker.failed(breaker.ticket, 0, 1);
  expect(breaker.phase).toBe("open");
});

test("a window counts the last span, less one slice at most (W2)", () => {
  const window = new SlidingWindow(1000);
  for (let atMs = 0; atMs < 5000; atMs += 10) {
    window.add(atMs, atMs % 20 === 0, false);
    const { calls } = window.sums(atMs);
    const exact = Math.min(atMs, 1000) / 10 + 1;
    expect(calls).toBeLessThanOrEqual(exact);
    expect(calls).toBeGreaterThanOrEqual(Math.min(exact, 90));
  }
});

test("who isolates twice releases twice, and one release counts once (B6)", () => {
  const { breaker } = breakerOf({});
  const [first, second] = [breaker.isolate("one"), breaker.isolate("two")];
  first();
  first();
  expect(breaker.phase).toBe("isolated");
  second();
  expect(breaker.isClosed).toBe(true);
});

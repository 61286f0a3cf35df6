/** Rates, windows and times: what streaks do not show. */
import { expect, test } from "vitest";
import type { BreakerPhase } from "../decision.ts";
import { Breaker, refused } from "./breaker.ts";
import { type BreakerOptions, breakerDefaults, breakerOff } from "./breaker-options.ts";
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

test("calls that nobody has timed are neither slow nor fast, nor enough (B9)", () => {
  const { breaker, moves } = breakerOf({ slowCallRate: 0.5, slowCallMs: 500, minimumCalls: 4 });
  const end = (elapsedMs: number): void => breaker.succeeded(breaker.ticket, 1000, elapsedMs);
  for (const elapsedMs of [600, 700, 10]) {
    for (let call = 0; call < 15; call += 1) end(-1);
    end(elapsedMs);
  }
  expect(breaker.phase).toBe("closed");
  for (let call = 0; call < 15; call += 1) end(-1);
  expect(breaker.phase).toBe("closed");
  end(600);
  const reason = "about 75 % of the calls, by 4 that were timed, took 500 ms or longer";
  expect(moves).toEqual([{ to: "open", reason }]);
});

test("a call that was timed speaks for those that were not, when all of them were timed before (W3)", () => {
  const window = new SlidingWindow(1000);
  for (let call = 0; call < 1000; call += 1) window.add(0, false, false);
  for (let call = 1; call <= 4000; call += 1) {
    window.add(0, false, call % 16 === 0 ? true : undefined);
  }
  expect(window.sums(0)).toEqual({ calls: 5000, faults: 0, timed: 1250, judged: 5000, slow: 4000 });
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

test("a probe that is answered gives back its own place, whichever was let through first (B3)", () => {
  const { breaker } = breakerOf({ successThreshold: 2, resetTimeoutMs: 1000 });
  breaker.open(0, 1000, "a test");
  breaker.admit(1000);
  const second = breaker.admit(1500);
  breaker.dismissed(second);
  expect(breaker.admit(1700)).not.toBe(refused);
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

test("lets probes through when somebody has evidence, and a probe that fails is no cheaper", () => {
  const { breaker } = breakerOf({ failureThreshold: 1, resetTimeoutMs: 60_000, resetGrowth: 2 });
  breaker.probeFromNow(0);
  expect(breaker.phase).toBe("closed");
  breaker.failed(breaker.ticket, 1000, 1);
  expect(breaker.admit(2000)).toBe(refused);
  breaker.probeFromNow(2000);
  const ticket = breaker.admit(2000);
  expect([breaker.phase, ticket === refused]).toEqual(["half_open", false]);
  breaker.failed(ticket, 2000, 1);
  expect(breaker.openLeftMs(2000)).toBe(120_000);
});

test("probes that are as slow as what opened it open it again, for longer (B4)", () => {
  const slow = { slowCallRate: 0.5, slowCallMs: 100, minimumCalls: 2, resetTimeoutMs: 1000 };
  const { breaker, moves } = breakerOf(slow);
  for (let call = 0; call < 2; call += 1) breaker.succeeded(breaker.ticket, 0, 500);
  const [first, second] = [breaker.admit(1000), breaker.admit(1000)];
  breaker.succeeded(first, 1010, 10);
  breaker.succeeded(second, 1500, 500);
  expect(moves.at(-1)).toEqual({ to: "open", reason: "1 of 2 probes took 100 ms or longer" });
  expect(breaker.openLeftMs(1500)).toBe(2000);
  const [third, fourth] = [breaker.admit(3500), breaker.admit(3500)];
  breaker.succeeded(third, 3510, 10);
  breaker.succeeded(fourth, 3520, 20);
  expect(breaker.phase).toBe("closed");
  // Nothing of the probes before counts any more.
  breaker.succeeded(breaker.ticket, 3530, 500);
  expect(breaker.phase).toBe("closed");
});

test("a probe that was not timed is timed by when it was let through (B4)", () => {
  const slow = { slowCallRate: 0.5, slowCallMs: 100, successThreshold: 1, resetTimeoutMs: 1000 };
  const { breaker } = breakerOf(slow);
  breaker.open(0, 1000, "a test");
  breaker.succeeded(breaker.admit(1000), 1500, -1);
  expect(breaker.phase).toBe("open");
  breaker.succeeded(breaker.admit(3500), 3510, -1);
  expect(breaker.phase).toBe("closed");
});

test("slow probes are good ones where slowness opens nothing", () => {
  const { breaker } = breakerOf({ failureThreshold: 1, successThreshold: 1, resetTimeoutMs: 1000 });
  breaker.failed(breaker.ticket, 0, 1);
  breaker.succeeded(breaker.admit(1000), 9000, 8000);
  expect(breaker.phase).toBe("closed");
});

test("tells how long it was really open, however its probes came to be let through (B7)", () => {
  const { breaker, moves } = breakerOf({ failureThreshold: 1, resetTimeoutMs: 60_000 });
  breaker.failed(breaker.ticket, 1000, 1);
  breaker.probeFromNow(3500);
  breaker.admit(3500);
  expect(moves.at(-1)).toEqual({ to: "half_open", reason: "it was open for 2500 ms" });
});

test("evidence that comes when probes are let through anyway takes no time back", () => {
  const { breaker } = breakerOf({ failureThreshold: 1, resetTimeoutMs: 1000 });
  breaker.failed(breaker.ticket, 0, 1);
  breaker.probeFromNow(5000);
  expect(breaker.openLeftMs(2000)).toBe(0);
});

test.each([
  ["open", (breaker: Breaker): void => breaker.open(0, 60_000, "a test")],
  [
    "half_open",
    (breaker: Breaker): void => {
      breaker.open(0, 1000, "a test");
      breaker.admit(1000);
    },
  ],
] as const)("switched off while %s it is closed, and nothing opens it (B8)", (phase, bring) => {
  const { breaker, moves } = breakerOf({ failureThreshold: 1 });
  bring(breaker);
  expect(breaker.phase).toBe(phase);
  breaker.configure(breakerOff);
  expect(moves.at(-1)).toEqual({ to: "closed", reason: "it was switched off" });
  for (let call = 0; call < 50; call += 1) breaker.failed(breaker.ticket, 2000, 1);
  breaker.open(2000, 1000, "others say so");
  expect([breaker.phase, breaker.isClosed]).toEqual(["closed", true]);
});

test("switched off it still is isolated by whoever isolated it (B8)", () => {
  const { breaker } = breakerOf({ failureThreshold: 1 });
  breaker.failed(breaker.ticket, 0, 1);
  const release = breaker.isolate("a person says so");
  breaker.configure(breakerOff);
  expect(breaker.phase).toBe("isolated");
  release();
  expect([breaker.phase, breaker.isClosed]).toEqual(["closed", true]);
});

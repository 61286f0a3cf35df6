import { describe, expect, it } from "vitest";
import { constant } from "../backoff.ts";
import type { Decision } from "../decision.ts";
import { CallTimeoutError, CircuitBreakerError, RateLimitError } from "../errors.ts";
import { ManualTools, outcome } from "../manual-tools.ts";
import { Retry, type RetryOptions } from "./retry.ts";
import { RetryBudget } from "./retry-budget.ts";

function error(fields: object, message = "it failed"): Error {
  return Object.assign(new Error(message), fields);
}

function rig(options: RetryOptions = {}) {
  const tools = new ManualTools();
  const retry = new Retry({ backoff: constant(100), ...options }, tools);
  const decisions: Decision[] = [];
  retry.on(({ decision }) => decisions.push(decision));
  const told = (): readonly string[] =>
    decisions.map((each) => ("because" in each ? `${each.kind}: ${each.because}` : each.kind));
  return { tools, retry, decisions, told };
}

/** Fails with these errors in turn, then answers. */
function failing(...errors: readonly unknown[]) {
  const seen: number[] = [];
  const work = async ({ number }: { number: number }): Promise<string> => {
    seen.push(number);
    if (seen.length <= errors.length) throw errors[seen.length - 1] as Error;
    return "answer";
  };
  return { work, seen };
}

const reset = error({ code: "ECONNRESET" });
const refusedError = error({ code: "ECONNREFUSED" });

describe("what is done again", () => {
  it("declared idempotent: up to the attempts, after the backoff, and says why", async () => {
    const { tools, retry, decisions } = rig({ idempotent: true });
    const { work, seen } = failing(reset, reset);
    const found = outcome(retry.execute(work));
    await tools.advance(99);
    expect(seen).toEqual([1]);
    await tools.advance(200);
    expect(found).toEqual({ isSettled: true, value: "answer" });
    expect(seen).toEqual([1, 2, 3]);
    expect(decisions[0]).toEqual({
      kind: "retry",
      attempt: 2,
      delayMs: 100,
      category: "connection_reset",
      because: "declared_idempotent",
      error: reset,
    });
  });

  it("by default three attempts, one second, twice as long, with jitter", async () => {
    const tools = new ManualTools();
    const retry = new Retry({ idempotent: true }, tools);
    const delays: number[] = [];
    retry.on(({ decision }) => decision.kind === "retry" && delays.push(decision.delayMs));
    const { work, seen } = failing(reset, reset, reset, reset);
    const found = outcome(retry.execute(work));
    await tools.advance(60_000);
    expect(found.error).toBe(reset);
    expect(seen).toEqual([1, 2, 3]);
    expect(delays[0]).toBeGreaterThanOrEqual(1000);
    expect(delays[0]).toBeLessThanOrEqual(3000);
    expect(delays[1]).not.toBe(delays[0]);
  });

  it.each<readonly [string, RetryOptions, unknown, readonly string[]]>([
    ["not declared", {}, reset, ["retry_refused: not_declared_idempotent"]],
    ["not declared, but never started", {}, refusedError, ["retry: never_started"]],
    [
      "a mistake of the caller",
      { idempotent: true },
      new TypeError("x"),
      ["retry_refused: not_retryable"],
    ],
    [
      "no money left",
      { idempotent: true },
      error({ status: 402 }),
      ["retry_refused: not_retryable"],
    ],
    ["attempts used", { idempotent: true, attempts: 1 }, reset, ["retry_refused: attempts_used"]],
    [
      "switched off",
      { idempotent: true, isOn: () => false },
      reset,
      ["retry_refused: switched_off"],
    ],
    [
      "a circuit that does not say when it closes",
      { idempotent: true },
      new CircuitBreakerError("a"),
      ["retry_refused: not_retryable"],
    ],
    ["a limit of ours that says when", {}, new RateLimitError("a", 50), ["retry: never_started"]],
    [
      "a classify that throws",
      {
        idempotent: true,
        classify: () => {
          throw new Error("no");
        },
      },
      reset,
      ["retry: declared_idempotent"],
    ],
  ])("%s", async (...[, options, thrown, expected]) => {
    const { tools, retry, told } = rig(options);
    const found = outcome(retry.execute(failing(thrown).work));
    await tools.advance(1000);
    expect(told()).toEqual(expected);
    const isDoneAgain = expected[0]?.startsWith("retry:") === true;
    expect(found).toEqual({
      isSettled: true,
      ...(isDoneAgain ? { value: "answer" } : { error: thrown }),
    });
  });

  it("the call itself knows better, in both directions", async () => {
    const yes = rig();
    const one = outcome(yes.retry.execute(failing(reset).work, { idempotent: true }));
    await yes.tools.advance(1000);
    expect(one.value).toBe("answer");
    const no = rig({ idempotent: true });
    const other = outcome(no.retry.execute(failing(reset).work, { idempotent: false }));
    await no.tools.advance(1000);
    expect(other.error).toBe(reset);
  });

  it("work that throws at once, and work that answers undefined, are work like any other", async () => {
    const { tools, retry } = rig({ idempotent: true });
    let isFirst = true;
    const found = outcome(
      retry.execute<undefined>(() => {
        if (!isFirst) return undefined;
        isFirst = false;
        throw reset;
      }),
    );
    await tools.advance(100);
    expect(found).toEqual({ isSettled: true, value: undefined });
  });

  // cockatiel 4: a retry around a circuit burns its attempts on "circuit open".
  it("the error of the last attempt that was made is told, not that the circuit opened meanwhile", async () => {
    const { tools, retry } = rig({ idempotent: true });
    const found = outcome(retry.execute(failing(reset, new CircuitBreakerError("a")).work));
    await tools.advance(1000);
    expect(found.error).toBe(reset);
  });
});

describe("when the dependency says when to come back", () => {
  it("nobody calls sooner, and hardly later", async () => {
    const { tools, retry } = rig({ idempotent: true });
    const { work, seen } = failing(error({ status: 429, headers: { "retry-after": "5" } }));
    const found = outcome(retry.execute(work));
    await tools.advance(4999);
    expect(seen).toEqual([1]);
    await tools.advance(501);
    expect(found.value).toBe("answer");
  });

  it("a longer pause than anybody waits is refused at once", async () => {
    const late = error({ status: 503, headers: { "retry-after": "31" } });
    const { tools, retry, told } = rig({ idempotent: true });
    const found = outcome(retry.execute(failing(late).work));
    await tools.settle();
    expect(found.error).toBe(late);
    expect(told()).toEqual(["retry_refused: deadline"]);
    const soon = error({ status: 503, headers: { "retry-after": "2" } });
    const short = rig({ idempotent: true, deadlineMs: 1500 });
    const other = outcome(short.retry.execute(failing(soon).work));
    await short.tools.settle();
    expect(other.error).toBe(soon);
    expect(short.told()).toEqual(["retry_refused: deadline"]);
    expect(short.tools.pendingTimers).toBe(0);
  });
});

describe("a caller who gives up", () => {
  // cockatiel 4: settled after the whole pause, and called the function again.
  it("in the pause is answered at once, and nothing is called again", async () => {
    const { tools, retry } = rig({ idempotent: true, backoff: constant(500) });
    const giveUp = new AbortController();
    const { work, seen } = failing(reset);
    const found = outcome(retry.execute(work, { signal: giveUp.signal }));
    await tools.advance(20);
    giveUp.abort(new Error("enough"));
    await tools.settle();
    expect(found.error).toEqual(new Error("enough"));
    expect(tools.pendingTimers).toBe(0);
    await tools.advance(10_000);
    expect(seen).toEqual([1]);
  });

  it("in the middle of an attempt is not called again, whatever the attempt ends in", async () => {
    const { tools, retry, told } = rig({ idempotent: true });
    const giveUp = new AbortController();
    const { work, seen } = failing(reset);
    const found = outcome(
      retry.execute(
        (attempt) => {
          giveUp.abort();
          return work(attempt);
        },
        { signal: giveUp.signal },
      ),
    );
    await tools.advance(1000);
    expect(found.error).toBe(reset);
    expect(seen).toEqual([1]);
    expect(told()).toEqual(["retry_refused: cancelled"]);
  });

  it("before the first attempt has nothing begun", async () => {
    const { tools, retry } = rig();
    const { work, seen } = failing();
    const found = outcome(retry.execute(work, { signal: AbortSignal.abort(new Error("no")) }));
    await tools.settle();
    expect(found.error).toEqual(new Error("no"));
    expect(seen).toEqual([]);
  });
});

describe("limits", () => {
  it("past the deadline an attempt is not awaited, its signal is aborted, and nothing is begun", async () => {
    const { tools, retry, told } = rig({ idempotent: true, deadlineMs: 1000 });
    const signals: AbortSignal[] = [];
    const found = outcome(
      retry.execute<string>(({ signal }) => {
        signals.push(signal);
        if (signals.length === 1) return Promise.reject(reset);
        return new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        });
      }),
    );
    await tools.advance(999);
    expect(found.isSettled).toBe(false);
    await tools.advance(1);
    expect(found.error).toBeInstanceOf(CallTimeoutError);
    expect(signals.map((signal) => signal.aborted)).toEqual([true, true]);
    await tools.advance(10_000);
    expect(signals).toHaveLength(2);
    expect(told()).toEqual(["retry: declared_idempotent", "timeout", "retry_refused: deadline"]);
  });

  it("a budget that is used up refuses, and says so", async () => {
    const budget = new RetryBudget({ ratio: 0, minimumPerSecond: 0.1 });
    const { tools, retry, told } = rig({ idempotent: true, budget });
    const found = outcome(retry.execute(failing(reset, reset).work));
    await tools.advance(1000);
    expect(found.error).toBe(reset);
    expect(told()).toEqual(["retry: declared_idempotent", "retry_refused: budget_exhausted"]);
    expect(budget.report(0)).toMatchObject({ refused: 1, left: 0 });
  });

  it("when everything fails, the load grows by the budget and not by the attempts", async () => {
    const { tools, retry } = rig({ idempotent: true, attempts: 10, backoff: constant(0) });
    let calls = 0;
    for (let call = 0; call < 1000; call += 1) {
      outcome(
        retry.execute(() => {
          calls += 1;
          return Promise.reject(reset);
        }),
      );
    }
    await tools.advance(100);
    // A fifth of the calls, and three per second for ten seconds.
    expect(calls).toBe(1000 + 200 + 30);
  });

  it("a witness that throws or rejects harms no call", async () => {
    const { tools, retry } = rig({ idempotent: true });
    retry.on(() => {
      throw new Error("broken");
    });
    retry.on(() => Promise.reject(new Error("broken")) as never);
    const found = outcome(retry.execute(failing(reset).work));
    await tools.advance(100);
    expect(found.value).toBe("answer");
  });
});

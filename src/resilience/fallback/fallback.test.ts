import { describe, expect, it } from "vitest";
import type { Decision } from "../decision.ts";
import { CircuitBreakerError } from "../errors.ts";
import { ManualTools, outcome } from "../manual-tools.ts";
import { Pipeline } from "../pipeline.ts";
import { Timeout } from "../timeout/timeout.ts";
import { Fallback, type FallbackOptions } from "./fallback.ts";

const tools = new ManualTools();
const fault = Object.assign(new Error("broken"), { status: 500 });

function rig(options: FallbackOptions) {
  const fallback = new Fallback(options, tools);
  const decisions: Decision[] = [];
  fallback.on(({ decision }) => decisions.push(decision));
  return { fallback, decisions };
}

function failing(error: unknown) {
  return async (): Promise<never> => {
    throw error as Error;
  };
}

describe("F1: who gets the other answer", () => {
  it.each<[string, unknown, boolean]>([
    ["a fault", fault, true],
    ["a refusal of our own", new CircuitBreakerError("a"), true],
    ["a mistake of the caller", new TypeError("x"), false],
    ["work that was cancelled", new DOMException("x", "AbortError"), false],
  ])("%s", async (_what, error, isAnswered) => {
    const { fallback, decisions } = rig({ answer: "other" });
    const found = outcome(fallback.execute(failing(error)));
    await tools.settle();
    expect(found).toEqual({ isSettled: true, ...(isAnswered ? { value: "other" } : { error }) });
    expect(decisions).toHaveLength(isAnswered ? 1 : 0);
  });

  it("`when` decides otherwise, and one that throws decides for the error", async () => {
    const yes = rig({ answer: "other", when: (error) => error instanceof TypeError });
    expect(await yes.fallback.execute(failing(new TypeError("x")))).toBe("other");
    await expect(yes.fallback.execute(failing(fault))).rejects.toBe(fault);
    const broken = rig({
      answer: "other",
      when: () => {
        throw new Error("x");
      },
    });
    await expect(broken.fallback.execute(failing(fault))).rejects.toBe(fault);
  });
});

// opossum: a fallback that was called twice (#198), and lost the error that led to it (#540).
it("a function gets the error, and is called once; work that succeeds calls none", async () => {
  const seen: unknown[] = [];
  const { fallback } = rig({ answer: (error: unknown) => seen.push(error) });
  expect(await fallback.execute(failing(fault))).toBe(1);
  expect(await fallback.execute(() => "fine")).toBe("fine");
  expect(seen).toEqual([fault]);
});

it("F4: when it fails, too, the first error is told, and the second is shown", async () => {
  const shown: unknown[] = [];
  const { fallback } = rig({
    answer: () => {
      throw new Error("second");
    },
    onFailure: (error) => shown.push(error),
  });
  await expect(fallback.execute(failing(fault))).rejects.toBe(fault);
  expect(shown).toEqual([new Error("second")]);
});

describe("signals", () => {
  // Breakers that share one controller: after one timeout everything that follows is aborted.
  it("F3: a timeout aborts the work, and the fallback has a signal that works", async () => {
    const signals: AbortSignal[] = [];
    const fallback = new Fallback(
      {
        answer: (_error: unknown, { signal }: { signal: AbortSignal }) => {
          signals.push(signal);
          return "other";
        },
      },
      tools,
    );
    const pipeline = new Pipeline([fallback, new Timeout({ timeoutMs: 10 }, tools)]);
    const caller = new AbortController();
    const call = { signal: caller.signal };
    const found = outcome(
      pipeline.execute(({ signal }) => {
        signals.push(signal);
        return new Promise<string>(() => undefined);
      }, call),
    );
    await tools.advance(10);
    expect(found.value).toBe("other");
    expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
    caller.abort();
    expect(signals[1]?.aborted).toBe(true);
  });

  it("F2: a caller who gave up gets his reason, and no fallback is begun", async () => {
    let isBegun = false;
    const { fallback } = rig({
      answer: () => {
        isBegun = true;
      },
    });
    const caller = new AbortController();
    const found = outcome(
      fallback.execute(
        () => {
          caller.abort(new Error("enough"));
          throw fault;
        },
        { signal: caller.signal },
      ),
    );
    await tools.settle();
    expect(found.error).toEqual(new Error("enough"));
    expect(isBegun).toBe(false);
  });
});

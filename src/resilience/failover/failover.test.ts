import { describe, expect, it } from "vitest";
import { CircuitBreaker } from "../circuit-breaker/circuit-breaker.ts";
import type { Decision } from "../decision.ts";
import { AllFailedError } from "../errors.ts";
import { ManualTools, outcome } from "../manual-tools.ts";
import { Timeout } from "../timeout/timeout.ts";
import { Failover, type FailoverOptions } from "./failover.ts";

type Target = () => unknown;

function error(fields: object, message = "it failed"): Error {
  return Object.assign(new Error(message), fields);
}

const down = error({ status: 503 });

/** Alternatives a, b, c ..., each doing what its place in `plans` says, which may change. */
function rig(plans: Record<string, Target>, options: Partial<FailoverOptions<string>> = {}) {
  const tools = new ManualTools();
  const alternatives = Object.keys(plans).map((name) => ({ name, target: name }));
  const failover = new Failover<string>({ name: "models", alternatives, ...options }, tools);
  const decisions: Decision[] = [];
  failover.on(({ decision }) => decisions.push(decision));
  const asked: string[] = [];
  const call = (signal?: AbortSignal) =>
    outcome(
      failover.execute(async (target, { provider, number }) => {
        asked.push(`${provider}${number}`);
        return plans[target]?.();
      }, signal && { signal }),
    );
  const ask = async () => {
    const found = call();
    await tools.settle();
    return found;
  };
  return { tools, failover, decisions, asked, call, ask, plans };
}

function failing(thrown: unknown): Target {
  return () => {
    throw thrown as Error;
  };
}

describe("a round", () => {
  it("asks one after the other until one answers, and tells each step", async () => {
    const { ask, asked, decisions, failover } = rig({
      a: failing(down),
      b: failing(error({ code: "ECONNREFUSED" })),
      c: () => "answer",
    });
    expect(await ask()).toEqual({ isSettled: true, value: "answer" });
    expect(asked).toEqual(["a1", "b2", "c3"]);
    expect(decisions).toMatchObject([
      { kind: "failover", from: "a", to: "b", category: "server_error", error: down },
      { kind: "failover", from: "b", to: "c", category: "connection_refused" },
    ]);
    expect(failover.report()).toMatchObject([
      { name: "a", calls: 1, faults: 1 },
      { name: "b", calls: 1, faults: 1 },
      { name: "c", calls: 1, faults: 0 },
    ]);
  });

  it("ends in one error with all errors, or in the degraded answer", async () => {
    const plans = { a: failing(down), b: failing(error({ status: 429 })) };
    const found = (await rig(plans).ask()).error;
    expect(found).toBeInstanceOf(AllFailedError);
    expect(found).toMatchObject({ code: "ALL_FAILED", errors: [down, { status: 429 }] });
    expect((found as Error).message).toContain("none of a, b answered");
    expect((await rig(plans, { whenAllFail: "sorry" }).ask()).value).toBe("sorry");
    const seen: unknown[] = [];
    const degraded = rig(plans, { whenAllFail: (all: AllFailedError) => seen.push(...all.errors) });
    expect((await degraded.ask()).value).toBe(2);
    expect(degraded.decisions.at(-1)).toMatchObject({ kind: "fallback" });
    const broken = await rig(plans, { whenAllFail: failing(new Error("x")) }).ask();
    expect(broken.error).toBeInstanceOf(AllFailedError);
  });

  it.each<[string, unknown]>([
    ["a mistake of the caller", error({ status: 400 })],
    ["a wrong key", error({ status: 401 })],
    [
      "too long a context that nobody was named for",
      error({ status: 400, code: "context_length_exceeded" }),
    ],
    ["work that was cancelled", new DOMException("x", "AbortError")],
  ])("%s ends it, and is told as it was thrown", async (_what, thrown) => {
    const { ask, asked } = rig({ a: failing(thrown), b: () => "answer" });
    expect((await ask()).error).toBe(thrown);
    expect(asked).toEqual(["a1"]);
  });

  it("`when` decides otherwise", async () => {
    const when = (_error: unknown, { category }: { category: string }) => category === "auth";
    const plans = { a: failing(error({ status: 401 })), b: () => "answer" };
    expect((await rig(plans, { when }).ask()).value).toBe("answer");
    const other = rig({ a: failing(down), b: () => "answer" }, { when });
    expect((await other.ask()).error).toBe(down);
  });

  it("too long a context goes to who was named for it, and to nobody else", async () => {
    const tooLong = error({ status: 400, code: "context_length_exceeded" });
    const routes = { context_length: "c" } as const;
    const { ask, asked } = rig({ a: failing(tooLong), b: () => "b", c: () => "long" }, { routes });
    expect((await ask()).value).toBe("long");
    expect(asked).toEqual(["a1", "c2"]);
    const nobody = rig({ a: failing(tooLong), b: () => "b", c: failing(tooLong) }, { routes });
    expect((await nobody.ask()).error).toBe(tooLong);
    expect(nobody.asked).toEqual(["a1", "c2"]);
  });

  it("asks no more than so many", async () => {
    const { ask, asked } = rig(
      { a: failing(down), b: failing(down), c: () => "x" },
      { attempts: 2 },
    );
    expect((await ask()).error).toBeInstanceOf(AllFailedError);
    expect(asked).toEqual(["a1", "b2"]);
  });

  it("each attempt has its own timeout, and its own signal", async () => {
    const tools = new ManualTools();
    const signals: AbortSignal[] = [];
    const failover = new Failover<number>(
      {
        alternatives: [
          { name: "slow", target: 1 },
          { name: "quick", target: 2 },
        ],
        each: new Timeout({ timeoutMs: 100 }, tools),
      },
      tools,
    );
    const found = outcome(
      failover.execute((target, { signal }) => {
        signals.push(signal);
        return target === 1 ? new Promise<string>(() => undefined) : "answer";
      }),
    );
    await tools.advance(100);
    expect(found.value).toBe("answer");
    expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
  });

  it("each may have a circuit of its own: while one is open, its alternative is left out", async () => {
    const tools = new ManualTools();
    const circuit = (name: string) => new CircuitBreaker({ name, failureThreshold: 2 }, tools);
    const asked: string[] = [];
    const alternatives = ["a", "b"].map((name) => ({ name, target: name }));
    const failover = new Failover<string>({ alternatives, each: circuit }, tools);
    for (let call = 0; call < 4; call += 1) {
      const answer = await failover.execute((target) => {
        asked.push(target);
        if (target === "a") throw down;
        return target;
      });
      expect(answer).toBe("b");
    }
    expect(asked).toEqual(["a", "b", "a", "b", "b", "b"]);
    expect(failover.report()[0]).toMatchObject({ state: "held", leftMs: 60_000, faults: 2 });
  });

  it("a caller who gives up ends it with his own reason, and nobody is to blame", async () => {
    const caller = new AbortController();
    const { call, tools, asked, failover } = rig({
      a: () => {
        caller.abort(new Error("enough"));
        throw error({ code: "ETIMEDOUT" });
      },
      b: () => "answer",
    });
    const found = call(caller.signal);
    await tools.settle();
    expect(found.error).toEqual(new Error("enough"));
    expect(asked).toEqual(["a1"]);
    expect(failover.report()[0]).toMatchObject({ calls: 1, faults: 0 });
  });
});

describe("ejection", () => {
  it("leaves out who fails in a row, for twice as long each time, and says so", async () => {
    const { tools, ask, asked, decisions, plans } = rig(
      { a: failing(down), b: () => "answer" },
      { consecutiveFaults: 3, baseEjectionMs: 1000 },
    );
    for (let call = 0; call < 5; call += 1) await ask();
    expect(asked.filter((each) => each === "a1")).toHaveLength(3);
    expect(decisions).toContainEqual({
      kind: "ejected",
      provider: "a",
      reason: "3 faults in a row",
      forMs: 1000,
    });
    await tools.advance(1000);
    // On probation: one fault is enough.
    await ask();
    expect(decisions.at(-2)).toMatchObject({ kind: "ejected", forMs: 2000 });
    expect(decisions.at(-3)).toEqual({ kind: "readmitted", provider: "a" });
    await tools.advance(2000);
    plans["a"] = () => "well";
    expect((await ask()).value).toBe("well");
    plans["a"] = failing(down);
    await ask();
    expect((await ask()).value).toBe("answer");
    expect(decisions.filter(({ kind }) => kind === "ejected")).toHaveLength(2);
  });

  it("after as long a time without one, the next is half as long again", async () => {
    const { tools, ask, decisions } = rig(
      { a: failing(down), b: () => "answer" },
      { consecutiveFaults: 1, baseEjectionMs: 1000 },
    );
    const lengths = () =>
      decisions.flatMap((each) => (each.kind === "ejected" ? [each.forMs] : []));
    for (let call = 0; call < 3; call += 1) {
      await ask();
      await tools.advance(lengths().at(-1) ?? 0);
    }
    expect(lengths()).toEqual([1000, 2000, 4000]);
    await tools.advance(4000);
    await ask();
    expect(lengths().at(-1)).toBe(4000);
    await tools.advance(60_000);
    await ask();
    expect(lengths().at(-1)).toBe(1000);
  });

  it("for its share of faults, too, and at once for a quota that is used up", async () => {
    let calls = 0;
    const flaky = (): string => {
      calls += 1;
      if (calls % 2 === 0) throw down;
      return "fine";
    };
    const { ask, decisions } = rig({ a: flaky, b: () => "b" }, { minimumCalls: 10 });
    for (let call = 0; call < 10; call += 1) await ask();
    expect(decisions.at(-2)).toMatchObject({ kind: "ejected", reason: "5 of 10 calls failed" });
    const spent = rig({ a: failing(error({ status: 402 })), b: () => "b" });
    await spent.ask();
    expect(spent.decisions[0]).toMatchObject({ reason: "its quota is used up" });
  });

  it("never leaves nobody, and one that is alone is always asked", async () => {
    const { ask, asked } = rig({ a: failing(down), b: failing(down) }, { consecutiveFaults: 1 });
    for (let call = 0; call < 5; call += 1) await ask();
    expect(asked).toHaveLength(2 + 4);
    const alone = rig({ a: failing(down) }, { consecutiveFaults: 1 });
    for (let call = 0; call < 5; call += 1) await alone.ask();
    expect(alone.asked).toHaveLength(5);
  });

  it("who asks to be left alone is left alone; ejected ones are asked then, and it is told", async () => {
    const busy = error({ status: 429, headers: { "retry-after": "20" } });
    const { tools, ask, asked, decisions, plans } = rig(
      { a: failing(down), b: () => "b" },
      { consecutiveFaults: 1, baseEjectionMs: 60_000 },
    );
    await ask();
    plans["b"] = failing(busy);
    plans["a"] = () => "a";
    expect((await ask()).error).toBeInstanceOf(AllFailedError);
    expect((await ask()).value).toBe("a");
    expect(decisions.at(-1)).toMatchObject({ kind: "panic" });
    expect(asked).toEqual(["a1", "b2", "b1", "a1"]);
    await tools.advance(20_000);
    plans["b"] = () => "b";
    expect((await ask()).value).toBe("b");
  });

  it("when all have asked to be left alone, nobody is asked, and it is told for how long", async () => {
    const busy = (seconds: number) =>
      failing(error({ status: 429, headers: { "retry-after": `${seconds}` } }));
    const { tools, ask, asked } = rig({ a: busy(20), b: busy(7200) }, { maxHoldMs: 30_000 });
    await ask();
    const refused = (await ask()).error;
    expect(refused).toMatchObject({ code: "ALL_FAILED", retryAfterMs: 20_000, errors: [] });
    expect(asked).toHaveLength(2);
    await tools.advance(20_000);
    await ask();
    expect(asked.at(-1)).toBe("a1");
    // Two hours are more than anybody may ask for.
    await tools.advance(10_000);
    await ask();
    expect(asked.at(-1)).toBe("b1");
  });
});

describe("who comes first", () => {
  it("the fastest; who was not asked for a minute is measured again", async () => {
    const tools = new ManualTools();
    const speeds: Record<string, number> = { a: 50, b: 10, c: 30 };
    const alternatives = ["a", "b", "c"].map((name) => ({ name, target: name }));
    const failover = new Failover<string>({ alternatives, prefer: "latency" }, tools);
    const ask = async (): Promise<string | undefined> => {
      const found = outcome(
        failover.execute(async (target) => {
          await new Promise<void>((done) => tools.timers.after(speeds[target] ?? 0, done));
          return target;
        }),
      );
      await tools.advance(100);
      return found.value;
    };
    const seen: (string | undefined)[] = [];
    for (let call = 0; call < 5; call += 1) seen.push(await ask());
    expect(seen).toEqual(["a", "b", "c", "b", "b"]);
    await tools.advance(60_000);
    expect(await ask()).toBe("a");
    failover.prefer("order");
    expect(await ask()).toBe("a");
  });

  it("the cheapest, and the one that fails least", async () => {
    const tools = new ManualTools();
    const alternatives = [
      { name: "dear", target: 1, cost: 10 },
      { name: "cheap", target: 2, cost: 1 },
      { name: "unknown", target: 3 },
    ];
    const cheap = new Failover<number>({ alternatives, prefer: "cost" }, tools);
    expect(await cheap.execute((target) => target)).toBe(2);
    const health = new Failover<number>({ alternatives, prefer: "health" }, tools);
    await health.execute((target) => {
      if (target === 1) throw down;
      return target;
    });
    expect(await health.execute((target) => target)).toBe(2);
  });
});

describe("figures of who is ejected, and of who finds nobody", () => {
  it("keeps the share of faults that led to the ejection", async () => {
    const { ask, failover } = rig({ a: failing(down), b: () => "answer" });
    for (let count = 0; count < 6; count += 1) await ask();
    expect(failover.report()).toMatchObject([
      { name: "a", state: "ejected", calls: 5, faults: 5, failureRate: 1 },
      { name: "b", failureRate: 0 },
    ]);
  });

  it("enforces nothing when nobody is left", async () => {
    const { ask, failover } = rig({ a: failing(down), b: failing(down) });
    const told: unknown[] = [];
    failover.on(({ decision, enforced }) => {
      if (decision.kind === "failover") told.push([decision.to, enforced]);
    });
    await ask();
    expect(told).toEqual([
      ["b", true],
      [undefined, false],
    ]);
  });
});

it("a share of 0 ejects nobody, whatever happens (N1)", async () => {
  const spent = error({ status: 429, code: "insufficient_quota" });
  const plans = { a: failing(spent), b: () => "fine" };
  const { ask, failover, decisions } = rig(plans, { maxEjectedShare: 0, consecutiveFaults: 1 });
  await ask();
  await ask();
  expect(failover.report().map(({ state }) => state)).not.toContain("ejected");
  expect(decisions.map(({ kind }) => kind)).not.toContain("ejected");
});

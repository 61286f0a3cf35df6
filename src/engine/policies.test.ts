import { describe, expect, expectTypeOf, it } from "vitest";
import { SoulMirrorError } from "../kernel/index.ts";
import {
  AllFailedError,
  CallTimeoutError,
  type Failover,
  RetryBudget,
} from "../resilience/index.ts";
import { failover } from "./failover.ts";
import {
  bulkhead,
  circuitBreaker,
  fallback,
  hedge,
  pipeline,
  rateLimit,
  retry,
  timeout,
} from "./policies.ts";

const down = Object.assign(new Error("down"), { status: 503 });

describe("each works by itself, on real time", () => {
  it("retry", async () => {
    let calls = 0;
    const policy = retry({ idempotent: true, baseDelayMs: 1, maxDelayMs: "2ms" });
    const value = await policy.execute(async ({ number }) => {
      calls += 1;
      if (number < 3) throw down;
      return number;
    });
    expectTypeOf(value).toBeNumber();
    expect([value, calls]).toEqual([3, 3]);
  });

  it("timeout, as a number, a text, or options", async () => {
    const never = () => new Promise<string>(() => undefined);
    const forms = [timeout(5), timeout("5ms"), timeout({ timeoutMs: "0.005s", name: "slow" })];
    for (const policy of forms) {
      await expect(policy.execute(never)).rejects.toMatchObject({ timeoutMs: 5 });
    }
    await expect(forms[2]?.execute(never)).rejects.toBeInstanceOf(CallTimeoutError);
  });

  it("bulkhead and rateLimit", async () => {
    const one = bulkhead(1);
    let open: () => void = () => undefined;
    const first = one.execute(() => new Promise<void>((done) => (open = done)));
    await expect(one.execute(() => 2)).rejects.toMatchObject({ code: "BULKHEAD_FULL" });
    open();
    await first;
    const rare = rateLimit({ limit: 0.5, perMs: "1m" });
    expect(await rare.execute(() => 1)).toBe(1);
    await expect(rare.execute(() => 2)).rejects.toMatchObject({ code: "RATE_LIMITED" });
  });

  it("hedge, fallback, circuitBreaker, and all of them in a pipeline", async () => {
    const late = hedge({ delayMs: 1, idempotent: true });
    const value = await late.execute(({ number }) =>
      number === 1 ? new Promise<number>(() => undefined) : number,
    );
    expect(value).toBe(2);
    const policy = pipeline([
      fallback("other"),
      retry({ idempotent: true, baseDelayMs: 0, budget: { ratio: 1 } }),
      circuitBreaker({ failureThreshold: 2, name: "db" }),
      timeout("1s"),
    ]);
    expect(await policy.execute(() => Promise.reject(down))).toBe("other");
    const circuit = policy.policies[2];
    await expect(circuit?.execute(() => 1)).rejects.toMatchObject({ operation: "db" });
  });

  it("a budget can be shared", async () => {
    const budget = new RetryBudget({ ratio: 0, minimumPerSecond: 0.1 });
    const made = [0, 1].map(() => retry({ idempotent: true, baseDelayMs: 0, budget }));
    let calls = 0;
    const work = async () => {
      calls += 1;
      throw down;
    };
    for (const policy of made) await expect(policy.execute(work)).rejects.toBe(down);
    expect(calls).toBe(3);
  });
});

describe("failover", () => {
  it("makes one function of several that take the same", async () => {
    const openai = async (text: string, size: number): Promise<string> => {
      throw Object.assign(new Error(`${text}${size}`), { status: 500 });
    };
    const deepseek = async (text: string, size: number): Promise<string> => `${text}${size}`;
    const chat = failover({ openai, deepseek });
    expectTypeOf(chat).parameters.toEqualTypeOf<[text: string, size: number]>();
    const answer = await chat("a", 1);
    expectTypeOf(answer).toBeString();
    expect(answer).toBe("a1");
    expect(chat.policy.report()).toMatchObject([
      { name: "openai", faults: 1 },
      { name: "deepseek", faults: 0 },
    ]);
  });

  it("names a list by its functions, which may have one name", async () => {
    const [one, other] = [{ chat: () => "a" }, { chat: () => "b" }];
    const both = failover([one.chat, other.chat, () => "c"]);
    const names = both.policy.report().map(({ name }) => name);
    expect(names).toEqual(["chat", "chat 2", "3"]);
  });

  it("a signal among the arguments stops the round when it is aborted", async () => {
    const caller = new AbortController();
    let isAsked = false;
    const call = failover({
      first: async (_options: { signal: AbortSignal }) => {
        caller.abort(new Error("enough"));
        throw down;
      },
      second: async (_options: { signal: AbortSignal }) => {
        isAsked = true;
      },
    });
    await expect(call({ signal: caller.signal })).rejects.toThrow("enough");
    expect(isAsked).toBe(false);
  });

  it("takes targets of any kind, and tells the work which one to ask", async () => {
    const ring = failover([
      { name: "a", target: { url: "http://a" } },
      { name: "b", target: { url: "http://b" } },
    ]);
    expectTypeOf(ring).toEqualTypeOf<Failover<{ url: string }>>();
    const seen = await ring.execute(({ url }, { provider, number }) => {
      if (provider === "a") throw down;
      return [url, provider, number];
    });
    expect(seen).toEqual(["http://b", "b", 2]);
  });

  it("with a timeout of each attempt, and a degraded answer", async () => {
    const never = () => new Promise<string>(() => undefined);
    const call = failover([never], { each: timeout(5), whenAllFail: "later" });
    expect(await call()).toBe("later");
    await expect(failover([never], { each: timeout(5) })()).rejects.toBeInstanceOf(AllFailedError);
  });
});

describe("a mistake in the options is told with its key, its value and the fix", () => {
  it.each<[string, () => unknown, readonly string[]]>([
    ["an unknown key", () => retry({ atempts: 2 } as never), ["retry: atempts", '"attempts"']],
    ["a negative timeout", () => timeout(-1), ["timeout: ", "found -1", "30s"]],
    ["a negative timeout in options", () => timeout({ timeoutMs: -5 }), ["timeoutMs: ", "-5"]],
    ["no timeout", () => timeout({} as never), ["timeoutMs", "it is missing"]],
    ["a timeout that is no duration", () => timeout("soon"), ['"soon"']],
    ["no attempt", () => retry({ attempts: 0 }), ["attempts", "found 0"]],
    ["an unknown jitter", () => retry({ jitter: "ful" as never }), ['"ful"', '"full"']],
    ["a budget below zero", () => retry({ budget: { ratio: -1 } }), ["budget.ratio", "-1"]],
    ["a bulkhead of half a call", () => bulkhead(0.5), ["limit", "0.5"]],
    ["no rate", () => rateLimit({} as never), ["rateLimit: limit", "missing"]],
    ["a hedge without a delay", () => hedge({} as never), ["delayMs", "missing"]],
    ["a rate above all", () => circuitBreaker({ failureRate: 2 }), ["failureRate", "found 2"]],
    ["what is no policy", () => pipeline([retry(), {} as never]), ["[1]", "a policy"]],
    ["nobody to ask", () => failover([]), ["failover", "1 to 1000"]],
    ["what cannot be asked", () => failover([7 as never]), ["[0]", "a function"]],
    [
      "a route to nobody",
      () => failover({ small: () => 1 }, { routes: { context_length: "smal" } }),
      ["routes.context_length", '"small"'],
    ],
    [
      "a route for nothing",
      () => failover({ a: () => 1 }, { routes: { context_lenth: "a" } as never }),
      ["context_lenth", '"context_length"'],
    ],
    [
      "a share above all",
      () => failover([() => 1], { maxEjectedShare: 2 }),
      ["maxEjectedShare", "2"],
    ],
    [
      "an unknown order",
      () => failover([() => 1], { prefer: "speed" as never }),
      ["prefer", '"speed"'],
    ],
  ])("%s", (_what, make, says) => {
    let thrown: unknown;
    try {
      make();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(SoulMirrorError);
    const { code, message, fix } = thrown as SoulMirrorError;
    expect(code).toBe("OPTIONS_INVALID");
    for (const text of says) expect(`${message} | ${fix ?? ""}`).toContain(text);
  });
});

/** Health, latency, cost and order of providers: what `ring.report()` shows, and who is asked. */

import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import {
  type ClientOptions,
  failover,
  failoverClient,
  failoverOf,
} from "../../../src/engine/ai/index.ts";
import { AllFailedError, type Decision, ManualTools } from "../../../src/resilience/index.ts";
import { providerPair } from "./provider-pair.ts";
import type { ProviderServer } from "./provider-server.ts";
import { errorOf, shortLimits } from "./waiting.ts";

const [alpha, beta] = await providerPair("alpha", "beta");

const question = { model: "gpt-5", messages: [{ role: "user" as const, content: "Who are you?" }] };

function both(options: ClientOptions = {}) {
  const clientOf = ({ baseURL }: ProviderServer): OpenAI => new OpenAI({ apiKey: "key", baseURL });
  const client = failoverClient(
    [
      { name: "llm:a", client: clientOf(alpha), pricePerMillion: { input: 2, output: 8 } },
      { name: "llm:b", client: clientOf(beta), pricePerMillion: { input: 1, output: 2 } },
    ],
    { ...shortLimits, ...options },
  );
  const handle = failoverOf(client);
  const { ring } = handle;
  const decisions: Decision[] = [];
  handle.on(({ decision }) => decisions.push(decision));
  const ask = async (): Promise<unknown> => (await client.chat.completions.create(question)).id;
  return { client, ring, ask, decisions };
}

describe("the report", () => {
  it("shows calls, faults, latency, tokens and money of each provider", async () => {
    const { client, ring, ask } = both();
    await ask();
    alpha.behave({ kind: "refuse", status: 500 });
    await ask();
    alpha.reset();
    const body = { ...question, stream: true } as const;
    for await (const _ of await client.chat.completions.create(body));
    const [a, b] = ring.report();
    expect(a).toMatchObject({ name: "llm:a", place: 1, state: "serving", calls: 3, faults: 1 });
    expect(a).toMatchObject({ inputTokens: 20, outputTokens: 8, spent: 104e-6 });
    expect(a?.latencyMs).toBeGreaterThan(0);
    expect(b).toMatchObject({ name: "llm:b", place: 2, calls: 1, faults: 0, spent: 18e-6 });
  });
});

describe("who is asked first", () => {
  it("is the cheapest, where that is asked for", async () => {
    expect(await both({ prefer: "cost" }).ask()).toBe("c-beta");
  });

  it("is the fastest, where that is asked for", async () => {
    const tools = new ManualTools();
    const slow = async (): Promise<string> => {
      await tools.advance(500);
      return "slow";
    };
    const fast = async (): Promise<string> => "fast";
    const ask = failover([slow, fast], { prefer: "latency", tools });
    // Both are measured first.
    expect([await ask(1), await ask(1)]).toEqual(["slow", "fast"]);
    expect([await ask(1), await ask(1)]).toEqual(["fast", "fast"]);
    expect(ask.ring.report().map(({ latencyMs }) => latencyMs)).toEqual([500, 0]);
  });

  it("can be changed while it runs", async () => {
    const { ring, ask } = both();
    ring.prefer("cost");
    expect(ring.report().map(({ place }) => place)).toEqual([2, 1]);
    expect(await ask()).toBe("c-beta");
  });

  it("is not the one who fails again and again", async () => {
    alpha.behave({ kind: "refuse", status: 500 });
    const { ring, ask, decisions } = both({ ejection: { consecutiveFaults: 2 } });
    for (let call = 0; call < 4; call += 1) expect(await ask()).toBe("c-beta");
    expect(alpha.asked.length).toBe(2);
    expect(decisions).toContainEqual(
      expect.objectContaining({ kind: "ejected", provider: "llm:a", reason: "2 faults in a row" }),
    );
    expect(ring.report()[0]).toMatchObject({ state: "ejected", place: undefined });
  });

  it("is not the one who has said when to come back, in milliseconds, seconds or as a date", async () => {
    const inAnHour = new Date(Date.now() + 3_600_000).toUTCString();
    for (const headers of [
      { "retry-after-ms": "50000" },
      { "retry-after": "50" },
      { "retry-after": inAnHour },
    ]) {
      alpha.behave({ kind: "refuse", status: 429, headers });
      alpha.asked.length = 0;
      const { ring, ask } = both();
      expect([await ask(), await ask()]).toEqual(["c-beta", "c-beta"]);
      expect(alpha.asked.length).toBe(1);
      const [a] = ring.report();
      expect(a?.state).toBe("held");
      expect(a?.leftMs).toBeGreaterThan(40_000);
      expect(a?.leftMs).toBeLessThanOrEqual(60_000);
    }
  });

  it("is somebody, even when all fail all the time: never are all of them ejected", async () => {
    alpha.behave({ kind: "refuse", status: 500 });
    beta.behave({ kind: "refuse", status: 500 });
    const { ring, ask } = both({ ejection: { consecutiveFaults: 1 } });
    for (let call = 0; call < 5; call += 1) {
      expect(await errorOf(ask())).toBeInstanceOf(AllFailedError);
    }
    expect(ring.report().filter(({ state }) => state === "ejected").length).toBe(1);
    expect(beta.asked.length).toBe(5);
    beta.reset();
    expect(await ask()).toBe("c-beta");
  });

  it("is nobody while all have asked to be left alone, and it is said until when", async () => {
    const headers = { "retry-after": "20" };
    alpha.behave({ kind: "refuse", status: 429, headers });
    beta.behave({ kind: "refuse", status: 429, headers });
    const { ask } = both();
    await errorOf(ask());
    const error = await errorOf(ask());
    expect(error).toMatchObject({ code: "ALL_FAILED", errors: [] });
    expect((error as AllFailedError).retryAfterMs).toBeGreaterThan(10_000);
    expect(alpha.asked.length).toBe(1);
  });

  it("does not change by requests that are wrong, or that their caller has given up", async () => {
    const wrong = { error: { message: "wrong", code: "invalid_value" } };
    alpha.behave({ kind: "refuse", status: 400, body: wrong });
    const { client, ring, ask } = both({ ejection: { consecutiveFaults: 1 } });
    await errorOf(ask());
    alpha.behave({ kind: "hang" });
    const giveUp = new AbortController();
    const { signal } = giveUp;
    const asking = errorOf(client.chat.completions.create(question, { signal }));
    await expect.poll(() => alpha.asked.length).toBe(2);
    giveUp.abort();
    await asking;
    expect(ring.report()[0]).toMatchObject({ place: 1, faults: 0, state: "serving" });
  });
});

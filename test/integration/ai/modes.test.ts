/** Providers that belong to an engine: its modes and switches hold for them, on real servers. */
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, streamText } from "ai";
import type OpenAI from "openai";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  type FailoverOptions,
  failover,
  failoverClient,
  failoverModel,
} from "../../../src/engine/ai/index.ts";
import { createEngine, type InfrastructureReliabilityEngine } from "../../../src/engine/index.ts";
import { AllFailedError } from "../../../src/resilience/index.ts";
import { afterwards } from "../../afterwards.ts";
import { clientOf, question, streamed, textOf } from "./clients.ts";
import { providerPair } from "./provider-pair.ts";
import { errorOf, shortLimits } from "./waiting.ts";

const [alpha, beta] = await providerPair("alpha", "beta");
const isAlpha = "I am alpha, at your service.";
const isBeta = "I am beta, at your service.";

/** The client of `openai` repeats by itself, and need not wait for that here. */
const soon = { "retry-after-ms": "1" };

afterEach(() => void vi.unstubAllEnvs());

interface Asking {
  readonly kind: string;
  /** The text of an answer, read as a whole. */
  readonly ask: (options: FailoverOptions<never>) => () => Promise<string>;
  /** Attempts that the kind makes at one provider by itself, where nobody tells it otherwise. */
  readonly ownAttempts: number;
}

const names = ["llm:a", "llm:b"] as const;
const servers = [alpha, beta] as const;

const kinds: readonly Asking[] = [
  {
    kind: "functions",
    ownAttempts: 1,
    ask: (options) => {
      const providers = servers.map(({ baseURL }, at) => ({
        name: names[at] as string,
        call: async (text: string, { signal }: { readonly signal: AbortSignal }) => {
          const body = JSON.stringify({ messages: [{ role: "user", content: text }] });
          const url = `${baseURL}/chat/completions`;
          const response = await fetch(url, { method: "POST", body, signal });
          if (!response.ok) throw Object.assign(new Error("refused"), { status: response.status });
          const { choices } = (await response.json()) as OpenAI.ChatCompletion;
          return choices[0]?.message.content ?? "";
        },
      }));
      const ask = failover<string, string>(providers, options);
      return () => ask("Who are you?");
    },
  },
  {
    kind: "clients",
    ownAttempts: 3,
    ask: (options) => {
      const clients = servers.map(({ baseURL }, at) => ({
        name: names[at] as string,
        client: clientOf(baseURL),
      }));
      const client = failoverClient(clients, options);
      return async () =>
        (await client.chat.completions.create(question)).choices[0]?.message.content ?? "";
    },
  },
  {
    kind: "models",
    ownAttempts: 1,
    ask: (options) => {
      const models = servers.map(({ baseURL }, at) => ({
        name: names[at] as string,
        model: createOpenAI({ apiKey: "key", baseURL }).chat("gpt-5"),
      }));
      const model = failoverModel(models, options);
      return async () =>
        (await generateText({ model, prompt: "Who are you?", maxRetries: 0 })).text;
    },
  },
];

type Given = Parameters<typeof createEngine>[0];

function made(given: Given = {}): InfrastructureReliabilityEngine {
  const engine = createEngine(given);
  afterwards(() => engine.close());
  return engine;
}

function failovers(engine: InfrastructureReliabilityEngine): unknown {
  return engine.operation("llm")?.decisions["failover"];
}

const watching: readonly (readonly [string, Given, Record<string, string>])[] = [
  ["mode shadow", { mode: "shadow" }, {}],
  ["mode monitor", { mode: "monitor" }, {}],
  ["mode limited, to something else", { mode: "limited", limitedTo: ["retry"] }, {}],
  ["mode monitor of its service", { services: { llm: { mode: "monitor" } } }, {}],
  ["its switch in code", { switches: { failover: false } }, {}],
  ["FAILOVER_STRATEGY_ENABLED=false", {}, { FAILOVER_STRATEGY_ENABLED: "false" }],
];

const acting: readonly (readonly [string, Given])[] = [
  ["mode full", { mode: "full" }],
  ["mode limited, to failover", { mode: "limited", limitedTo: ["failover"] }],
];

const off: readonly (readonly [string, Given, Record<string, string>])[] = [
  ["mode off", { mode: "off" }, {}],
  ["RELIABILITY_ENGINE_ENABLED=false", {}, { RELIABILITY_ENGINE_ENABLED: "false" }],
];

function stub(environment: Record<string, string>): void {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
}

describe.each(kinds)("$kind", ({ ask: askWith, ownAttempts }) => {
  test.each(acting)("%s: the next one is asked, and that counts as enforced", async (_, given) => {
    const engine = made(given);
    const ask = askWith({ ...shortLimits, engine });
    alpha.behave({ kind: "refuse", status: 500 });
    expect(await ask()).toBe(isBeta);
    expect([alpha.asked.length, beta.asked.length]).toEqual([1, 1]);
    expect(failovers(engine)).toEqual({ detected: 1, enforced: 1 });
    expect(engine.operation("llm:a")).toMatchObject({ calls: 1, failed: 1 });
    expect(engine.operation("llm:b")).toMatchObject({ calls: 1, succeeded: 1 });
  });

  test("nobody is left: it is told, and does not count as enforced", async () => {
    const engine = made({ mode: "full" });
    const told: unknown[] = [];
    engine.on("failover", ({ decision: { to }, enforced }) => told.push([to, enforced]));
    alpha.behave({ kind: "refuse", status: 500 });
    beta.behave({ kind: "refuse", status: 500 });
    await errorOf(askWith({ ...shortLimits, engine })());
    expect(told).toEqual([
      ["llm:b", true],
      [undefined, false],
    ]);
    expect(failovers(engine)).toEqual({ detected: 2, enforced: 1 });
  });

  test.each(watching)("%s: only the first one is asked", async (_, given, environment) => {
    stub(environment);
    const engine = made(given);
    const told: unknown[] = [];
    engine.on("failover", ({ decision, enforced }) => {
      if (decision.kind === "failover") told.push([decision.from, decision.to, enforced]);
    });
    const ask = askWith({ ...shortLimits, engine });
    expect(await ask()).toBe(isAlpha);
    alpha.behave({ kind: "refuse", status: 500, headers: soon });
    alpha.asked.length = 0;
    expect(await errorOf(ask())).not.toBeInstanceOf(AllFailedError);
    expect([alpha.asked.length, beta.asked.length]).toEqual([ownAttempts, 0]);
    expect(failovers(engine)).toEqual({ detected: 1, enforced: 0 });
    expect(told).toEqual([["llm:a", "llm:b", false]]);
    expect(engine.operation("llm:a")).toMatchObject({ calls: 2, succeeded: 1, failed: 1 });
    expect(engine.providers.report()).toMatchObject([
      { name: "llm", stance: "watch", providers: [{ calls: 2, faults: 1 }, { calls: 0 }] },
    ]);
  });

  test.each(off)("%s: the first one is asked, and nothing is counted", async (_, given, env) => {
    stub(env);
    const engine = made(given);
    const ask = askWith({ ...shortLimits, engine });
    expect(await ask()).toBe(isAlpha);
    alpha.behave({ kind: "refuse", status: 500, headers: soon });
    await errorOf(ask());
    expect(beta.asked.length).toBe(0);
    expect(failovers(engine)).toBeUndefined();
    expect(engine.operation("llm:a")?.calls ?? 0).toBe(0);
    expect(engine.providers.report()).toMatchObject([
      { stance: "off", providers: [{ calls: 0 }, {}] },
    ]);
  });

  test("a mode that is changed holds for the next request", async () => {
    const engine = made({ mode: "full" });
    const ask = askWith({ ...shortLimits, engine });
    alpha.behave({ kind: "refuse", status: 401 });
    expect(await ask()).toBe(isBeta);
    engine.setMode("shadow");
    await errorOf(ask());
    engine.setMode("full");
    expect(await ask()).toBe(isBeta);
    expect(failovers(engine)).toEqual({ detected: 3, enforced: 2 });
  });
});

describe("in shadow", () => {
  test("no deadline of ours cuts the first one", async () => {
    const engine = made({ mode: "shadow" });
    const late = (): Promise<string> =>
      new Promise((resolve) => void setTimeout(() => resolve("late"), 60));
    const ask = failover([late, async () => "other"], { timeoutMs: 5, engine });
    expect(await ask(1)).toBe("late");
  });

  test("the very promise of the first one is handed out", async () => {
    const engine = made({ mode: "shadow" });
    const answer = Promise.resolve("one");
    expect(failover([() => answer, () => answer], { engine })(1)).toBe(answer);
  });

  test("the declared last resort does not answer", async () => {
    const engine = made({ mode: "limited", limitedTo: ["failover"] });
    const fail = async (): Promise<string> => {
      throw Object.assign(new Error("no"), { status: 500 });
    };
    const ask = failover([fail, () => fail()], { engine, whenAllFail: "sorry" });
    expect(await errorOf(ask(1))).toMatchObject({ code: "ALL_FAILED" });
    expect(engine.operation("llm")?.decisions["fallback"]).toEqual({ detected: 1, enforced: 0 });
  });

  test.each(["reset", "end"] as const)(
    "a stream that breaks (%s) is handed on as it is, and counted as detected",
    async (how) => {
      const engine = made({ mode: "shadow" });
      const client = failoverClient(
        servers.map(({ baseURL }, at) => ({
          name: names[at] as string,
          client: clientOf(baseURL),
        })),
        { engine },
      );
      expect(await textOf(await client.chat.completions.create(streamed))).toBe(isAlpha);
      expect(failovers(engine)).toBeUndefined();
      alpha.behave({ kind: "break", after: 3, how });
      const read = textOf(await client.chat.completions.create(streamed));
      // As without the engine: a clean end shows nothing at all.
      if (how === "end") expect(isAlpha.startsWith(await read)).toBe(true);
      else await errorOf(read);
      expect(failovers(engine)).toEqual({ detected: 1, enforced: 0 });
      expect(beta.asked.length).toBe(0);
    },
  );

  test("so is the stream of a model, through the AI SDK", async () => {
    const engine = made({ mode: "shadow" });
    const models = servers.map(({ baseURL }, at) => ({
      name: names[at] as string,
      model: createOpenAI({ apiKey: "key", baseURL }).chat("gpt-5"),
    }));
    const model = failoverModel(models, { engine });
    const quiet = { onError: () => undefined, maxRetries: 0 };
    expect(await streamText({ model, prompt: "Who?", ...quiet }).text).toBe(isAlpha);
    expect(failovers(engine)).toBeUndefined();
    alpha.behave({ kind: "break", after: 3, how: "end" });
    for await (const _ of streamText({ model, prompt: "Who?", ...quiet }).textStream);
    expect(failovers(engine)).toEqual({ detected: 1, enforced: 0 });
    expect(beta.asked.length).toBe(0);
  });

  test("so is a web stream of a function, read in any way", async () => {
    const engine = made({ mode: "shadow" });
    const broken = async (): Promise<ReadableStream<string>> => {
      let pulls = 0;
      return new ReadableStream({
        pull: (controller) => {
          pulls += 1;
          if (pulls === 1) controller.enqueue("one");
          else controller.error(Object.assign(new Error("cut"), { code: "ECONNRESET" }));
        },
      });
    };
    const ask = failover([broken, () => broken()], { engine });
    const ways: readonly ((stream: ReadableStream<string>) => Promise<unknown>)[] = [
      (stream) => drain(stream),
      async (stream) => {
        const reader = stream.getReader();
        while (!(await reader.read()).done);
      },
      (stream) => drain(stream.pipeThrough(new TransformStream())),
      (stream) => stream.pipeTo(new WritableStream()),
      (stream) => drain(stream.tee()[0]),
    ];
    for (const [at, read] of ways.entries()) {
      expect(await errorOf(read(await ask(1)))).toMatchObject({ message: "cut" });
      expect(failovers(engine)).toEqual({ detected: at + 1, enforced: 0 });
    }
  });
});

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

test("something else than an engine is refused", () => {
  const engine = {} as InfrastructureReliabilityEngine;
  expect(() => failover([() => 1, () => 2], { engine })).toThrow("engine: expected an engine");
});

/** `failover` of plain functions, which call misbehaving providers by `fetch`. */

import { createOpenAI } from "@ai-sdk/openai";
import { generateText } from "ai";
import { describe, expect, it } from "vitest";
import {
  type FunctionOptions,
  failover,
  TruncatedStreamError,
} from "../../../src/engine/ai/index.ts";
import { AllFailedError } from "../../../src/resilience/index.ts";
import { misbehaviours } from "./misbehaviours.ts";
import { providerPair } from "./provider-pair.ts";
import { cutAt, errorOf, listen, noSuchHost, nothingOpenAt, shortLimits } from "./waiting.ts";

const [openai, deepseek] = await providerPair("openai", "deepseek");

interface Question {
  readonly text: string;
  readonly stream?: boolean;
}

type Signalled = { readonly signal: AbortSignal };

async function post(
  baseURL: string,
  { text, stream }: Question,
  { signal }: Signalled,
): Promise<Response> {
  const body = JSON.stringify({ messages: [{ role: "user", content: text }], stream });
  const response = await fetch(`${baseURL}/chat/completions`, { method: "POST", body, signal });
  if (response.ok) return response;
  const refusal = await response.text();
  const { status, headers } = response;
  throw Object.assign(new Error(refusal), { status, headers, ...errorIn(refusal) });
}

function errorIn(body: string): object {
  return body.startsWith("{") ? (JSON.parse(body) as object) : {};
}

async function answerOf(
  baseURL: string,
  question: Question,
  signalled: Signalled,
): Promise<string> {
  const response = await post(baseURL, question, signalled);
  const answer = (await response.json()) as { choices: [{ message: { content: string } }] };
  return answer.choices[0].message.content;
}

function both(options: FunctionOptions<string> = {}) {
  const ask = failover<Question, string>(
    [
      {
        name: "llm:openai",
        call: (question, context) => answerOf(openai.baseURL, question, context),
      },
      { call: (question, context) => answerOf(deepseek.baseURL, question, context) },
    ],
    { ...shortLimits, ...options },
  );
  return { ask, told: listen(ask) };
}

const question = { text: "Who are you?" };
const isDeepseek = "I am deepseek, at your service.";

describe("plain functions", () => {
  it.each(misbehaviours)("$name: $category, goes on: $goesOn", async (misbehaviour) => {
    const { behaviour, category, goesOn } = misbehaviour;
    openai.behave(behaviour);
    const { ask, told } = both();
    if (goesOn) expect(await ask(question)).toBe(isDeepseek);
    else expect(await errorOf(ask(question))).toMatchObject({ status: 400 });
    expect(told).toEqual([`llm:openai -> ${goesOn ? "llm:deepseek" : "nobody"}: ${category}`]);
    await nothingOpenAt(openai, deepseek);
  });

  it("say with the decision why another one was asked, or not", async () => {
    const { ask } = both();
    const reasons: unknown[] = [];
    ask.on(({ decision }) => decision.kind === "failover" && reasons.push(decision.because));
    openai.behave(
      { kind: "refuse", status: 503 },
      { kind: "refuse", status: 400, body: { error: { message: "wrong", code: "invalid_value" } } },
    );
    await ask(question);
    await errorOf(ask(question));
    expect(reasons).toEqual([
      "it failed, or what it answered is no answer",
      "the request itself is wrong and stays so everywhere",
    ]);
  });

  it("are named after themselves, or by the ring of old", () => {
    const claude = (): string => "";
    const named = failover([claude, { call: () => "" }, { name: "mine", call: () => "" }]);
    expect(named.ring.report().map(({ name }) => name)).toEqual([
      "llm:claude",
      "llm:deepseek",
      "mine",
    ]);
    const three = failover([{ call: () => "" }, { call: () => "" }, { call: () => "" }]);
    expect(three.ring.report().map(({ name }) => name)).toEqual([
      "llm:openai",
      "llm:deepseek",
      "llm:gemini",
    ]);
  });

  it("that make a mistake of their own are not tried elsewhere", async () => {
    const mistake = new TypeError("undefined is not a function");
    const ask = failover([
      () => {
        throw mistake;
      },
      () => "never",
    ]);
    expect(await errorOf(ask(1))).toBe(mistake);
  });

  it("that know no signal are left behind by a deadline, and what comes late is closed", async () => {
    let isClosed = false;
    async function* late(): AsyncGenerator<string> {
      try {
        yield "late";
      } finally {
        isClosed = true;
      }
    }
    const { promise, resolve } = Promise.withResolvers<AsyncIterable<string>>();
    const stream = late();
    await stream.next();
    const inTime = async (): Promise<AsyncIterable<string>> => ReadableStream.from(["in time"]);
    const ask = failover<number, AsyncIterable<string>>([async () => promise, inTime], shortLimits);
    expect(await readAll(await ask(1))).toBe("in time");
    expect(isClosed).toBe(false);
    resolve(stream);
    await expect.poll(() => isClosed).toBe(true);
  });

  it("stacked under the AI SDK's own retries are judged by their last error, and told of once", async () => {
    openai.behave({ kind: "refuse", status: 429, headers: { "retry-after-ms": "1" } });
    const model = createOpenAI({ apiKey: "key", baseURL: openai.baseURL }).chat("gpt-5");
    const notices: unknown[] = [];
    const ask = failover<string, string>(
      [
        async (prompt) => (await generateText({ model, prompt, maxRetries: 1 })).text,
        async () => "the other one",
      ],
      { onNotice: ({ message }) => notices.push(message), ejection: { maxHoldMs: 0 } },
    );
    const told = listen(ask);
    expect(await ask("Who are you?")).toBe("the other one");
    expect(told).toEqual(["llm:openai -> llm:deepseek: rate_limit"]);
    await ask("Who are you?");
    expect(notices).toEqual([
      "the AI SDK asked 2 times before the next one was: set maxRetries: 0",
    ]);
  });

  it("that all fail end in one error with all causes, or in the declared answer", async () => {
    openai.behave({ kind: "refuse", status: 500 });
    deepseek.behave({ kind: "reset" });
    const error = await errorOf(both().ask(question));
    expect(error).toBeInstanceOf(AllFailedError);
    expect((error as AllFailedError).errors.length).toBe(2);
    expect(await both({ whenAllFail: "Sorry." }).ask(question)).toBe("Sorry.");
    const told = both({
      whenAllFail: async ({ request }) => `Sorry: ${(request as Question).text}`,
    });
    expect(await told.ask(question)).toBe("Sorry: Who are you?");
    const broken = both({
      whenAllFail: () => {
        throw new Error("the last resort is broken, too");
      },
    });
    expect(await errorOf(broken.ask(question))).toBeInstanceOf(AllFailedError);
  });

  it("stop at the caller's abort, which is nobody's failure", async () => {
    openai.behave({ kind: "hang" });
    const { ask, told } = both({ timeoutMs: "1m" });
    const giveUp = new AbortController();
    const asking = errorOf(ask(question, { signal: giveUp.signal }));
    await expect.poll(() => openai.asked.length).toBe(1);
    giveUp.abort();
    expect(await asking).toBe(giveUp.signal.reason);
    await cutAt(openai);
    expect([told, deepseek.asked]).toEqual([[], []]);
    expect(ask.ring.report().map(({ faults }) => faults)).toEqual([0, 0]);
  });
});

async function readAll(stream: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const part of stream) text += part;
  return text;
}

describe("functions that stream", () => {
  async function* parts(baseURL: string, signalled: Signalled): AsyncGenerator<string> {
    const response = await post(baseURL, { ...question, stream: true }, signalled);
    for await (const bytes of response.body ?? []) {
      const text = Buffer.from(bytes as Uint8Array).toString();
      for (const [, word] of text.matchAll(/"content":"([^"]+)"/g)) yield String(word);
    }
  }

  function streams(options: FunctionOptions<AsyncIterable<string>> = {}) {
    const ask = failover<string, AsyncIterable<string>>(
      [
        { name: "llm:a", call: async (_, context) => parts(openai.baseURL, context) },
        { name: "llm:b", call: async (_, context) => parts(deepseek.baseURL, context) },
      ],
      { ...shortLimits, ...options },
    );
    return { ask, told: listen(ask) };
  }

  it.each(["stall", "reset"] as const)("go on unseen where nothing was said (%s)", async (how) => {
    openai.behave({ kind: "break", after: 1, how });
    const { ask, told } = streams();
    expect(await readAll(await ask("x"))).toBe(isDeepseek);
    expect(told.length).toBe(1);
    await nothingOpenAt(openai, deepseek);
  });

  it.each(["stall", "reset"] as const)("end in an error in the middle (%s)", async (how) => {
    openai.behave({ kind: "break", after: 3, how });
    const error = await errorOf(streams().ask("x").then(readAll));
    expect(error).toBeInstanceOf(TruncatedStreamError);
    await nothingOpenAt(openai, deepseek);
  });

  it("begin anew where that is allowed", async () => {
    openai.behave({ kind: "break", after: 3, how: "reset" });
    let text = "";
    const { ask } = streams({
      onMidStreamFailure: "restart",
      onRestart: () => {
        text = "";
      },
    });
    for await (const part of await ask("x")) text += part;
    expect(text).toBe(isDeepseek);
  });

  it("are told as a success at their end, and not when they begin", async () => {
    const { ask } = streams();
    const stream = await ask("x");
    expect(ask.ring.report()[0]).toMatchObject({ calls: 0, latencyMs: undefined });
    await readAll(stream);
    expect(ask.ring.report()[0]).toMatchObject({ calls: 1, faults: 0 });
  });

  it("are hung up on when their reader leaves", async () => {
    openai.behave({ kind: "break", after: 3, how: "stall" });
    const { ask, told } = streams({ betweenChunksMs: "1m" });
    for await (const part of await ask("x")) {
      expect(part).toBe("I am ");
      break;
    }
    await cutAt(openai);
    expect([told, deepseek.asked]).toEqual([[], []]);
  });

  it("stay web streams where they are", async () => {
    const ask = failover<string, ReadableStream<string>>([
      async (_, { signal }) => ReadableStream.from(parts(noSuchHost, { signal })),
      async (_, { signal }) => ReadableStream.from(parts(openai.baseURL, { signal })),
    ]);
    const stream = await ask("x");
    expect(stream).toBeInstanceOf(ReadableStream);
    expect(await readAll(stream)).toBe("I am openai, at your service.");
  });
});

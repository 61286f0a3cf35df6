/** `failoverModel` with the real `ai` and `@ai-sdk/openai` packages against failing providers. */
import { createOpenAI } from "@ai-sdk/openai";
import { APICallError, type LanguageModelV4 } from "@ai-sdk/provider";
import { generateText, isStepCount, jsonSchema, streamText, tool } from "ai";
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  failoverModel,
  failoverOf,
  type ModelOptions,
  type Restart,
  TruncatedStreamError,
} from "../../../src/engine/ai/index.ts";
import { AllFailedError } from "../../../src/resilience/index.ts";
import { until } from "../../until.ts";
import { badAnswers, breaks, misbehaviours } from "./misbehaviours.ts";
import { providerPair } from "./provider-pair.ts";
import { closedAddress, cutAt, errorOf, listen, nothingOpenAt, shortLimits } from "./waiting.ts";

const [alpha, beta] = await providerPair("alpha", "beta");

function modelOf(baseURL: string, name: string): LanguageModelV4 {
  return createOpenAI({ apiKey: "key", baseURL, name }).chat("gpt-5");
}

function both(options: ModelOptions = {}): { model: LanguageModelV4; told: string[] } {
  const models = [modelOf(alpha.baseURL, "a"), modelOf(beta.baseURL, "b")];
  const model = failoverModel(models, { ...shortLimits, ...options });
  return { model, told: listen(failoverOf(model)) };
}

const prompt = "Who are you?";
const isAlpha = "I am alpha, at your service.";
const isBeta = "I am beta, at your service.";
const quiet = { onError: () => undefined };

describe("a text", () => {
  it.each([...misbehaviours, ...badAnswers])(
    "$name: $category, goes on: $goesOn",
    async ({ behaviour, category, goesOn }) => {
      alpha.behave(behaviour);
      const { model, told } = both();
      const asking = generateText({ model, prompt });
      if (goesOn) expect((await asking).text).toBe(isBeta);
      else expect(await errorOf(asking)).toBeInstanceOf(APICallError);
      expect(told).toEqual([`llm:a -> ${goesOn ? "llm:b" : "nobody"}: ${category}`]);
      expect(alpha.asked.length).toBe(1);
      await nothingOpenAt(alpha, beta);
    },
  );

  it("whose provider refuses connections comes from the next one", async () => {
    const model = failoverModel([modelOf(await closedAddress(), "a"), modelOf(beta.baseURL, "b")]);
    const told = listen(failoverOf(model));
    expect((await generateText({ model, prompt })).text).toBe(isBeta);
    expect(told).toEqual(["llm:a -> llm:b: connection_refused"]);
  });

  it("is not asked for again by the SDK when nobody answers", async () => {
    alpha.behave({ kind: "refuse", status: 500 });
    beta.behave({ kind: "refuse", status: 429, headers: { "retry-after-ms": "1" } });
    const error = await errorOf(generateText({ model: both().model, prompt, maxRetries: 5 }));
    expect(error).toBeInstanceOf(AllFailedError);
    expect((error as AllFailedError).errors.every((each) => APICallError.isInstance(each))).toBe(
      true,
    );
    expect([alpha.asked.length, beta.asked.length]).toEqual([1, 1]);
  });

  it("is the declared one when nobody answers", async () => {
    alpha.behave({ kind: "refuse", status: 500 });
    beta.behave({ kind: "hang" });
    const { model } = both({ whenAllFail: ({ operation }) => `Sorry (${operation}).` });
    const { text, providerMetadata } = await generateText({ model, prompt });
    expect(text).toBe("Sorry (doGenerate).");
    expect(providerMetadata).toEqual({ soulmirror: { degraded: true } });
    expect(await streamText({ model, prompt }).text).toBe("Sorry (doStream).");
  });

  it("is asked for through tools, each of which is used once", async () => {
    const uses: unknown[] = [];
    const pay = tool({
      inputSchema: jsonSchema<{ euros: number }>({ type: "object" }),
      execute: (input) => {
        uses.push(input);
        return "paid";
      },
    });
    const pieces = [{ tool: "pay", arguments: { euros: 5 } }] as const;
    alpha.behave({ kind: "answer", pieces }, { kind: "refuse", status: 500 });
    const { model, told } = both();
    const stopWhen = isStepCount(3);
    const { text } = await generateText({ model, prompt, tools: { pay }, stopWhen });
    expect(text).toBe(isBeta);
    expect(uses).toEqual([{ euros: 5 }]);
    expect(told).toEqual(["llm:a -> llm:b: server_error"]);
  });
});

describe("a stream", () => {
  it.each(misbehaviours)("$name before it began: $category", async (misbehaviour) => {
    const { behaviour, category, goesOn } = misbehaviour;
    alpha.behave(behaviour);
    const { model, told } = both();
    const { text } = streamText({ model, prompt, ...quiet });
    if (goesOn) expect(await text).toBe(isBeta);
    else await errorOf(text);
    expect(told[0]).toBe(`llm:a -> ${goesOn ? "llm:b" : "nobody"}: ${category}`);
    await nothingOpenAt(alpha, beta);
  });

  it.each(breaks)("that %s before it said anything goes on unseen", async (_, how) => {
    alpha.behave({ kind: "break", after: 1, how });
    const { model, told } = both();
    expect(await streamText({ model, prompt }).text).toBe(isBeta);
    expect(told.length).toBe(1);
    await nothingOpenAt(alpha, beta);
  });

  it.each(breaks)("that %s in the middle ends in an error", async (_, how) => {
    alpha.behave({ kind: "break", after: 3, how });
    const { model } = both();
    const result = streamText({ model, prompt, ...quiet });
    let text = "";
    const reading = (async () => {
      for await (const part of result.textStream) text += part;
    })();
    expect(await errorOf(reading)).toBeInstanceOf(TruncatedStreamError);
    expect(text).toBe("I am alpha, ");
    await errorOf(result.text);
    expect(beta.asked).toEqual([]);
    await nothingOpenAt(alpha, beta);
  });

  it.each(breaks)("that %s in the middle begins anew where allowed, and tells", async (_, how) => {
    alpha.behave({ kind: "break", after: 3, how });
    const restarts: Restart[] = [];
    const { model } = both({
      onMidStreamFailure: "restart",
      onRestart: (restart) => restarts.push(restart),
    });
    const result = streamText({ model, prompt });
    const blocks = new Map<string, string>();
    let text = "";
    for await (const part of result.fullStream) {
      if (part.type === "text-start") {
        blocks.set(part.id, "open");
        if (part.providerMetadata?.["soulmirror"] !== undefined) text = "";
      }
      if (part.type === "text-delta") text += part.text;
      if (part.type === "text-end") blocks.set(part.id, "closed");
    }
    expect(text).toBe(isBeta);
    expect([...blocks.values()]).toEqual(["closed", "closed"]);
    expect(restarts).toMatchObject([{ from: "llm:a", to: "llm:b", number: 1 }]);
    expect(await result.finishReason).toBe("stop");
    await nothingOpenAt(alpha, beta);
  });

  it.each(["error", "restart"] as const)(
    "that breaks after a tool call has nobody carry it out twice (%s)",
    async (onMidStreamFailure) => {
      const pieces = ["Paying. ", { tool: "pay", arguments: { euros: 5 } }] as const;
      alpha.behave({ kind: "break", after: 3, how: "end", pieces });
      beta.behave({ kind: "answer", pieces }, { kind: "answer" });
      const uses: unknown[] = [];
      const pay = tool({
        inputSchema: jsonSchema<{ euros: number }>({ type: "object" }),
        execute: (input) => {
          uses.push(input);
          return "paid";
        },
      });
      const { model } = both({ onMidStreamFailure });
      const stopWhen = isStepCount(2);
      const result = streamText({ model, prompt, tools: { pay }, stopWhen, ...quiet });
      if (onMidStreamFailure === "error") {
        await errorOf(result.consumeStream({ onError: () => undefined }).then(() => result.text));
        expect(uses).toEqual([]);
      } else {
        await result.consumeStream();
        expect(uses).toEqual([{ euros: 5 }]);
      }
      await nothingOpenAt(alpha, beta);
    },
  );

  it("that its reader leaves is hung up on, and is nobody's failure", async () => {
    alpha.behave({ kind: "break", after: 3, how: "stall" });
    const { model, told } = both({ betweenChunksMs: "1m" });
    const reader = (await model.doStream(call())).stream.getReader();
    const types: unknown[] = [];
    const isText = async (): Promise<boolean> => {
      types.push((await reader.read()).value?.type);
      return types.at(-1) === "text-delta";
    };
    await until(isText, { everyMs: 0, seen: () => types });
    await reader.cancel();
    await cutAt(alpha);
    expect([told, beta.asked]).toEqual([[], []]);
  });

  it("that the caller aborts stops at once, and poisons nothing", async () => {
    alpha.behave({ kind: "break", after: 3, how: "stall" });
    const { model, told } = both({ betweenChunksMs: "1m" });
    const giveUp = new AbortController();
    const { stream } = await model.doStream({ ...call(), abortSignal: giveUp.signal });
    const reading = errorOf(readAll(stream));
    giveUp.abort();
    expect(await reading).toBe(giveUp.signal.reason);
    await cutAt(alpha);
    expect([told, beta.asked]).toEqual([[], []]);
    alpha.behave({ kind: "answer" });
    expect((await generateText({ model, prompt })).text).toBe(isAlpha);
  });
});

async function readAll(stream: ReadableStream<unknown>): Promise<void> {
  const reader = stream.getReader();
  while (!(await reader.read()).done);
}

function call(): Parameters<LanguageModelV4["doStream"]>[0] {
  return { prompt: [{ role: "user", content: [{ type: "text", text: prompt }] }] };
}

describe("the model itself", () => {
  it("has the interface of a model", () => {
    const { model } = both();
    expect([model.specificationVersion, model.provider]).toEqual(["v4", "soulmirror"]);
    expect(model.modelId).toBe("llm:a,llm:b");
    expectTypeOf(failoverModel([modelOf("http://a", "a")])).toExtend<LanguageModelV4>();
  });

  it("takes models of one specification only", () => {
    const one = modelOf(alpha.baseURL, "a");
    const other = { ...modelOf(beta.baseURL, "b"), specificationVersion: "v3" } as const;
    const mixed = [one, { model: other as unknown as LanguageModelV4 }];
    expect(() => failoverModel(mixed)).toThrow("models[1]");
  });
});

/** Streams of `failoverClient`, with the real `openai` package, and what callers leave. */
import OpenAI, { APIUserAbortError } from "openai";
import { describe, expect, it } from "vitest";
import {
  type ClientOptions,
  type Restart,
  TruncatedStreamError,
} from "../../../src/engine/ai/index.ts";
import { clientOfBoth, question, streamed, textOf } from "./clients.ts";
import { breaks, misbehaviours } from "./misbehaviours.ts";
import { providerPair } from "./provider-pair.ts";
import { cutAt, errorOf, nothingOpenAt } from "./waiting.ts";

const [alpha, beta] = await providerPair("alpha", "beta");
const both = (options?: ClientOptions) => clientOfBoth(alpha, beta, options);

describe("a stream", () => {
  it.each(misbehaviours)("$name before it began: $category", async (misbehaviour) => {
    const { behaviour, category, goesOn } = misbehaviour;
    alpha.behave(behaviour);
    const { client, told } = both();
    const asking = client.chat.completions.create(streamed);
    if (goesOn) expect(await textOf(await asking)).toBe("I am beta, at your service.");
    else expect(await errorOf(asking)).toBeInstanceOf(OpenAI.APIError);
    expect(told[0]).toBe(`llm:a -> ${goesOn ? "llm:b" : "nobody"}: ${category}`);
    await nothingOpenAt(alpha, beta);
  });

  it.each(breaks)("that %s before it said anything goes on unseen", async (_, how) => {
    alpha.behave({ kind: "break", after: 1, how });
    const { client, told } = both();
    const stream = await client.chat.completions.create(streamed);
    expect(await textOf(stream)).toBe("I am beta, at your service.");
    expect(told.length).toBe(1);
    await nothingOpenAt(alpha, beta);
  });

  it.each(breaks)("that %s in the middle ends in an error", async (_, how) => {
    alpha.behave({ kind: "break", after: 3, how });
    const { client } = both();
    const stream = await client.chat.completions.create(streamed);
    const error = await errorOf(textOf(stream));
    expect(error).toBeInstanceOf(TruncatedStreamError);
    expect(error).toMatchObject({ category: "truncated_stream", provider: "llm:a" });
    expect(beta.asked).toEqual([]);
    await nothingOpenAt(alpha, beta);
  });

  it("that breaks before the second of two choices has begun ends in an error", async () => {
    const afterFirst = { kind: "break", after: 6, how: "reset" } as const;
    alpha.behave(afterFirst, afterFirst);
    const { client } = both();
    expect(await textOf(await client.chat.completions.create(streamed))).toMatch(/^I am alpha/);
    const stream = await client.chat.completions.create({ ...streamed, n: 2 });
    expect(await errorOf(textOf(stream))).toBeInstanceOf(TruncatedStreamError);
    await nothingOpenAt(alpha, beta);
  });

  it.each(breaks)("that %s in the middle begins anew where allowed, and tells", async (_, how) => {
    alpha.behave({ kind: "break", after: 3, how });
    const restarts: Restart[] = [];
    const { client } = both({
      onMidStreamFailure: "restart",
      onRestart: (restart) => restarts.push(restart),
    });
    let text = "";
    for await (const chunk of await client.chat.completions.create(streamed)) {
      if ("soulmirror" in chunk) {
        expect(chunk.soulmirror).toEqual({ restart: { from: "llm:a", to: "llm:b", number: 1 } });
        text = "";
      }
      text += chunk.choices[0]?.delta.content ?? "";
    }
    expect(text).toBe("I am beta, at your service.");
    expect(restarts).toMatchObject([{ from: "llm:a", to: "llm:b", number: 1, deliveredChunks: 3 }]);
    await nothingOpenAt(alpha, beta);
  });

  it.each(breaks)("of the Responses API that %s is no clean end", async (_, how) => {
    alpha.behave({ kind: "break", after: 2, how });
    const body = { model: "gpt-5", input: "Who are you?", stream: true } as const;
    const read = async (client: OpenAI): Promise<string> => {
      let text = "";
      for await (const event of await client.responses.create(body)) {
        if (event.type === "response.created") text = "";
        if (event.type === "response.output_text.delta") text += event.delta;
      }
      return text;
    };
    expect(await errorOf(read(both().client))).toBeInstanceOf(TruncatedStreamError);
    const restarting = both({ onMidStreamFailure: "restart" }).client;
    expect(await read(restarting)).toBe("I am beta, at your service.");
    await nothingOpenAt(alpha, beta);
  });

  it.each(["stall", "reset", "end"] as const)(
    "whose answer is whole ends well, whatever comes then (%s)",
    async (how) => {
      alpha.behave({ kind: "break", after: 6, how });
      const { client, told } = both();
      const stream = await client.chat.completions.create(streamed);
      expect(await textOf(stream)).toBe("I am alpha, at your service.");
      expect(told).toEqual([]);
      await nothingOpenAt(alpha);
    },
  );

  it("never hands on a tool call twice", async () => {
    const call = { tool: "pay", arguments: { euros: 5 } };
    beta.behave({ kind: "answer", pieces: ["Paying. ", call] });
    alpha.behave({ kind: "break", after: 3, how: "reset", pieces: ["Paying. ", call] });
    const { client } = both({ onMidStreamFailure: "restart" });
    const calls: unknown[] = [];
    for await (const chunk of await client.chat.completions.create(streamed)) {
      calls.push(...(chunk.choices[0]?.delta.tool_calls ?? []));
    }
    expect(calls).toMatchObject([{ function: { name: "pay" } }]);
  });

  it("that its reader leaves is hung up on, and is nobody's failure", async () => {
    alpha.behave({ kind: "break", after: 3, how: "stall" });
    const { client, told } = both();
    for await (const chunk of await client.chat.completions.create(streamed)) {
      if (chunk.choices[0]?.delta.content) break;
    }
    await cutAt(alpha);
    expect(told).toEqual([]);
    expect(beta.asked).toEqual([]);
  });

  it("is hung up on at once through its controller, while a chunk is waited for", async () => {
    alpha.behave({ kind: "break", after: 2, how: "stall" });
    const { client, told } = both({ betweenChunksMs: "1m" });
    const stream = await client.chat.completions.create(streamed);
    const chunks = stream[Symbol.asyncIterator]();
    await chunks.next();
    await chunks.next();
    const waiting = chunks.next();
    stream.controller.abort();
    // The SDK ends such a stream without an error: who aborts it knows.
    expect((await waiting).done).toBe(true);
    await cutAt(alpha);
    expect(told).toEqual([]);
  });
});

describe("the caller's abort", () => {
  it.each([question, streamed])("stops everything and poisons nothing (%#)", async (body) => {
    alpha.behave({ kind: "hang" });
    const { client, told } = both({ timeoutMs: "1m", firstChunkMs: "1m" });
    const giveUp = new AbortController();
    const { signal } = giveUp;
    const asking = errorOf(client.chat.completions.create(body, { signal }));
    await expect.poll(() => alpha.asked.length).toBe(1);
    giveUp.abort();
    expect(await asking).toBeInstanceOf(APIUserAbortError);
    await cutAt(alpha);
    expect([told, beta.asked]).toEqual([[], []]);
    alpha.behave({ kind: "answer" });
    const answer = await client.chat.completions.create(question);
    expect(answer.choices[0]?.message.content).toBe("I am alpha, at your service.");
  });

  it("before the call asks nobody", async () => {
    const { client } = both();
    const signal = AbortSignal.abort();
    const error = await errorOf(client.chat.completions.create(question, { signal }));
    expect(error).toBeInstanceOf(APIUserAbortError);
    expect(alpha.asked).toEqual([]);
  });
});

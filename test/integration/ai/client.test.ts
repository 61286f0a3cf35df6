/** `failoverClient` with the real `openai` package against providers that misbehave. */
import OpenAI from "openai";
import { Stream } from "openai/streaming";
import { describe, expect, expectTypeOf, it } from "vitest";
import { type ClientOptions, failoverClient, failoverOf } from "../../../src/engine/ai/index.ts";
import { AllFailedError } from "../../../src/resilience/index.ts";
import { clientOf, clientOfBoth, question, streamed, textOf } from "./clients.ts";
import { badAnswers, misbehaviours } from "./misbehaviours.ts";
import { providerPair } from "./provider-pair.ts";
import { closedAddress, errorOf, listen, noSuchHost, nothingOpenAt } from "./waiting.ts";

const [alpha, beta] = await providerPair("alpha", "beta");
const both = (options?: ClientOptions) => clientOfBoth(alpha, beta, options);

describe("an answer that is not streamed", () => {
  it.each([...misbehaviours, ...badAnswers])(
    "$name: $category, goes on: $goesOn",
    async ({ behaviour, category, goesOn }) => {
      alpha.behave(behaviour);
      const { client, told } = both();
      const asking = client.chat.completions.create(question);
      if (goesOn) {
        const answer = await asking;
        expect(answer.choices[0]?.message.content).toBe("I am beta, at your service.");
        expect(told).toEqual([`llm:a -> llm:b: ${category}`]);
      } else {
        expect(await errorOf(asking)).toBeInstanceOf(OpenAI.APIError);
        expect(told).toEqual([`llm:a -> nobody: ${category}`]);
        expect(beta.asked).toEqual([]);
      }
      expect(alpha.asked.length).toBe(1);
      await nothingOpenAt(alpha, beta);
    },
  );

  it.each([
    ["connection_refused", closedAddress],
    ["dns_error", async () => noSuchHost],
  ])("%s: the next one is asked", async (category, address) => {
    const client = failoverClient([clientOf(await address()), clientOf(beta.baseURL)]);
    const told = listen(failoverOf(client));
    const answer = await client.chat.completions.create(question);
    expect(answer.choices[0]?.message.content).toBe("I am beta, at your service.");
    expect(told).toEqual([`llm:openai -> llm:deepseek: ${category}`]);
  });

  it("an empty list of choices is no answer", async () => {
    alpha.behave({
      kind: "body",
      body: JSON.stringify({ id: "c", object: "chat.completion", choices: [] }),
    });
    const { client, told } = both();
    await client.chat.completions.create(question);
    expect(told).toEqual(["llm:a -> llm:b: server_error"]);
  });

  it("each provider is asked for its own model", async () => {
    alpha.behave({ kind: "refuse", status: 500 });
    const { client } = both();
    const answer = await client.chat.completions.create(question);
    expect(answer.model).toBe("deepseek-chat");
    expect([alpha, beta].map(({ asked }) => asked[0]?.body["model"])).toEqual([
      "gpt-5",
      "deepseek-chat",
    ]);
  });

  it("refused content goes on where that was declared", async () => {
    alpha.behave({
      kind: "refuse",
      status: 400,
      body: { error: { message: "no", code: "content_filter" } },
    });
    const { client, told } = both({ failOverOn: { content_policy: true } });
    await client.chat.completions.create(question);
    expect(told).toEqual(["llm:a -> llm:b: content_policy"]);
  });

  it("too long a request is not sent to a window that is known to be no larger", async () => {
    const tooLong = { error: { message: "too long", code: "context_length_exceeded" } };
    alpha.behave({ kind: "refuse", status: 400, body: tooLong });
    const client = failoverClient([
      { name: "llm:a", client: clientOf(alpha.baseURL), contextTokens: 8_000 },
      { name: "llm:small", client: clientOf(noSuchHost), contextTokens: 8_000 },
      { name: "llm:b", client: clientOf(beta.baseURL), contextTokens: 128_000 },
    ]);
    const told = listen(failoverOf(client));
    await client.chat.completions.create(question);
    expect(told).toEqual(["llm:a -> llm:b: context_length"]);
  });
});

describe("the client's own interface", () => {
  it("`asResponse` gives the bare response of the one who answers", async () => {
    alpha.behave({ kind: "refuse", status: 503 });
    const response = await both().client.chat.completions.create(question).asResponse();
    expect(response.status).toBe(200);
    expect(response.headers.get("x-request-id")).toBe("beta");
    expect(((await response.json()) as { id: string }).id).toBe("c-beta");
  });

  it("`withResponse` gives the response that the answer came from", async () => {
    // The first response is well and its body is not: only who reads it finds out.
    alpha.behave({ kind: "body", body: '{"id":' });
    const asking = both().client.chat.completions.create(question);
    const { data, response, request_id: requestId } = await asking.withResponse();
    expect(data.choices[0]?.message.content).toBe("I am beta, at your service.");
    expect([response.headers.get("x-request-id"), requestId]).toEqual(["beta", "beta"]);
  });

  it("is a promise that asks once, whoever waits for it", async () => {
    const asking = both().client.chat.completions.create(question);
    expect(asking).toBeInstanceOf(Promise);
    const [one, other] = await Promise.all([asking, asking.finally(() => undefined)]);
    expect(one).toBe(other);
    expect(alpha.asked.length).toBe(1);
  });

  it("`parse` and `stream` are built on it and fail over, too", async () => {
    alpha.behave({ kind: "refuse", status: 500 });
    const { client } = both();
    const parsed = await client.chat.completions.parse(question);
    expect(parsed.choices[0]?.message.content).toBe("I am beta, at your service.");
    const helper = client.chat.completions.stream(question);
    expect((await helper.finalMessage()).content).toBe("I am beta, at your service.");
  });

  it("a stream is a Stream: it can be split and made a web stream", async () => {
    const { client } = both();
    const stream = await client.chat.completions.create(streamed);
    expect(stream).toBeInstanceOf(Stream);
    const texts = await Promise.all(stream.tee().map(textOf));
    expect(texts).toEqual(["I am alpha, at your service.", "I am alpha, at your service."]);
    const again = (await client.chat.completions.create(streamed)).toReadableStream();
    expect(await new Response(again).text()).toContain("alpha");
  });

  it("responses and embeddings fail over, too", async () => {
    alpha.behave({ kind: "refuse", status: 500 });
    const { client } = both();
    const response = await client.responses.create({ model: "gpt-5", input: "Who are you?" });
    expect(response.output_text).toBe("I am beta, at your service.");
    const input = ["one", "two"];
    const { data } = await client.embeddings.create({ model: "embed-1", input });
    expect(data.map(({ embedding }) => embedding)).toEqual([
      [4, 0.5, 0.25],
      [4, 0.5, 0.25],
    ]);
  });

  it("embeddings do not go to another model: its vectors could not be compared", async () => {
    alpha.behave({ kind: "refuse", status: 500 });
    const { client } = both();
    const error = await errorOf(client.embeddings.create({ model: "gpt-5", input: "one" }));
    expect(error).toBeInstanceOf(AllFailedError);
    expect(beta.asked).toEqual([]);
  });

  it("everything else is the first client's own", () => {
    const { client } = both();
    expect(client).toBeInstanceOf(OpenAI);
    expectTypeOf(client).toEqualTypeOf<OpenAI>();
    expect(client.baseURL).toBe(alpha.baseURL);
    expect(client.chat).toBe(client.chat);
    expect(client.chat.completions).toBe(client.chat.completions);
  });
});

describe("the client's own retries", () => {
  it("are switched off in each call, and that is told", async () => {
    alpha.behave({ kind: "refuse", status: 500 });
    beta.behave({ kind: "refuse", status: 500 });
    const notices: unknown[] = [];
    const { client } = both({ onNotice: ({ details }) => notices.push(details) });
    await errorOf(client.chat.completions.create(question, { maxRetries: 5 }));
    expect([alpha.asked.length, beta.asked.length]).toEqual([1, 1]);
    const off = { maxRetries: 2, areOff: true };
    expect(notices).toEqual([off, off]);
  });

  it("are kept when that is asked for, and told of", async () => {
    alpha.behave({ kind: "refuse", status: 500, headers: { "retry-after-ms": "1" } });
    const notices: unknown[] = [];
    const { client } = both({
      clientRetries: "keep",
      timeoutMs: "30s",
      onNotice: ({ details }) => notices.push(details),
    });
    await client.chat.completions.create(question);
    expect(alpha.asked.map(({ retryCount }) => retryCount)).toEqual(["0", "1", "2"]);
    expect(notices).toContainEqual({ maxRetries: 2, areOff: false });
  });
});

describe("when nobody answers", () => {
  const spent = { error: { message: "none left", code: "insufficient_quota" } };

  it.each([question, streamed])("one error has all causes (%#)", async (body) => {
    alpha.behave({ kind: "refuse", status: 500 });
    beta.behave({ kind: "refuse", status: 429, body: spent });
    const error = await errorOf(both().client.chat.completions.create(body));
    expect(error).toBeInstanceOf(AllFailedError);
    const { errors } = error as AllFailedError;
    expect(errors.map((each) => (each as { status: unknown }).status)).toEqual([500, 429]);
  });

  it("a declared text is the answer, in the form that was asked for", async () => {
    alpha.behave({ kind: "refuse", status: 500 });
    beta.behave({ kind: "hang" });
    const { client } = both({ whenAllFail: ({ isStream }) => `Sorry (${String(isStream)}).` });
    const answer = await client.chat.completions.create(question);
    expect(answer.choices[0]?.message.content).toBe("Sorry (false).");
    expect(answer).toMatchObject({ soulmirror: { degraded: true } });
    const stream = await client.chat.completions.create(streamed);
    expect(stream).toBeInstanceOf(Stream);
    expect(await textOf(stream)).toBe("Sorry (true).");
    const response = await client.responses.create({ model: "gpt-5", input: "Who?" });
    expect(response.output_text).toBe("Sorry (false).");
    const raw = await client.chat.completions.create(question).asResponse();
    expect(await raw.json()).toMatchObject({ soulmirror: { degraded: true } });
  });

  it("a stream that breaks and finds nobody ends with the declared text", async () => {
    alpha.behave({ kind: "break", after: 3, how: "reset" });
    beta.behave({ kind: "refuse", status: 500 });
    const { client } = both({ onMidStreamFailure: "restart", whenAllFail: "Sorry." });
    const text = await textOf(await client.chat.completions.create(streamed));
    expect(text).toBe("I am alpha, Sorry.");
  });

  it("a text is no embedding", async () => {
    alpha.behave({ kind: "refuse", status: 500 });
    beta.behave({ kind: "refuse", status: 500 });
    const { client } = both({ whenAllFail: "Sorry." });
    const error = await errorOf(client.embeddings.create({ model: "embed-1", input: "one" }));
    expect(error).toBeInstanceOf(AllFailedError);
  });
});

/** Clients of the real `openai` package for two providers, as one. */
import OpenAI from "openai";
import { type ClientOptions, failoverClient, failoverOf } from "../../../src/engine/ai/index.ts";
import type { ProviderServer } from "./provider-server.ts";
import { listen, shortLimits } from "./waiting.ts";

export const question = {
  model: "gpt-5",
  messages: [{ role: "user" as const, content: "Who are you?" }],
};
export const streamed = { ...question, stream: true } as const;

export function clientOf(baseURL: string): OpenAI {
  return new OpenAI({ apiKey: "key", baseURL, logLevel: "off" });
}

interface Both {
  readonly client: OpenAI;
  /** The failovers so far. */
  readonly told: string[];
}

export function clientOfBoth(
  one: ProviderServer,
  other: ProviderServer,
  options: ClientOptions = {},
): Both {
  const models = { "gpt-5": "deepseek-chat" };
  const client = failoverClient(
    [
      { name: "llm:a", client: clientOf(one.baseURL) },
      { name: "llm:b", client: clientOf(other.baseURL), models },
    ],
    { ...shortLimits, ...options },
  );
  return { client, told: listen(failoverOf(client)) };
}

export async function textOf(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
  return text;
}

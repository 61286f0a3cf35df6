/** What only models made for it can show: streams that are read in step, calls of no return. */
import { getEventListeners } from "node:events";
import type { LanguageModelV4, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { describe, expect, it } from "vitest";
import { failoverModel, type ModelOptions } from "./model-failover.ts";
import { TruncatedStreamError } from "./truncated-stream-error.ts";

type Part = LanguageModelV4StreamPart;

const usage = { inputTokens: {}, outputTokens: {} } as Extract<Part, { type: "finish" }>["usage"];
const finish: Part = { type: "finish", finishReason: { unified: "stop", raw: "stop" }, usage };
const word = (delta: string): Part => ({ type: "text-delta", id: "0", delta });

/** Counts what was asked of it; `how` it ends. */
class Scripted {
  pulled = 0;
  readonly model: LanguageModelV4;

  constructor(provider: string, parts: readonly Part[], how: "clean" | "broken" = "clean") {
    const stream = (): ReadableStream<Part> =>
      new ReadableStream<Part>(
        {
          pull: (controller) => {
            const part = parts[this.pulled];
            this.pulled += 1;
            if (part !== undefined) controller.enqueue(part);
            else if (how === "clean") controller.close();
            else controller.error(new Error("broken"));
          },
        },
        { highWaterMark: 0 },
      );
    this.model = {
      specificationVersion: "v4",
      provider,
      modelId: "m",
      supportedUrls: {},
      doGenerate: async () => {
        throw new Error("not asked for");
      },
      doStream: async () => ({ stream: stream() }),
    };
  }
}

async function open(
  scripts: readonly Scripted[],
  options: ModelOptions = {},
  abortSignal?: AbortSignal,
): Promise<ReadableStream<Part>> {
  const model = failoverModel(
    scripts.map((each) => each.model),
    options,
  );
  const call = abortSignal === undefined ? {} : { abortSignal };
  return (await model.doStream({ prompt: [], ...call })).stream;
}

async function readAll(stream: ReadableStream<Part>): Promise<Part[]> {
  const parts: Part[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

describe("a stream of a model", () => {
  it("is read in step: no part is asked for before its reader asks (S6)", async () => {
    const one = new Scripted("a", [word("a"), word("b"), word("c"), finish]);
    const reader = (await open([one])).getReader();
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(one.pulled).toBe(1);
    await reader.read();
    expect(one.pulled).toBe(2);
  });

  it("does not begin anew when the provider has carried a tool call out itself (S3)", async () => {
    const search: Part = {
      type: "tool-call",
      toolCallId: "1",
      toolName: "search",
      input: "{}",
      providerExecuted: true,
    };
    const one = new Scripted("a", [word("a"), search, word("b")], "broken");
    const other = new Scripted("b", [word("c"), finish]);
    const stream = await open([one, other], { onMidStreamFailure: "restart" });
    await expect(readAll(stream)).rejects.toBeInstanceOf(TruncatedStreamError);
    expect(other.pulled).toBe(0);
  });

  it("begins anew twice where it breaks twice, each time with ids of its own", async () => {
    const start: Part = { type: "text-start", id: "0" };
    const scripts = ["a", "b"].map((name) => new Scripted(name, [start, word(name)], "broken"));
    const last = new Scripted("c", [start, word("c"), { type: "text-end", id: "0" }, finish]);
    const stream = await open([...scripts, last], { onMidStreamFailure: "restart" });
    const told = (await readAll(stream)).flatMap((part) =>
      "id" in part && part.type.startsWith("text-") ? [`${part.type} ${part.id}`] : [],
    );
    const block = (id: string): string[] =>
      ["start", "delta", "end"].map((at) => `text-${at} ${id}`);
    expect(told).toEqual([...block("0"), ...block("restart-1-0"), ...block("restart-2-0")]);
  });

  it("leaves no listener at its caller's signal", async () => {
    const { signal } = new AbortController();
    const scripts = [new Scripted("a", [], "broken"), new Scripted("b", [word("b"), finish])];
    await readAll(await open(scripts, {}, signal));
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

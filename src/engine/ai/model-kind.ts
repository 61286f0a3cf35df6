/**
 * Streams of language models of the AI SDK, of its specifications v2 to v4. All parts are plain
 * objects with a `type`; what is read of them here is the same in each.
 */
import { AnswerError, failureOf } from "./answer-error.ts";
import { read } from "./shape.ts";
import type { Delivery, RestartMark, Sight, StreamKind, StreamWatch } from "./stream-kind.ts";

export interface Part {
  readonly type: string;
}

const openings: ReadonlySet<string> = new Set([
  "stream-start",
  "response-metadata",
  "ping",
  "raw",
  "text-start",
  "text-end",
  "reasoning-start",
  "reasoning-end",
]);

export const modelKind: StreamKind<Part> = {
  watch: () => new ModelWatch(),
  delivery: () => new ModelDelivery(),
  // The last part of a call has it carried out at once: not before it is known to be whole.
  isHeld: (part, sight, parts) =>
    sight === "tool" &&
    read(part, "providerExecuted") !== true &&
    (parts || part.type === "tool-call"),
};

class ModelWatch implements StreamWatch<Part> {
  #isWhole = false;
  #usage: unknown;

  see(part: Part): Sight {
    if (part.type === "error") throw errorOf(read(part, "error"));
    if (part.type === "finish") {
      checkFinish(read(part, "finishReason"));
      this.#isWhole = true;
      this.#usage = read(part, "usage");
    }
    if (part.type.startsWith("tool-")) return "tool";
    return openings.has(part.type) || read(part, "delta") === "" ? "opening" : "content";
  }

  isWhole(): boolean {
    return this.#isWhole;
  }

  mayEnd(): boolean {
    return this.#isWhole;
  }

  usage(): unknown {
    return this.#usage;
  }
}

/** Reasons that are no end of an answer: `unknown` and `other` without a word of the provider. */
export function checkFinish(finishReason: unknown): void {
  const isText = typeof finishReason === "string";
  const unified = isText ? finishReason : read(finishReason, "unified");
  const raw = isText ? undefined : read(finishReason, "raw");
  if (unified === "error") throw new AnswerError("server_error", "the model ended with an error");
  const isCut = unified === "interrupted" || unified === "unknown";
  if (isCut || (unified === "other" && raw === undefined && !isText)) {
    throw new AnswerError("truncated_stream", "the stream ended before its answer was whole");
  }
}

function errorOf(error: unknown): Error {
  if (error instanceof Error) return error;
  return failureOf(error);
}

/**
 * Behind a broken stream: its open blocks are closed, the ids of the next one are made its own, and
 * the first block of the next one carries `providerMetadata.soulmirror.restart`.
 */
class ModelDelivery implements Delivery<Part> {
  readonly #open = new Map<string, string>();
  #mark: RestartMark | undefined;
  #isMarkDue = false;
  #hasStarted = false;
  #hasToolCall = false;

  pass(part: Part): Part | undefined {
    if (part.type === "stream-start") {
      if (this.#hasStarted) return undefined;
      this.#hasStarted = true;
    }
    this.#hasToolCall ||= part.type === "tool-call";
    const block = /^(text|reasoning)-(start|end|delta)$/.exec(part.type);
    if (block === null) return part;
    const own = this.#rename(part);
    const id = read(own, "id") as string;
    if (block[2] === "start") this.#open.set(`${block[1]} ${id}`, id);
    if (block[2] === "end") this.#open.delete(`${block[1]} ${id}`);
    return block[2] === "start" ? this.#marked(own) : own;
  }

  restart(mark: RestartMark): readonly Part[] {
    this.#mark = mark;
    this.#isMarkDue = true;
    const ends = [...this.#open].map(([key, id]) => ({ type: `${key.split(" ")[0]}-end`, id }));
    this.#open.clear();
    return ends;
  }

  hasToolCall(): boolean {
    return this.#hasToolCall;
  }

  #rename(part: Part): Part {
    if (this.#mark === undefined) return part;
    return { ...part, id: `restart-${this.#mark.number}-${String(read(part, "id"))}` } as Part;
  }

  #marked(part: Part): Part {
    if (!this.#isMarkDue || this.#mark === undefined) return part;
    this.#isMarkDue = false;
    const metadata = read(part, "providerMetadata") as object | undefined;
    const own = { ...metadata, soulmirror: { restart: { ...this.#mark } } };
    return { ...part, providerMetadata: own } as Part;
  }
}

const nothing = { total: 0, noCache: 0, cacheRead: 0, cacheWrite: 0, text: 0, reasoning: 0 };

/** The declared last resort in the shape of an answer; `version` is that of the model. */
export function degradedAnswer(text: string, version: string): object {
  const { finishReason, usage } = degradedEnd(version);
  return {
    content: [{ type: "text", text }],
    finishReason,
    usage,
    warnings: [],
    providerMetadata: { soulmirror: { degraded: true } },
  };
}

export function degradedParts(text: string, version: string): readonly Part[] {
  const { finishReason, usage } = degradedEnd(version);
  const providerMetadata = { soulmirror: { degraded: true } };
  const parts = [
    { type: "stream-start", warnings: [] },
    { type: "text-start", id: "degraded", providerMetadata },
    { type: "text-delta", id: "degraded", delta: text },
    { type: "text-end", id: "degraded" },
    { type: "finish", finishReason, usage, providerMetadata },
  ];
  return parts;
}

function degradedEnd(version: string): { readonly finishReason: unknown; readonly usage: unknown } {
  if (version === "v2") {
    return { finishReason: "stop", usage: { inputTokens: 0, outputTokens: 0, totalTokens: 0 } };
  }
  const finishReason = { unified: "stop", raw: undefined };
  return { finishReason, usage: { inputTokens: nothing, outputTokens: nothing } };
}

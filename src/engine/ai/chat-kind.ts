/** Chat completions, as OpenAI and all who speak its protocol stream and answer them. */
import { AnswerError, failureOf } from "./answer-error.ts";
import { listOf, read } from "./shape.ts";
import type { RestartMark, Sight, StreamKind, StreamWatch } from "./stream-kind.ts";

type Chunk = Record<string, unknown>;

/** Choices of one answer; more than anybody asks for. */
const mostChoices = 128;

/** `request` says how many choices are asked for. */
export function chatKind(request?: unknown): StreamKind<unknown> {
  const asked = read(request, "n");
  const choices = typeof asked === "number" ? Math.min(asked, mostChoices) : 1;
  return {
    watch: () => new ChatWatch(choices),
    delivery: () => new MarkedDelivery(),
    isHeld: (_chunk, sight, parts) => parts && sight === "tool",
  };
}

class ChatWatch implements StreamWatch<unknown> {
  /** Choices that have begun, and whether they have ended. */
  readonly #ended = new Map<unknown, boolean>();
  readonly #asked: number;
  #usage: unknown;

  constructor(asked: number) {
    this.#asked = asked;
  }

  see(chunk: unknown): Sight {
    const error = read(chunk, "error");
    if (error !== undefined && error !== null) throw failureOf(error);
    this.#usage = read(chunk, "usage") ?? this.#usage;
    let sight: Sight = "opening";
    for (const choice of listOf(read(chunk, "choices"))) {
      const index = read(choice, "index") ?? 0;
      const isEnd = typeof read(choice, "finish_reason") === "string";
      const before = this.#ended.get(index);
      if (before !== undefined || this.#ended.size < mostChoices) {
        this.#ended.set(index, isEnd || before === true);
      }
      const delta = read(choice, "delta");
      if (listOf(read(delta, "tool_calls")).length > 0 || read(delta, "function_call")) {
        sight = "tool";
      } else if (sight !== "tool" && saysSomething(delta)) sight = "content";
    }
    return sight;
  }

  isWhole(): boolean {
    return this.#ended.size >= this.#asked && this.mayEnd();
  }

  /** Many providers give one choice, however many are asked for. */
  mayEnd(): boolean {
    return this.#ended.size > 0 && [...this.#ended.values()].every(Boolean);
  }

  usage(): unknown {
    return this.#usage;
  }
}

/** Anything but the role: text, a refusal, or what some providers call their reasoning. */
function saysSomething(delta: unknown): boolean {
  if (typeof delta !== "object" || delta === null) return false;
  return Object.entries(delta).some(
    ([key, value]) => key !== "role" && value !== null && value !== "" && value !== undefined,
  );
}

/** The first chunk after a restart carries `soulmirror: { restart }`. */
class MarkedDelivery {
  #mark: RestartMark | undefined;
  #hasToolCall = false;

  pass(chunk: unknown): unknown {
    if (listOf(read(chunk, "choices")).some((each) => read(read(each, "delta"), "tool_calls"))) {
      this.#hasToolCall = true;
    }
    const mark = this.#mark;
    if (mark === undefined) return chunk;
    this.#mark = undefined;
    return { ...(chunk as Chunk), soulmirror: { restart: mark } };
  }

  restart(mark: RestartMark): readonly unknown[] {
    this.#mark = mark;
    return [];
  }

  hasToolCall(): boolean {
    return this.#hasToolCall;
  }
}

/** Throws when what came with status 200 is no completion. */
export function checkCompletion(answer: unknown): void {
  const error = read(answer, "error");
  if (error !== undefined && error !== null) throw failureOf(error);
  const choices = read(answer, "choices");
  if (!Array.isArray(choices)) throw new AnswerError("server_error", "the answer has no choices");
  if (choices.length === 0) throw new AnswerError("server_error", "the list of choices is empty");
}

export function isFiltered(answer: unknown): boolean {
  const choices = listOf(read(answer, "choices"));
  return choices.some((choice) => read(choice, "finish_reason") === "content_filter");
}

export function degradedCompletion(text: string): Chunk {
  const message = { role: "assistant", content: text, refusal: null };
  return {
    ...degradedFrame("chat.completion"),
    choices: [{ index: 0, message, finish_reason: "stop", logprobs: null }],
  };
}

export function degradedChunks(text: string): readonly Chunk[] {
  const choice = (delta: object, finish: string | null): Chunk => ({
    ...degradedFrame("chat.completion.chunk"),
    choices: [{ index: 0, delta, finish_reason: finish, logprobs: null }],
  });
  return [choice({ role: "assistant", content: text }, null), choice({}, "stop")];
}

function degradedFrame(object: string): Chunk {
  return { id: "degraded", object, created: 0, model: "degraded", soulmirror: { degraded: true } };
}

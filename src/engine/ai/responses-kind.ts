/** The Responses API: typed events, of which one of three ends the answer. */
import { AnswerError, failureOf } from "./answer-error.ts";
import { listOf, read } from "./shape.ts";
import type { RestartMark, Sight, StreamKind, StreamWatch } from "./stream-kind.ts";

/** Items that are carried out by the one who asked. */
const callItems: ReadonlySet<unknown> = new Set([
  "apply_patch_call",
  "computer_call",
  "custom_tool_call",
  "function_call",
  "local_shell_call",
  "shell_call",
]);
const openings: ReadonlySet<unknown> = new Set([
  "response.created",
  "response.in_progress",
  "response.queued",
]);
const ends: ReadonlySet<unknown> = new Set(["response.completed", "response.incomplete"]);

export const responsesKind: StreamKind<unknown> = {
  watch: () => new ResponsesWatch(),
  delivery: () => new ResponsesDelivery(),
  isHeld: (_chunk, sight, parts) => parts && sight === "tool",
};

class ResponsesWatch implements StreamWatch<unknown> {
  #isWhole = false;
  #usage: unknown;

  see(event: unknown): Sight {
    const type = read(event, "type");
    const response = read(event, "response");
    if (type === "error") throw failureOf(event);
    if (type === "response.failed") throw failureOf(read(response, "error"));
    if (ends.has(type)) {
      this.#isWhole = true;
      this.#usage = read(response, "usage");
    }
    if (isCall(event)) return "tool";
    return openings.has(type) ? "opening" : "content";
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

function isCall(event: unknown): boolean {
  return callItems.has(read(read(event, "item"), "type"));
}

/** The first event after a restart, `response.created`, carries `soulmirror: { restart }`. */
class ResponsesDelivery {
  #mark: RestartMark | undefined;
  #hasToolCall = false;

  pass(event: unknown): unknown {
    this.#hasToolCall ||= isCall(event);
    const mark = this.#mark;
    if (mark === undefined) return event;
    this.#mark = undefined;
    return { ...(event as object), soulmirror: { restart: mark } };
  }

  restart(mark: RestartMark): readonly unknown[] {
    this.#mark = mark;
    return [];
  }

  hasToolCall(): boolean {
    return this.#hasToolCall;
  }
}

/** Throws when what came with status 200 is no response. */
export function checkResponse(answer: unknown): void {
  const error = read(answer, "error");
  if (error !== undefined && error !== null) throw failureOf(error);
  if (read(answer, "status") === "failed") {
    throw new AnswerError("server_error", "the response has failed, and does not say why");
  }
  if (!Array.isArray(read(answer, "output"))) {
    throw new AnswerError("server_error", "the answer has no output");
  }
}

/** Throws when what came with status 200 are no embeddings, or not as many as were asked for. */
export function checkEmbeddings(answer: unknown, body: unknown): void {
  const error = read(answer, "error");
  if (error !== undefined && error !== null) throw failureOf(error);
  const input = read(body, "input");
  // A list of numbers is one text, as tokens.
  const isOne = !Array.isArray(input) || typeof input[0] === "number";
  const wanted = isOne ? 1 : input.length;
  const count = listOf(read(answer, "data")).length;
  if (count === wanted) return;
  throw new AnswerError("server_error", `${count} embeddings came for ${wanted} texts`);
}

export function degradedResponse(text: string): Record<string, unknown> {
  return { ...frame("completed"), output: [item(text)], output_text: text };
}

export function degradedEvents(text: string): readonly Record<string, unknown>[] {
  const at = { item_id: "degraded", output_index: 0, content_index: 0 };
  const part = { type: "output_text", text, annotations: [] };
  const events = [
    { type: "response.created", response: { ...frame("in_progress"), output: [] } },
    { type: "response.output_item.added", output_index: 0, item: { ...item(text), content: [] } },
    { type: "response.content_part.added", ...at, part: { ...part, text: "" } },
    { type: "response.output_text.delta", ...at, delta: text, logprobs: [] },
    { type: "response.output_text.done", ...at, text, logprobs: [] },
    { type: "response.content_part.done", ...at, part },
    { type: "response.output_item.done", output_index: 0, item: item(text) },
    { type: "response.completed", response: degradedResponse(text) },
  ];
  return events.map((event, index) => ({ ...event, sequence_number: index }));
}

function item(text: string): object {
  const content = [{ type: "output_text", text, annotations: [] }];
  return { id: "degraded", type: "message", role: "assistant", status: "completed", content };
}

function frame(status: string): object {
  const mark = { soulmirror: { degraded: true } };
  return { id: "degraded", object: "response", created_at: 0, model: "degraded", status, ...mark };
}

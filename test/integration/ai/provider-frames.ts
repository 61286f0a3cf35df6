/** Answers of the OpenAI protocol, whole and in frames of a stream. */

/** A part of what the model says: words, or a call of a tool. */
export type Piece = string | { readonly tool: string; readonly arguments: object };

export interface AnswerParts {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly pieces: readonly Piece[] | undefined;
  /** Of the provider: what it says unless told. */
  readonly name: string;
}

const usage = {
  prompt_tokens: 10,
  completion_tokens: 4,
  total_tokens: 14,
  input_tokens: 10,
  output_tokens: 4,
};

function piecesOf({ pieces, name }: AnswerParts): readonly Piece[] {
  return pieces ?? ["I am ", `${name}, `, "at your ", "service."];
}

function textOf(parts: AnswerParts): string {
  return piecesOf(parts)
    .filter((piece) => typeof piece === "string")
    .join("");
}

export function wholeAnswer(parts: AnswerParts): object {
  if (parts.path.endsWith("/embeddings")) return embeddings(parts);
  if (parts.path.endsWith("/responses")) return response(parts, "completed");
  const text = textOf(parts);
  const calls = piecesOf(parts).flatMap((piece, index) => callOf(piece, index));
  const message = {
    role: "assistant",
    content: text === "" ? null : text,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
  const finish = calls.length > 0 ? "tool_calls" : "stop";
  return {
    ...frame(parts, "chat.completion"),
    choices: [{ index: 0, message, finish_reason: finish, logprobs: null }],
    usage,
  };
}

/** Each with its line ends; without `[DONE]`. */
export function frames(parts: AnswerParts): readonly string[] {
  const events = parts.path.endsWith("/responses") ? responseEvents(parts) : chatChunks(parts);
  return events.map((event) => `data: ${JSON.stringify(event)}\n\n`);
}

function chatChunks(parts: AnswerParts): readonly object[] {
  const chunk = (delta: object, finish: string | null = null): object => ({
    ...frame(parts, "chat.completion.chunk"),
    choices: [{ index: 0, delta, finish_reason: finish, logprobs: null }],
  });
  const pieces = piecesOf(parts);
  const hasCalls = pieces.some((piece) => typeof piece !== "string");
  return [
    chunk({ role: "assistant", content: "" }),
    ...pieces.map((piece, index) =>
      typeof piece === "string"
        ? chunk({ content: piece })
        : chunk({ tool_calls: callOf(piece, index).map((call) => ({ ...call, index: 0 })) }),
    ),
    chunk({}, hasCalls ? "tool_calls" : "stop"),
    { ...frame(parts, "chat.completion.chunk"), choices: [], usage },
  ];
}

function responseEvents(parts: AnswerParts): readonly object[] {
  const at = { item_id: "m", output_index: 0, content_index: 0 };
  return [
    { type: "response.created", response: { ...response(parts, "in_progress"), output: [] } },
    ...piecesOf(parts).map((delta) => ({ type: "response.output_text.delta", ...at, delta })),
    { type: "response.completed", response: response(parts, "completed") },
  ].map((event, index) => ({ ...event, sequence_number: index }));
}

function response(parts: AnswerParts, status: string): object {
  const content = [{ type: "output_text", text: textOf(parts), annotations: [] }];
  const output = [{ id: "m", type: "message", role: "assistant", status, content }];
  const model = parts.body["model"];
  return { id: `r-${parts.name}`, object: "response", created_at: 1, model, status, output, usage };
}

/** The model is told back as it was asked for: tests see how names were mapped. */
function frame({ name, body }: AnswerParts, object: string): Readonly<Record<string, unknown>> {
  return { id: `c-${name}`, object, created: 1, model: body["model"] };
}

function callOf(piece: Piece, index: number): readonly object[] {
  if (typeof piece === "string") return [];
  const call = { name: piece.tool, arguments: JSON.stringify(piece.arguments) };
  return [{ id: `call-${index}`, type: "function", function: call }];
}

function embeddings({ body, name }: AnswerParts): object {
  const input = Array.isArray(body["input"]) ? body["input"] : [body["input"]];
  const vector = Float32Array.from([name.length, 0.5, 0.25]);
  const isBase64 = body["encoding_format"] === "base64";
  const embedding = isBase64 ? Buffer.from(vector.buffer).toString("base64") : [...vector];
  const data = input.map((_, index) => ({ object: "embedding", index, embedding }));
  return {
    object: "list",
    data,
    model: body["model"],
    usage: { prompt_tokens: 3, total_tokens: 3 },
  };
}

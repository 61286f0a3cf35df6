/**
 * A provider of language models on loopback: it speaks chat completions, responses and embeddings
 * of the OpenAI protocol, as JSON and as server-sent events, and misbehaves as it is told. It notes
 * each request, and whether the client hung up before the answer was over.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { frames, type Piece, wholeAnswer } from "./provider-frames.ts";

export type Behaviour =
  | { readonly kind: "answer"; readonly pieces?: readonly Piece[] }
  | {
      readonly kind: "refuse";
      readonly status: number;
      readonly body?: string | object;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Status 200 with this for a body. */
  | { readonly kind: "body"; readonly body: string; readonly type?: string }
  /** Nothing, for ever. */
  | { readonly kind: "hang" }
  /** Headers and no more. */
  | { readonly kind: "headers" }
  /** The connection breaks before there is an answer. */
  | { readonly kind: "reset" }
  /** The first `after` frames of a stream, and then that. */
  | {
      readonly kind: "break";
      readonly after: number;
      readonly how: Break;
      readonly pieces?: readonly Piece[];
    };

/**
 * `stall`: no more. `reset`: the connection breaks. `end`: a clean end. `done`: `[DONE]`, although
 * nothing was finished. Or an error in the stream.
 */
export type Break = "stall" | "reset" | "end" | "done" | { readonly error: object };

export interface Asked {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly retryCount: string | undefined;
  /** `open`, `served`, or `cut`: the client hung up, or was cut off. */
  state: "open" | "served" | "cut";
}

export class ProviderServer {
  readonly name: string;
  readonly asked: Asked[] = [];
  #behaviours: Behaviour[] = [{ kind: "answer" }];
  readonly #server: Server;

  private constructor(name: string) {
    this.name = name;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(name: string): Promise<ProviderServer> {
    const provider = new ProviderServer(name);
    await new Promise<void>((resolve) => {
      provider.#server.listen(0, "127.0.0.1", resolve);
    });
    return provider;
  }

  get baseURL(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  /** From now on; with several, one request each, and the last one from then on. */
  behave(...behaviours: readonly Behaviour[]): void {
    this.#behaviours = [...behaviours];
  }

  reset(): void {
    this.behave({ kind: "answer" });
    this.asked.length = 0;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = JSON.parse(await textOf(request)) as Record<string, unknown>;
    const retryCount = request.headers["x-stainless-retry-count"];
    const path = request.url ?? "";
    const asked: Asked = { path, body, retryCount: retryCount as string, state: "open" };
    this.asked.push(asked);
    response.on("close", () => {
      asked.state = response.writableFinished ? "served" : "cut";
    });
    const next = this.#behaviours.length > 1 ? this.#behaviours.shift() : this.#behaviours[0];
    this.#answer(next as Behaviour, asked, response);
  }

  #answer(behaviour: Behaviour, { path, body }: Asked, response: ServerResponse): void {
    switch (behaviour.kind) {
      case "hang":
        return;
      case "headers":
        response.writeHead(200, { "content-type": typeOf(body) }).flushHeaders();
        return;
      case "reset":
        response.socket?.resetAndDestroy();
        return;
      case "refuse":
        refuse(response, behaviour);
        return;
      case "body":
        response.writeHead(200, { "content-type": behaviour.type ?? typeOf(body) });
        response.end(behaviour.body);
        return;
      case "answer":
        this.#answerWell({ path, body, pieces: behaviour.pieces }, response);
        return;
      case "break": {
        const all = frames({ path, body, pieces: behaviour.pieces, name: this.name });
        void breakOff(response, all.slice(0, behaviour.after), behaviour.how);
      }
    }
  }

  #answerWell(
    asked: Pick<Asked, "path" | "body"> & { pieces: readonly Piece[] | undefined },
    response: ServerResponse,
  ): void {
    const answer = { ...asked, name: this.name };
    response.writeHead(200, { "content-type": typeOf(asked.body), "x-request-id": this.name });
    if (asked.body["stream"] !== true) {
      response.end(JSON.stringify(wholeAnswer(answer)));
      return;
    }
    for (const frame of frames(answer)) response.write(frame);
    response.end("data: [DONE]\n\n");
  }
}

function typeOf(body: Readonly<Record<string, unknown>>): string {
  return body["stream"] === true ? "text/event-stream" : "application/json";
}

function refuse(
  response: ServerResponse,
  { status, body = "", headers = {} }: Behaviour & { kind: "refuse" },
): void {
  const isText = typeof body === "string";
  response.writeHead(status, {
    "content-type": isText ? "text/html" : "application/json",
    ...headers,
  });
  response.end(isText ? body : JSON.stringify(body));
}

async function breakOff(
  response: ServerResponse,
  first: readonly string[],
  how: Break,
): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const frame of first) {
    // Each in a packet of its own, so that the reader has it before the end comes.
    await new Promise((resolve) => {
      response.write(frame, resolve);
    });
  }
  // A reset throws away what the reader has not taken yet: it is given the time, also when busy.
  await new Promise((resolve) => {
    setTimeout(resolve, how === "reset" ? 150 : 20);
  });
  if (how === "stall") return;
  if (how === "reset") response.socket?.resetAndDestroy();
  else if (how === "end") response.end();
  else if (how === "done") response.end("data: [DONE]\n\n");
  else response.end(`data: ${JSON.stringify({ error: how.error })}\n\ndata: [DONE]\n\n`);
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of request) text += String(part);
  return text;
}

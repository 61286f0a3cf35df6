/**
 * One question over HTTP and its whole answer, within limits, for locations that are reached so.
 *
 * Node's own client and not `fetch`: its limit is on silence and not on the whole call, since a
 * pack may take minutes over a thin line; it takes an authority of its own; and a body in parts
 * goes out without being copied.
 * H1. Every call ends: by the signal, with its reason; after `idleMs` in which nothing moves in
 *     either direction; after `callMs` in any case.
 * H2. An answer is whole, of the length that it said, or the call rejects. No more than
 *     `maxAnswerBytes` of it are kept.
 * H3. Nothing is asked twice and no redirection is followed.
 * H4. Bodies of more than 1 MiB wait until the server wants them (`Expect: 100-continue`), so that
 *     a refusal is read before a connection is cut that still has much to send. A server that knows
 *     nothing of this gets the body after a second.
 */

import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { request as askPlainly, type ClientRequest, Agent as PlainAgent } from "node:http";
import { request as askSecurely, Agent as SecureAgent } from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { messageOf } from "../../../kernel/index.ts";
import { LocationFault } from "../../../vault/index.ts";
import { watchSilence } from "./watch-silence.ts";

export interface HttpQuestion {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Missing: none. They are not kept and not changed. */
  readonly parts?: readonly Uint8Array[];
  readonly maxAnswerBytes: number;
  /** Begins the message of a fault: the location and the file. */
  readonly what: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface HttpOptions {
  /** Silence after which the other side counts as away. Default 30 s. */
  readonly idleMs?: number;
  /** What no call is longer than. Default one hour. */
  readonly callMs?: number;
  /** Connections at once; further calls wait for one. Default 16. */
  readonly maxConnections?: number;
  /** PEM of an authority that is trusted instead of the public ones. */
  readonly authority?: string | undefined;
}

const minuteMs = 60_000;
/** Below the five seconds after which many servers close a connection that is not used. */
const keepAliveMs = 4000;
const patienceMs = 1000;
const largeBodyBytes = 1024 * 1024;
const pieceBytes = 128 * 1024;

export class HttpClient implements AsyncDisposable {
  readonly #idleMs: number;
  readonly #callMs: number;
  readonly #plain: PlainAgent;
  readonly #secure: SecureAgent;

  constructor({ idleMs, callMs, maxConnections = 16, authority }: HttpOptions) {
    this.#idleMs = idleMs ?? minuteMs / 2;
    this.#callMs = callMs ?? 60 * minuteMs;
    const common = { keepAlive: true, maxSockets: maxConnections, timeout: keepAliveMs };
    this.#plain = new PlainAgent(common);
    this.#secure = new SecureAgent(authority === undefined ? common : { ...common, ca: authority });
  }

  async ask(question: HttpQuestion, signal: AbortSignal): Promise<HttpAnswer> {
    signal.throwIfAborted();
    const request = this.#open(question, signal);
    const away = (why: string) => request.destroy(new LocationFault("away", why));
    const limit = setTimeout(() => {
      away(`${question.what}: no end of the call after ${this.#callMs} ms`);
    }, this.#callMs);
    const endWatch = watchSilence(request, this.#idleMs, () => {
      away(`${question.what}: nothing was heard for ${this.#idleMs} ms`);
    });
    try {
      return await wholeAnswer(request, question);
    } catch (error) {
      signal.throwIfAborted();
      throw faultOf(error, question.what);
    } finally {
      endWatch();
      clearTimeout(limit);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#plain.destroy();
    this.#secure.destroy();
  }

  #open({ method, url, headers = {}, parts }: HttpQuestion, signal: AbortSignal): ClientRequest {
    const isSecure = url.protocol === "https:";
    const sizeBytes = parts === undefined ? undefined : lengthOf(parts);
    const options = {
      agent: isSecure ? this.#secure : this.#plain,
      headers: {
        ...headers,
        ...(sizeBytes === undefined ? {} : { "content-length": String(sizeBytes) }),
        ...((sizeBytes ?? 0) > largeBodyBytes ? { expect: "100-continue" } : {}),
      },
      method,
      signal,
    };
    return isSecure ? askSecurely(url, options) : askPlainly(url, options);
  }
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

async function wholeAnswer(request: ClientRequest, question: HttpQuestion): Promise<HttpAnswer> {
  const response = await answerTo(request, question.parts ?? []);
  const body = await wholeBody(response, question);
  // A body that was never wanted leaves a connection that nothing else can be sent on.
  if (!request.writableEnded) request.destroy();
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}

/** Small, so that a slow line is seen to move; they are views, nothing is copied. */
function* piecesOf(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const part of parts) {
    for (let at = 0; at < part.length; at += pieceBytes) {
      yield part.subarray(at, at + pieceBytes);
    }
  }
}

function answerTo(request: ClientRequest, parts: readonly Uint8Array[]): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  let patience: NodeJS.Timeout | undefined;
  const send = (): void => {
    clearTimeout(patience);
    // Node listens to both ends of the pipe: what fails is the error of the request.
    pipeline(Readable.from(piecesOf(parts)), request).catch(reject);
  };
  request.once("response", (response) => {
    clearTimeout(patience);
    resolve(response);
  });
  // Stays: when the answer is there, what happens to the rest of the question matters no more.
  request.on("error", (error) => {
    clearTimeout(patience);
    reject(error);
  });
  if (request.getHeader("expect") === undefined) {
    send();
  } else {
    request.once("continue", send);
    request.once("socket", () => {
      patience = setTimeout(send, patienceMs);
    });
    request.flushHeaders();
  }
  return promise;
}

/** H2; Node itself rejects what ends before its Content-Length. */
async function wholeBody(
  response: IncomingMessage,
  { maxAnswerBytes, method, what }: HttpQuestion,
): Promise<Buffer> {
  const said = method === "HEAD" ? 0 : Number(response.headers["content-length"] ?? 0);
  const tooLong = new LocationFault("strange", `${what}: the answer is longer than was asked for`);
  if (said > maxAnswerBytes) {
    response.destroy();
    throw tooLong;
  }
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxAnswerBytes) throw tooLong;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, sizeBytes);
}

/** The other side is not who it should be: asking again cannot help. */
const distrust =
  /^(?:CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA|HOSTNAME_)/;

function faultOf(error: unknown, what: string): LocationFault {
  if (error instanceof LocationFault) return error;
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? "";
  const kind = distrust.test(code) ? "denied" : code.startsWith("HPE_") ? "strange" : "away";
  return new LocationFault(kind, `${what}: ${messageOf(error)}`, { cause: error });
}

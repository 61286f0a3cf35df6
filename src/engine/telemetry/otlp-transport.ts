/**
 * One POST of OTLP/HTTP in JSON, to the daemon or any collector.
 *
 * T1. What may be sent again (429, 502, 503, 504, no connection, no answer) rejects with `SinkAway`
 *     and the Retry-After that was asked for; every other status with `DeliveryRefused`.
 * T2. A partial success is no reason to send again: it rejects with `DeliveryRefused` and how many
 *     were not taken.
 * T3. It follows no redirect, reads at most 64 KB of an answer, and is over after `timeoutMs`.
 * T4. Its requests call themselves `soulmirror-engine`, so that who watches outgoing calls can
 *     leave them out. A connection keeps no process alive once it is made, idle or waiting for an
 *     answer: who awaits `post` at the end of a program holds it by a timer of their own.
 */
import type { Agent, IncomingMessage, RequestOptions } from "node:http";
import {
  anyOption,
  checkOptions,
  messageOf,
  namedOption,
  optionsOf,
  requiredOption,
  SoulMirrorError,
  textOption,
  wholeOption,
} from "../../kernel/index.ts";
import { version } from "../../system/index.ts";
import { DeliveryRefused, SinkAway } from "./sink.ts";

export interface OtlpOptions {
  /** `http://127.0.0.1:5050`: the paths `/v1/metrics` and so on are appended. */
  readonly endpoint: string;
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** For one request with its answer. Default 10,000. */
  readonly timeoutMs?: number | undefined;
}

export type Signal = "metrics" | "logs" | "traces";

const engineAgentName = "soulmirror-engine";

const answerBytesMax = 64 * 1024;
/** Below that gzip costs more than it saves. */
const gzipFromBytes = 1024;
const retryable: ReadonlySet<number> = new Set([429, 502, 503, 504]);

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

const shape = optionsOf({
  endpoint: requiredOption(anyOption()),
  token: textOption({ max: 10_000 }),
  headers: namedOption(textOption({ max: 10_000 })),
  timeoutMs: wholeOption({ min: 1, max: 600_000 }),
});

export class OtlpTransport {
  readonly endpoint: string;
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;
  readonly #wallMs: () => number;
  #agent: Agent | undefined;

  /** Throws OPTIONS_INVALID for an endpoint that is no http or https URL. `wallMs` reads dates. */
  constructor(options: OtlpOptions, wallMs: () => number) {
    checkOptions("OtlpTransport", options, shape);
    const { endpoint, token, headers = {}, timeoutMs = 10_000 } = options;
    this.#url = endpointUrl(endpoint);
    this.endpoint = this.#url.origin;
    this.#headers = {
      ...headers,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      "user-agent": `${engineAgentName}/${version()}`,
    };
    this.#timeoutMs = timeoutMs;
    this.#wallMs = wallMs;
  }

  async post(signal: Signal, message: object, abort?: AbortSignal): Promise<void> {
    const late = AbortSignal.timeout(this.#timeoutMs);
    const ending = abort === undefined ? late : AbortSignal.any([abort, late]);
    let answer: Answer;
    try {
      answer = await this.#ask(signal, message, ending);
    } catch (error) {
      if (error instanceof DeliveryRefused) throw error;
      throw new SinkAway(`${this.endpoint} does not answer: ${messageOf(error)}`);
    }
    this.#judge(answer);
  }

  close(): void {
    this.#agent?.destroy();
    this.#agent = undefined;
  }

  async #ask(signal: Signal, message: object, ending: AbortSignal): Promise<Answer> {
    const plain = Buffer.from(JSON.stringify(message));
    const isLarge = plain.length >= gzipFromBytes;
    const body = isLarge ? await gzipped(plain) : plain;
    const { request, Agent: AgentOf } =
      this.#url.protocol === "https:" ? await import("node:https") : await import("node:http");
    this.#agent ??= new AgentOf({ keepAlive: true, maxSockets: 2 });
    const options: RequestOptions = {
      method: "POST",
      agent: this.#agent,
      signal: ending,
      headers: {
        ...this.#headers,
        "content-type": "application/json",
        "content-length": body.length,
        ...(isLarge ? { "content-encoding": "gzip" } : {}),
      },
    };
    const url = new URL(this.#url);
    url.pathname = `${url.pathname.replace(/\/$/, "")}/v1/${signal}`;
    return await new Promise<Answer>((resolve, reject) => {
      const outgoing = request(url, options, (incoming) => {
        readAnswer(incoming).then(resolve, reject);
      });
      // T4: whoever waits for the answer holds the process, and not the answer.
      outgoing.once("socket", (socket) => socket.unref());
      outgoing.once("error", reject);
      outgoing.end(body);
    });
  }

  #judge({ status, retryAfter, text }: Answer): void {
    if (retryable.has(status)) {
      const afterMs = retryAfterMs(retryAfter, this.#wallMs());
      throw new SinkAway(`${this.endpoint} answers ${status}`, afterMs);
    }
    if (status < 200 || status >= 300) {
      throw new DeliveryRefused(`${this.endpoint} answers ${status}: ${text.slice(0, 200)}`);
    }
    const partial = partialSuccess(text);
    if (partial === undefined || partial.rejected === 0) return;
    const what = `${this.endpoint} did not take ${partial.rejected}: ${partial.message}`;
    throw new DeliveryRefused(what, partial.rejected);
  }
}

function endpointUrl(endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  throw new SoulMirrorError("OPTIONS_INVALID", `endpoint is ${JSON.stringify(endpoint)}, no URL`, {
    fix: "give endpoint an http:// or https:// URL without /v1/...: `http://127.0.0.1:4318`",
  });
}

async function gzipped(bytes: Buffer): Promise<Buffer> {
  const { gzip } = await import("node:zlib");
  return await new Promise((resolve, reject) => {
    gzip(bytes, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}

async function readAnswer(incoming: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let left = answerBytesMax;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    chunks.push(chunk.subarray(0, left));
    left -= chunk.length;
    // The rest of it is not read, and neither is anything else on that connection.
    if (left <= 0) break;
  }
  return {
    status: incoming.statusCode ?? 0,
    retryAfter: incoming.headers["retry-after"],
    text: Buffer.concat(chunks).toString(),
  };
}

function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

function partialSuccess(text: string): { rejected: number; message: string } | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    // A collector may answer with nothing, or with protobuf: then all was taken.
    return undefined;
  }
  const { partialSuccess: partial } = (answer ?? {}) as { partialSuccess?: unknown };
  if (typeof partial !== "object" || partial === null) return undefined;
  const { rejectedDataPoints, rejectedLogRecords, rejectedSpans, errorMessage } = partial as Record<
    string,
    unknown
  >;
  const rejected = Number(rejectedDataPoints ?? rejectedLogRecords ?? rejectedSpans ?? 0);
  const message = typeof errorMessage === "string" ? errorMessage : "no reason given";
  return Number.isFinite(rejected) ? { rejected, message } : undefined;
}

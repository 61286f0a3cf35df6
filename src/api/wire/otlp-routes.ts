/**
 * Where engines and any OpenTelemetry SDK send to: `POST /v1/metrics`, `/v1/logs`, `/v1/traces`, in
 * protobuf or JSON, plain or gzip.
 *
 * W1. Bodies are bounded as they come and as they unpack, and so is how many are read at a time:
 *     the rest is asked to come again (503 with Retry-After).
 * W2. The answer is in the form of the request: empty, or a partial success that says how many were
 *     not taken and why. Errors are a `Status` of the specification.
 * W3. What can never be taken gets a status that is not sent again (400, 401, 413, 415).
 * W4. It is open for the token of a service and for that of the data directory, never without one:
 *     what arrives here is believed.
 */
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { SoulMirrorError } from "../../kernel/index.ts";
import {
  ProtobufError,
  readOtlpProtobuf,
  readTelemetry,
  type Signal,
} from "../../targets/index.ts";
import type { House } from "../house.ts";
import { toOurs } from "./answer-error.ts";

const unpack = promisify(gunzip);

const signals: readonly Signal[] = ["metrics", "logs", "traces"];
const packedBytesMax = 2 * 1024 * 1024;
const plainBytesMax = 4 * 1024 * 1024;
const atATimeMax = 8;
const busyRetryMs = 2000;
const protobufType = "application/x-protobuf";

/** What of a message was not taken is called so. */
const rejectedNames: Readonly<Record<Signal, string>> = {
  metrics: "rejectedDataPoints",
  logs: "rejectedLogRecords",
  traces: "rejectedSpans",
};

export function addOtlpRoutes(
  app: FastifyInstance,
  house: House,
  complain: (what: string, error: unknown) => void,
): void {
  // A scope of its own: elsewhere bodies are small, and JSON is parsed before a handler sees it.
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      ["application/json", protobufType],
      { parseAs: "buffer", bodyLimit: packedBytesMax },
      (_request, body, done) => done(null, body),
    );
    scope.setErrorHandler((error, request, reply) => {
      if (answerStatus(request, reply, error)) complain(`${request.method} ${request.url}`, error);
    });
    let underWay = 0;
    for (const signal of signals) {
      scope.post(`/v1/${signal}`, { config: { access: "engine" } }, async (request, reply) => {
        if (underWay >= atATimeMax) {
          const fix = "send it again after a while";
          throw new SoulMirrorError("BUSY", "too many messages are being read", {
            fix,
            retryAfterMs: busyRetryMs,
          });
        }
        underWay += 1;
        try {
          const telemetry = readTelemetry(signal, await messageOf(signal, request));
          const taken = house.takeTelemetry(telemetry, request.caller.service);
          return await answer(reply, { signal, isBinary: isProtobuf(request), ...taken });
        } finally {
          underWay -= 1;
        }
      });
    }
  });
}

async function messageOf(signal: Signal, request: FastifyRequest): Promise<unknown> {
  const bytes = await plainBody(request);
  try {
    if (isProtobuf(request)) return readOtlpProtobuf(signal, bytes);
    const message: unknown = JSON.parse(bytes.toString());
    if (typeof message === "object" && message !== null) return message;
  } catch (error) {
    if (!(error instanceof ProtobufError || error instanceof SyntaxError)) throw error;
    throw new SoulMirrorError("BAD_REQUEST", `the message cannot be read: ${error.message}`);
  }
  throw new SoulMirrorError("BAD_REQUEST", "the message is no JSON object");
}

async function plainBody(request: FastifyRequest): Promise<Buffer> {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding === "identity") return body;
  if (encoding !== "gzip") {
    throw new StatusError(415, `the encoding ${encoding} is not known; use gzip or none`);
  }
  try {
    return await unpack(body, { maxOutputLength: plainBytesMax });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
      throw new StatusError(413, `the message unpacks to more than ${plainBytesMax} bytes`);
    }
    throw new SoulMirrorError("BAD_REQUEST", "the message is no gzip");
  }
}

/** For the few statuses that our table of errors has no word for. */
class StatusError extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

function isProtobuf({ headers }: FastifyRequest): boolean {
  return headers["content-type"]?.startsWith(protobufType) === true;
}

interface Answer {
  readonly signal: Signal;
  readonly isBinary: boolean;
  readonly rejected: number;
  readonly reason: string;
}

async function answer(reply: FastifyReply, { signal, isBinary, rejected, reason }: Answer) {
  if (isBinary) {
    const partial = rejected === 0 ? [] : [...varintField(1, rejected), ...textField(2, reason)];
    const whole = rejected === 0 ? [] : bytesField(1, Uint8Array.from(partial));
    return await reply.type(protobufType).send(Buffer.from(whole));
  }
  const partialSuccess = { [rejectedNames[signal]]: String(rejected), errorMessage: reason };
  const body = rejected === 0 ? {} : { partialSuccess };
  return await reply.type("application/json").send(JSON.stringify(body));
}

/** True when it was a fault of ours. */
function answerStatus(request: FastifyRequest, reply: FastifyReply, thrown: unknown): boolean {
  const error = toOurs(thrown);
  const given = (thrown as { statusCode?: unknown } | null)?.statusCode;
  const status = typeof given === "number" && given >= 400 && given < 500 ? given : error.status;
  if (error.retryAfterMs !== undefined) {
    void reply.header("retry-after", String(Math.ceil(error.retryAfterMs / 1000)));
  }
  if (error.code === "NOT_AUTHORIZED") void reply.header("www-authenticate", "Bearer");
  void reply.code(status);
  const message = error.fix === undefined ? error.message : `${error.message}: ${error.fix}`;
  if (isProtobuf(request)) {
    void reply.type(protobufType).send(Buffer.from(textField(2, message)));
  } else void reply.type("application/json").send(JSON.stringify({ message }));
  return error.code === "INTERNAL";
}

function textField(number: number, text: string): readonly number[] {
  return bytesField(number, Buffer.from(text));
}

function bytesField(number: number, bytes: Uint8Array): readonly number[] {
  return [number * 8 + 2, ...varint(bytes.length), ...bytes];
}

function varintField(number: number, value: number): readonly number[] {
  return [number * 8, ...varint(value)];
}

function varint(value: number): readonly number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 128)) bytes.push((left % 128) + 0x80);
  return [...bytes, left];
}

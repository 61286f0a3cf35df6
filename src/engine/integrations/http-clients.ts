/**
 * Calls that the service makes over HTTP, through `fetch`, undici and node:http: seen on Node's
 * diagnostics channels, so nothing is patched and no request is changed. Every one is a call of the
 * operation `http <host> <METHOD>`.
 *
 * H1. A call ends with the last byte of the answer's body, or with the error.
 * H2. 4xx and 5xx are told by their status, with `Retry-After`; a body that breaks off failed, one
 *     that the caller does not want to the end is cancelled.
 * H3. What is thrown in here never reaches the service: an error in a subscriber would end it.
 * H4. After `stop`, nothing is subscribed and no further call is seen.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ClientRequest, IncomingMessage } from "node:http";
import { callbackOption, checkOptions, optionsOf, wholeOption } from "../../kernel/index.ts";
import type { OpenCall } from "../operation.ts";
import { realTools } from "../real-tools.ts";
import { currentRequestIds } from "../request-ids.ts";
import { HttpAnswerError, leftError, TruncatedError } from "./answer-error.ts";
import { type Metering, OperationMeters } from "./operation-meters.ts";
import { retryAfterMs } from "./retry-after.ts";

export interface HttpClientOptions {
  /** Hosts (`api.example.com:8443`) that are not measured, such as the collector's. */
  readonly ignore?: (host: string) => boolean;
  /** How many operations there may be; further ones are counted together: 200. */
  readonly operationsMax?: number;
}

const shape = optionsOf({
  ignore: callbackOption<(host: string) => boolean>(),
  operationsMax: wholeOption({ min: 1, max: 100_000 }),
});

interface UnderWay {
  readonly call: OpenCall;
  readonly host: string;
  answered?: { readonly status: number; readonly retryAfterMs: number | undefined };
}

interface UndiciRequest {
  readonly origin?: string | URL;
  readonly method?: string;
  readonly upgrade?: unknown;
}

interface Message {
  readonly request: object;
  readonly response?: unknown;
  readonly error?: unknown;
}

/**
 * Measures the HTTP calls of this process, whoever makes them, until the returned function is
 * called.
 *
 * Upgrades (WebSocket) and CONNECT are not measured. A body that is never read keeps its call in
 * flight, as it keeps its connection. With a middleware that carries ids, failures name who asked.
 */
export function watchHttpClients(engine: Metering, options: HttpClientOptions = {}): () => void {
  const { operationsMax = 200, ignore } = checkOptions("watchHttpClients", options, shape);
  const meters = new OperationMeters(engine, { operationsMax, other: "http other" });
  const underWay = new WeakMap<object, UnderWay>();

  const begin = (request: object, host: string, method: string): void => {
    if (host === "" || method === "CONNECT" || ignore?.(host) === true) return;
    const call = meters.of(`http ${host} ${method}`).begin(currentRequestIds());
    underWay.set(request, { call, host });
  };
  const end = (request: object): void => {
    const mine = underWay.get(request);
    if (mine === undefined) return;
    const { call, host, answered } = mine;
    if (answered === undefined || answered.status < 400) call.succeed();
    else call.fail(new HttpAnswerError(`${host} answered ${answered.status}`, answered));
  };
  const answered = (request: object, status: number, retryAfter: string | undefined): void => {
    const mine = underWay.get(request);
    if (mine === undefined) return;
    mine.answered = { status, retryAfterMs: retryAfterMs(retryAfter, realTools.wallMs()) };
  };
  const listeners: Readonly<Record<string, (message: Message) => void>> = {
    "undici:request:create": ({ request }) => {
      const { origin, method = "GET", upgrade } = request as UndiciRequest;
      if (upgrade || origin === undefined) return;
      begin(request, new URL(origin).host, method);
    },
    "undici:request:headers": ({ request, response }) => {
      const { statusCode, headers } = response as { statusCode: number; headers: unknown };
      answered(request, statusCode, undiciHeader(headers, "retry-after"));
    },
    "undici:request:trailers": ({ request }) => end(request),
    "undici:request:error": ({ request, error }) => underWay.get(request)?.call.fail(error),
    "http.client.request.start": ({ request }) => {
      const { host, method } = request as ClientRequest;
      // Where it is granted, nothing says when it ends.
      if ((request as ClientRequest).getHeader("upgrade") !== undefined) return;
      begin(request, hostOf(request as ClientRequest) ?? host, method);
    },
    "http.client.request.error": ({ request, error }) => underWay.get(request)?.call.fail(error),
    "http.client.response.finish": ({ request, response }) => {
      const answer = response as IncomingMessage;
      const mine = underWay.get(request);
      if (mine === undefined) return;
      answered(request, answer.statusCode ?? 0, answer.headers["retry-after"]);
      // A listener for `close` neither starts the flow of the body nor keeps anything open.
      answer.once("close", () => {
        if (answer.complete) end(request);
        else mine.call.fail(wasLeft(answer) ? leftError(mine.host) : new TruncatedError(mine.host));
      });
    },
  };
  const subscriptions = Object.entries(listeners).map(([name, listen]) => {
    const subscriber = (message: unknown): void => {
      try {
        listen(message as Message);
      } catch {
        // H3. What cannot be measured is not measured.
      }
    };
    subscribe(name, subscriber);
    return { name, subscriber };
  });
  return () => {
    for (const { name, subscriber } of subscriptions.splice(0)) unsubscribe(name, subscriber);
  };
}

/** With its port, as the caller has written it. */
function hostOf(request: ClientRequest): string | undefined {
  const header = request.getHeader("host");
  return typeof header === "string" ? header : undefined;
}

/** Node marks an answer whose request was destroyed by the caller; an end by the server is not. */
function wasLeft(answer: IncomingMessage): boolean {
  return (answer as unknown as Record<string, unknown>)["_dumped"] === true;
}

/** A flat list of names and values, as bytes. */
function undiciHeader(headers: unknown, name: string): string | undefined {
  if (!Array.isArray(headers)) return undefined;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (String(headers[index]).toLowerCase() === name) return String(headers[index + 1]);
  }
  return undefined;
}

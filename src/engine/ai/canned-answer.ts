/**
 * An answer that no provider has given, in the client's own hands: it is read by the client itself,
 * as if it had come over the wire, so that it has all that its answers have (streams, helpers).
 */
import { type ClientLike, callMethod } from "./client-like.ts";
import type { ClientMethod } from "./client-methods.ts";
import type { CallablePromise } from "./client-promise.ts";
import { read } from "./shape.ts";

export interface CannedCall {
  readonly method: ClientMethod;
  readonly body: unknown;
}

/** `answer` is an object, or the list of the chunks of a stream. */
export function answerFrom(
  client: ClientLike,
  { method, body }: CannedCall,
  answer: unknown,
): CallablePromise {
  const isStream = method.kind !== undefined && read(body, "stream") === true;
  const fetch = async (): Promise<Response> =>
    isStream ? eventStream(answer) : Response.json(answer);
  const withOptions = read(client, "withOptions") as (options: object) => ClientLike;
  const canned = withOptions.call(client, { fetch, maxRetries: 0 });
  return callMethod(canned, method, [body, {}]);
}

function eventStream(answer: unknown): Response {
  const chunks: readonly unknown[] = Array.isArray(answer) ? answer : [answer];
  const events = [...chunks.map((chunk) => JSON.stringify(chunk)), "[DONE]"];
  const text = events.map((event) => `data: ${event}\n\n`).join("");
  return new Response(text, { headers: { "content-type": "text/event-stream" } });
}

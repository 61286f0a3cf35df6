/** Every way in which a provider is known to fail, and what has to become of it. */
import type { ErrorCategory } from "../../../src/resilience/index.ts";
import type { Behaviour, Break } from "./provider-server.ts";

export interface Misbehaviour {
  readonly name: string;
  readonly behaviour: Behaviour;
  readonly category: ErrorCategory;
  /** Whether another provider is asked. */
  readonly goesOn: boolean;
}

function refusal(status: number, code: string, message: string): Behaviour {
  const type = status === 429 ? "requests" : "invalid_request_error";
  return { kind: "refuse", status, body: { error: { message, type, param: null, code } } };
}

const html = "<html><h1>Bad gateway</h1></html>";

export const misbehaviours: readonly Misbehaviour[] = [
  {
    name: "429, slow down",
    behaviour: refusal(429, "rate_limit_exceeded", "Rate limit reached for requests"),
    category: "rate_limit",
    goesOn: true,
  },
  {
    name: "429, the money is used up",
    behaviour: refusal(429, "insufficient_quota", "You exceeded your current quota"),
    category: "quota_exceeded",
    goesOn: true,
  },
  {
    name: "402, as DeepSeek says it",
    behaviour: refusal(402, "invalid_request_error", "Insufficient Balance"),
    category: "quota_exceeded",
    goesOn: true,
  },
  {
    name: "400, too long",
    behaviour: refusal(400, "context_length_exceeded", "This model's maximum context length is 8"),
    category: "context_length",
    goesOn: true,
  },
  {
    name: "400, refused content",
    behaviour: refusal(400, "content_policy_violation", "Your request was rejected"),
    category: "content_policy",
    goesOn: false,
  },
  {
    name: "400, filtered content, as Azure says it",
    behaviour: refusal(400, "content_filter", "The response was filtered"),
    category: "content_policy",
    goesOn: false,
  },
  {
    name: "400, a wrong request",
    behaviour: refusal(400, "invalid_value", "Invalid value for 'temperature'"),
    category: "client_error",
    goesOn: false,
  },
  {
    name: "404, no such model",
    behaviour: refusal(404, "model_not_found", "The model does not exist"),
    category: "client_error",
    goesOn: true,
  },
  {
    name: "401, a wrong key",
    behaviour: refusal(401, "invalid_api_key", "Incorrect API key provided"),
    category: "auth",
    goesOn: true,
  },
  ...[500, 502, 503].map((status) => ({
    name: `${status} with a page for people`,
    behaviour: { kind: "refuse", status, body: html } as const,
    category: "server_error" as const,
    goesOn: true,
  })),
  { name: "silence", behaviour: { kind: "hang" }, category: "timeout", goesOn: true },
  { name: "headers alone", behaviour: { kind: "headers" }, category: "timeout", goesOn: true },
  {
    name: "a broken connection",
    behaviour: { kind: "reset" },
    category: "connection_reset",
    goesOn: true,
  },
];

/** With status 200, and no answer all the same; for answers that are not streamed. */
export const badAnswers: readonly Misbehaviour[] = [
  {
    name: "an error in the body of a 200",
    behaviour: {
      kind: "body",
      body: JSON.stringify({ error: { message: "we are overloaded", type: "server_error" } }),
    },
    category: "server_error",
    goesOn: true,
  },
  {
    name: "a spent quota in the body of a 200",
    behaviour: {
      kind: "body",
      body: JSON.stringify({ error: { message: "none left", code: "insufficient_quota" } }),
    },
    category: "quota_exceeded",
    goesOn: true,
  },
  {
    name: "half a body",
    behaviour: { kind: "body", body: '{"id": "c", "choices": [' },
    category: "server_error",
    goesOn: true,
  },
  {
    name: "a page for people with status 200",
    behaviour: { kind: "body", body: html, type: "text/html" },
    category: "server_error",
    goesOn: true,
  },
  {
    name: "an empty body",
    behaviour: { kind: "body", body: "" },
    category: "server_error",
    goesOn: true,
  },
];

/** How a stream ends that does not end well. */
export const breaks: readonly (readonly [string, Break])[] = [
  ["stalls", "stall"],
  ["is reset", "reset"],
  ["ends clean without [DONE]", "end"],
  ["says [DONE] and has finished nothing", "done"],
  ["tells of an error", { error: { message: "boom", type: "server_error", code: null } }],
];

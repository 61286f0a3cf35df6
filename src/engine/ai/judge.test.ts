/** Errors as the real packages make them, and what is made of them. */
import { APICallError } from "@ai-sdk/provider";
import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import { AllFailedError, CallTimeoutError, type ErrorCategory } from "../../resilience/index.ts";
import { AnswerError, failureOf } from "./answer-error.ts";
import { judgeFailOver } from "./fail-over-rule.ts";
import { createJudge } from "./judge.ts";

const judge = createJudge(() => Date.UTC(2026, 0, 1));

interface Refusal {
  readonly status: number;
  readonly code?: string;
  readonly type?: string;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function ofOpenai({ status, headers, ...error }: Refusal): unknown {
  return OpenAI.APIError.generate(status, { error }, undefined, new Headers(headers));
}

function ofAiSdk({ status, headers, ...error }: Refusal): unknown {
  return new APICallError({
    message: error.message ?? "refused",
    url: "http://a",
    requestBodyValues: {},
    statusCode: status,
    responseBody: JSON.stringify({ error }),
    data: { error },
    ...(headers === undefined ? {} : { responseHeaders: headers }),
  });
}

const refusals: readonly (readonly [ErrorCategory, "provider" | "request", Refusal])[] = [
  ["rate_limit", "provider", { status: 429, code: "rate_limit_exceeded", type: "requests" }],
  ["rate_limit", "provider", { status: 429, message: "slow down" }],
  ["quota_exceeded", "provider", { status: 429, code: "insufficient_quota" }],
  ["quota_exceeded", "provider", { status: 402, code: "invalid_request_error" }],
  ["auth", "provider", { status: 401, code: "invalid_api_key" }],
  [
    "auth",
    "provider",
    { status: 401, type: "authentication_error", code: "invalid_request_error" },
  ],
  ["auth", "provider", { status: 403, message: "Country not supported" }],
  ["context_length", "request", { status: 400, code: "context_length_exceeded" }],
  ["context_length", "request", { status: 400, message: "prompt is too long: 9 tokens" }],
  ["content_policy", "request", { status: 400, code: "content_filter" }],
  ["client_error", "request", { status: 400, type: "invalid_request_error" }],
  ["client_error", "request", { status: 422 }],
  ["client_error", "provider", { status: 404, code: "model_not_found" }],
  ["server_error", "provider", { status: 500, type: "server_error" }],
  ["server_error", "provider", { status: 503 }],
  ["server_error", "provider", { status: 529, type: "overloaded_error" }],
  ["timeout", "provider", { status: 504 }],
];

describe("a refusal", () => {
  it.each(refusals)("%s of the %s: %j", (category, scope, refusal) => {
    for (const error of [ofOpenai(refusal), ofAiSdk(refusal)]) {
      expect(judge(error)).toMatchObject({ category, scope });
      // Only what is the provider's counts against it, but a wrong name is nobody's fault.
      const isFault = scope === "provider" && refusal.status !== 404;
      expect(judge(error).isFault).toBe(isFault);
    }
  });

  it.each([
    [{ "retry-after-ms": "1500" }, 1_500],
    [{ "retry-after": "2" }, 2_000],
    [{ "retry-after": "Thu, 01 Jan 2026 00:00:09 GMT" }, 9_000],
  ])("that says when to come back: %j", (headers, retryAfterMs) => {
    const refusal = { status: 429, headers };
    expect(judge(ofOpenai(refusal)).retryAfterMs).toBe(retryAfterMs);
    expect(judge(ofAiSdk(refusal)).retryAfterMs).toBe(retryAfterMs);
    // Also where the word and the status do not agree.
    const unclear = { ...refusal, code: "invalid_request_error" };
    expect(judge(ofOpenai(unclear))).toMatchObject({ category: "rate_limit", retryAfterMs });
  });
});

describe("what is no refusal", () => {
  it("is judged by its own category, or by the words of the provider inside an answer", () => {
    expect(judge(new AnswerError("truncated_stream", "cut"))).toMatchObject({
      category: "truncated_stream",
      isFault: true,
      scope: "provider",
    });
    expect(judge(new AnswerError("content_policy", "filtered")).isFault).toBe(false);
    expect(judge(failureOf({ code: "insufficient_quota" })).category).toBe("quota_exceeded");
    expect(judge(failureOf({ message: "x", type: "server_error" })).category).toBe("server_error");
    expect(judge(new CallTimeoutError("llm:a", 5)).category).toBe("timeout");
  });

  it("is looked for inside an answer with status 200 that the AI SDK could not read", () => {
    const error = new APICallError({
      message: "Invalid JSON response",
      url: "http://a",
      requestBodyValues: {},
      statusCode: 200,
      responseBody: JSON.stringify({ error: { code: "insufficient_quota" } }),
    });
    expect(judge(error).category).toBe("quota_exceeded");
  });

  it("is not judged by what an error of ours says to the clients of this service", () => {
    const errors = [Object.assign(new Error("no such field"), { status: 400 })];
    const inner = new AllFailedError("inner", { asked: ["llm:a"], errors });
    expect(inner.status).toBe(503);
    expect(judge(inner)).toMatchObject({ category: "client_error", scope: "request" });
  });

  it("may be anything that can be thrown", () => {
    for (const thrown of [undefined, null, 5, "no", Object.create(null), new Proxy({}, hostile)]) {
      expect(judge(thrown).category).toBe("unknown");
    }
  });
});

const hostile: ProxyHandler<object> = {
  get: () => {
    throw new Error("do not look at me");
  },
};

describe("the rule of failing over", () => {
  it("can be told otherwise, but not that somebody goes on for a caller who has given up", () => {
    const filtered = judge(new AnswerError("content_policy", "filtered"));
    expect(judgeFailOver(filtered).goesOn).toBe(false);
    expect(judgeFailOver(filtered, { content_policy: true }).goesOn).toBe(true);
    const broken = judge(ofOpenai({ status: 500 }));
    expect(judgeFailOver(broken).goesOn).toBe(true);
    expect(judgeFailOver(broken, { server_error: false }).goesOn).toBe(false);
    const left = judge(new DOMException("left", "AbortError"));
    expect(judgeFailOver(left, { cancelled: true }).goesOn).toBe(false);
  });
});

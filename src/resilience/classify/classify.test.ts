import { describe, expect, it } from "vitest";
import type { Judgement } from "../category.ts";
import {
  AllFailedError,
  BulkheadError,
  CallTimeoutError,
  CircuitBreakerError,
  RateLimitError,
} from "../errors.ts";
import { createClassify, judgeCall } from "./classify.ts";

const classify = createClassify(() => 0);

function error(fields: object, message = "it failed"): Error {
  return Object.assign(new Error(message), fields);
}

function named(name: string, message = "it failed", fields: object = {}): Error {
  return error({ name, ...fields }, message);
}

/** Category, then `f`ault, `t`ransient, `n`ever started. */
function short(judgement: Judgement): string {
  const { category, isFault, isTransient, neverStarted } = judgement;
  return `${category} ${isFault ? "f" : "-"}${isTransient ? "t" : "-"}${neverStarted ? "n" : "-"}`;
}

const refused = error({ code: "ECONNREFUSED", syscall: "connect" });

const openaiQuota = error({
  status: 429,
  code: "insufficient_quota",
  type: "insufficient_quota",
  error: { message: "You exceeded your current quota", code: "insufficient_quota" },
});

describe("each error gets the category that its maker means", () => {
  it.each<[string, unknown, string]>([
    [
      "a refused connection",
      error({ code: "ECONNREFUSED", syscall: "connect" }),
      "connection_refused ftn",
    ],
    [
      "a refused datagram",
      error({ code: "ECONNREFUSED", syscall: "send" }),
      "connection_reset ft-",
    ],
    ["no such host", error({ code: "ENOTFOUND", syscall: "getaddrinfo" }), "dns_error ftn"],
    ["a name server that is busy", error({ code: "EAI_AGAIN" }), "dns_error ftn"],
    [
      "a socket file that is not there",
      error({ code: "ENOENT", syscall: "connect" }),
      "connection_refused ftn",
    ],
    ["a file that is not there", error({ code: "ENOENT", syscall: "open" }), "client_error ---"],
    [
      "a connect that took too long",
      error({ code: "ETIMEDOUT", syscall: "connect" }),
      "timeout ftn",
    ],
    ["a read that took too long", error({ code: "ETIMEDOUT", syscall: "read" }), "timeout ft-"],
    [
      "unreachable while connecting",
      error({ code: "EHOSTUNREACH", syscall: "connect" }),
      "connection_refused ftn",
    ],
    [
      "unreachable in the middle",
      error({ code: "EHOSTUNREACH", syscall: "read" }),
      "connection_reset ft-",
    ],
    ["a reset", error({ code: "ECONNRESET" }, "socket hang up"), "connection_reset ft-"],
    [
      "an answer that was cut off",
      error({ code: "ECONNRESET" }, "aborted"),
      "truncated_stream ft-",
    ],
    ["a bad certificate", error({ code: "CERT_HAS_EXPIRED" }), "connection_refused f-n"],
    [
      "fetch, refused",
      error({ name: "TypeError", cause: error({ code: "ECONNREFUSED" }) }, "fetch failed"),
      "connection_refused ftn",
    ],
    ["fetch, for no known reason", new TypeError("fetch failed"), "connection_reset ft-"],
    [
      "fetch, cut off while reading",
      new TypeError("terminated", { cause: error({ code: "UND_ERR_SOCKET" }) }),
      "connection_reset ft-",
    ],
    [
      "undici: no connection in time",
      named("ConnectTimeoutError", "x", { code: "UND_ERR_CONNECT_TIMEOUT" }),
      "timeout ftn",
    ],
    ["undici: no headers in time", error({ code: "UND_ERR_HEADERS_TIMEOUT" }), "timeout ft-"],
    [
      "undici: fewer bytes than said",
      error({ code: "UND_ERR_RES_CONTENT_LENGTH_MISMATCH" }),
      "truncated_stream ft-",
    ],
    [
      "both addresses refused, as Node says it",
      error({ code: "ECONNREFUSED", errors: [refused, refused] }),
      "connection_refused ftn",
    ],
    [
      "both addresses refused, as fetch says it",
      new TypeError("fetch failed", {
        cause: error({ code: "ECONNREFUSED", errors: [refused, refused] }),
      }),
      "connection_refused ftn",
    ],
    [
      "two of somebody's own, both refused",
      new AggregateError([refused, refused]),
      "connection_refused ft-",
    ],
    [
      "refused by its code, and one of its parts was cut off",
      error({ code: "ECONNREFUSED", errors: [refused, error({ code: "ECONNRESET" })] }),
      "connection_refused ft-",
    ],
    [
      "refused by a code that was copied from its cause",
      Object.assign(new Error("the second step failed", { cause: refused }), {
        code: "ECONNREFUSED",
      }),
      "connection_refused ft-",
    ],
    [
      "refused inside of what stopped a fetch",
      new TypeError("fetch failed", { cause: new Error("no", { cause: refused }) }),
      "connection_refused ft-",
    ],
    [
      "a TypeError of somebody else around a refusal",
      new TypeError("it cannot be sent", { cause: refused }),
      "connection_refused ft-",
    ],
    [
      "a client that has tried several times itself",
      named("APIConnectionError", "Connection error.", {
        cause: new TypeError("fetch failed", { cause: refused }),
      }),
      "connection_refused ft-",
    ],
    [
      "axios, refused",
      named("AxiosError", "", { code: "ECONNREFUSED", cause: refused }),
      "connection_refused ftn",
    ],
    [
      "pg: its pool, by its own words",
      new Error("Connection terminated due to connection timeout", { cause: new Error("ended") }),
      "timeout ftn",
    ],
    [
      "all of ours refused",
      new AllFailedError("a", { asked: ["b"], errors: [refused] }),
      "connection_refused ft-",
    ],
    [
      "one refused, one cut off",
      new AggregateError([error({ code: "ECONNREFUSED" }), error({ code: "ECONNRESET" })]),
      "connection_reset ft-",
    ],
    ["a 400", error({ status: 400 }), "client_error ---"],
    ["a 401", error({ statusCode: 401 }), "auth ---"],
    ["a 402", error({ status: 402 }, "Insufficient Balance"), "quota_exceeded f--"],
    ["a 403", error({ status: 403 }), "auth ---"],
    ["a 404", error({ status: 404 }), "client_error ---"],
    ["a 408", error({ status: 408 }), "timeout ft-"],
    ["a 429", error({ status: 429 }), "rate_limit ft-"],
    ["a 500", error({ status: 500 }), "server_error ft-"],
    ["a 501", error({ status: 501 }), "server_error f--"],
    [
      "a 503 of axios",
      error({ code: "ERR_BAD_RESPONSE", response: { status: 503 } }),
      "server_error ft-",
    ],
    ["a 504", error({ status: 504 }), "timeout ft-"],
    ["a 529", error({ status: 529 }), "server_error ft-"],
    ["openai: no money left", openaiQuota, "quota_exceeded f--"],
    [
      "openai: too fast",
      error({ status: 429, code: "rate_limit_exceeded" }, "429 Rate limit reached"),
      "rate_limit ft-",
    ],
    [
      "openai: too long",
      error({ status: 400, code: "context_length_exceeded" }),
      "context_length ---",
    ],
    [
      "openai: not allowed",
      error({ status: 400, code: "content_policy_violation" }),
      "content_policy ---",
    ],
    ["openai: a wrong key", error({ status: 401, code: "invalid_api_key" }), "auth ---"],
    [
      "openai, in the middle of a stream",
      error({ error: { type: "server_error" }, type: "server_error" }),
      "server_error ft-",
    ],
    [
      "ai: too long, by its data",
      named("AI_APICallError", "x", {
        statusCode: 400,
        data: { error: { code: "context_length_exceeded" } },
      }),
      "context_length ---",
    ],
    [
      "ai: filtered, by its body",
      named("AI_APICallError", "x", {
        statusCode: 400,
        responseBody: '{"error":{"message":"triggered the content management policy"}}',
      }),
      "content_policy ---",
    ],
    [
      "ai: retried in vain",
      named("AI_RetryError", "x", { errors: [error({ statusCode: 503 }), openaiQuota] }),
      "quota_exceeded ft-",
    ],
    ["ai: an empty body", named("AI_EmptyResponseBodyError"), "truncated_stream ft-"],
    ["ai: no key", named("AI_LoadAPIKeyError"), "auth ---"],
    [
      "anthropic: too long",
      error(
        { status: 400, error: { error: { type: "invalid_request_error" } } },
        "prompt is too long: 209000 tokens",
      ),
      "context_length ---",
    ],
    [
      "anthropic: overloaded in a stream",
      error({ error: { error: { type: "overloaded_error" } } }),
      "server_error ft-",
    ],
    [
      "gemini: the limit of a minute",
      error({ status: 429 }, "You exceeded your current quota. Please retry in 34s"),
      "rate_limit ft-",
    ],
    [
      "pg: the pool is full",
      new Error("timeout exceeded when trying to connect"),
      "pool_exhausted ftn",
    ],
    ["pg: the server is full", error({ code: "53300", severity: "FATAL" }), "pool_exhausted ftn"],
    ["pg: it starts", error({ code: "57P03", severity: "FATAL" }), "server_error ftn"],
    ["pg: a broken constraint", error({ code: "23505", severity: "ERROR" }), "client_error ---"],
    ["pg: a deadlock", error({ code: "40P01", severity: "ERROR" }), "server_error -t-"],
    ["pg: cut off", new Error("Connection terminated unexpectedly"), "connection_reset ft-"],
    ["pg: a wrong password", error({ code: "28P01", severity: "FATAL" }), "auth ---"],
    [
      "pg: the statement took too long",
      error({ code: "57014", severity: "ERROR" }, "canceling statement due to statement timeout"),
      "timeout ft-",
    ],
    ["prisma: a broken constraint", error({ code: "P2002" }), "client_error ---"],
    ["prisma: cannot be reached", error({ code: "P1001" }), "connection_refused ftn"],
    [
      "prisma: what the driver said of a raw query",
      error({ code: "P2010", meta: { driverAdapterError: { cause: { originalCode: "42703" } } } }),
      "client_error ---",
    ],
    ["mysql: the pool is full", new Error("Queue limit reached."), "pool_exhausted ftn"],
    [
      "mysql: the server is full",
      error({ code: "ER_CON_COUNT_ERROR", sqlState: "08004" }),
      "pool_exhausted ftn",
    ],
    [
      "mysql: some constraint",
      error({ code: "ER_SOMETHING", sqlState: "23000" }),
      "client_error ---",
    ],
    [
      "mysql: cut off",
      error({ code: "PROTOCOL_CONNECTION_LOST", fatal: true }),
      "connection_reset ft-",
    ],
    [
      "redis: cut off, which it calls aborted",
      named("AbortError", "Command aborted due to connection close"),
      "connection_reset ft-",
    ],
    [
      "redis: not connected",
      new Error("Stream isn't writeable and enableOfflineQueue options is false"),
      "connection_refused ftn",
    ],
    [
      "redis: it loads",
      named("ReplyError", "LOADING Redis is loading the dataset in memory"),
      "server_error ftn",
    ],
    [
      "redis: a wrong type",
      named("ReplyError", "WRONGTYPE Operation against a key"),
      "client_error ---",
    ],
    ["redis: gave up", named("MaxRetriesPerRequestError"), "connection_reset ft-"],
    [
      "knex: the pool is full",
      named("KnexTimeoutError", "Knex: Timeout acquiring a connection. The pool"),
      "pool_exhausted ftn",
    ],
    [
      "mongo: nobody answers",
      named("MongoServerSelectionError", "x", {
        cause: named("MongoNetworkError", "x", { cause: error({ code: "ECONNREFUSED" }) }),
      }),
      "connection_refused ft-",
    ],
    [
      "mongo: it is there already",
      named("MongoServerError", "E11000", { code: 11_000 }),
      "client_error ---",
    ],
    ["trpc: not valid", named("TRPCError", "x", { code: "BAD_REQUEST" }), "trpc_error ---"],
    [
      "trpc: an error of a procedure",
      named("TRPCError", "boom", { code: "INTERNAL_SERVER_ERROR" }),
      "trpc_error ft-",
    ],
    [
      "trpc: what stopped a procedure",
      named("TRPCError", "x", {
        code: "INTERNAL_SERVER_ERROR",
        cause: error({ code: "ECONNRESET" }),
      }),
      "connection_reset ft-",
    ],
    ["trpc: too fast", named("TRPCError", "x", { code: "TOO_MANY_REQUESTS" }), "rate_limit ft-"],
    ["an abort", new DOMException("This operation was aborted", "AbortError"), "cancelled ---"],
    [
      "an abort of openai",
      new (class APIUserAbortError extends Error {})("Request was aborted."),
      "cancelled ---",
    ],
    [
      "a timeout of the platform",
      new DOMException("it took too long", "TimeoutError"),
      "timeout ft-",
    ],
    ["a mistake in the program", new TypeError("x is not a function"), "client_error ---"],
    ["a number out of range", new RangeError("x"), "client_error ---"],
    ["a value that is not valid", named("ZodError", "[]"), "client_error ---"],
    ["our timeout", new CallTimeoutError("a", 5), "timeout ft-"],
    ["our circuit", new CircuitBreakerError("a", 70), "rejected -tn"],
    ["our bulkhead", new BulkheadError("a", 1, 0), "rejected -tn"],
    ["our rate limit", new RateLimitError("a", 9), "rejected -tn"],
    [
      "all of ours failed",
      new AllFailedError("a", { asked: ["b"], errors: [error({ status: 500 })] }),
      "server_error ft-",
    ],
    ["only a message: rate limit", new Error("Rate limit hit"), "rate_limit ft-"],
    ["only a message: quota", new Error("quota is used up"), "quota_exceeded f--"],
    [
      "only a message: refused, which proves nothing",
      new Error("connect ECONNREFUSED 127.0.0.1:1"),
      "connection_refused ft-",
    ],
    ["a text that was thrown", "request timed out", "timeout ft-"],
    ["nothing known", new Error("boom"), "unknown ft-"],
    ["nothing at all", undefined, "unknown ft-"],
    ["a number", 42, "unknown ft-"],
  ])("%s", (_what, thrown, expected) => {
    expect(short(classify(thrown))).toBe(expected);
  });

  it("an error of an application around a refused connection does not prove that nothing was begun", () => {
    const outer = new Error("the second step failed", { cause: error({ code: "ECONNREFUSED" }) });
    expect(short(classify(outer))).toBe("connection_refused ft-");
  });
});

describe("a caller who gave up", () => {
  it("makes whatever he gave as the reason a cancellation", () => {
    const giveUp = new AbortController();
    const reason = error({ status: 500 });
    expect(judgeCall(classify, reason, giveUp.signal).category).toBe("server_error");
    giveUp.abort(reason);
    expect(short(judgeCall(classify, reason, giveUp.signal))).toBe("cancelled ---");
    const wrapped = new Error("stopped", { cause: reason });
    expect(short(judgeCall(classify, wrapped, giveUp.signal))).toBe("cancelled ---");
  });

  it("is not told of a timeout that his own signal made", () => {
    const giveUp = new AbortController();
    giveUp.abort(new DOMException("late", "TimeoutError"));
    const seen = new DOMException("The operation timed out", "TimeoutError");
    expect(judgeCall(classify, seen, giveUp.signal).category).toBe("cancelled");
  });
});

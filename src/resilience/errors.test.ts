import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { createClassify } from "./classify/classify.ts";
import {
  AllFailedError,
  BulkheadError,
  CallTimeoutError,
  CircuitBreakerError,
  isPolicyError,
  RateLimitError,
} from "./errors.ts";

const classify = createClassify(() => 0);
const refused = Object.assign(new Error("no"), { status: 400 });

describe("P1: what HTTP servers read of a policy's error", () => {
  it.each([
    [new CircuitBreakerError("a", 1200), 503, "2"],
    [new CircuitBreakerError("a", 0), 503, "1"],
    [new CircuitBreakerError("a"), 503, undefined],
    [new BulkheadError("a", 1, 0), 503, undefined],
    [new RateLimitError("a", 10), 503, "1"],
    [new AllFailedError("a", { asked: ["b"], errors: [], retryAfterMs: 60_000 }), 503, "60"],
    [new CallTimeoutError("a", 50), 504, undefined],
  ] as const)("%s: %d, to come back in %s s", (error, status, seconds) => {
    expect(error.status).toBe(status);
    expect(error.headers?.["retry-after"]).toBe(seconds);
  });

  it("is printed, listed and made JSON of as if it were not there", () => {
    const error = new CircuitBreakerError("a", 1200);
    expect(inspect(error)).not.toMatch(/503|retry-after/);
    expect(Object.keys(error)).toEqual(["code", "operation", "fix", "name", "retryAfterMs"]);
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: "CircuitBreakerError",
      code: "CIRCUIT_OPEN",
      operation: "a",
      fix: "wait until it has closed, or give the call a fallback",
      retryAfterMs: 1200,
    });
  });

  it("leaves the judgement what it was", () => {
    expect(classify(new CircuitBreakerError("a", 1200))).toMatchObject({
      category: "rejected",
      isFault: false,
      retryAfterMs: 1200,
    });
    expect(classify(new CircuitBreakerError("a")).retryAfterMs).toBeUndefined();
    expect(classify(new CallTimeoutError("a", 50)).category).toBe("timeout");
    const all = new AllFailedError("a", { asked: ["b"], errors: [refused], retryAfterMs: 1 });
    expect(classify(all)).toMatchObject({ category: "client_error", isFault: false });
    expect(classify(all).retryAfterMs).toBeUndefined();
  });

  it("says nothing where a copy of such an error says nonsense", () => {
    const odd = { code: "RATE_LIMITED", operation: "a", retryAfterMs: "soon" };
    expect(isPolicyError(odd)).toBe(true);
    expect(classify(odd)).toMatchObject({ category: "rejected" });
    expect(classify(odd).retryAfterMs).toBeUndefined();
  });
});

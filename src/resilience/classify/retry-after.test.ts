import { describe, expect, it } from "vitest";
import { CircuitBreakerError } from "../errors.ts";
import { createClassify } from "./classify.ts";

/** 2026-11-22 12:00:00 UTC. */
const wallMs = 1_795_348_800_000;
const classify = createClassify(() => wallMs);

function error(fields: object, message = "it failed"): Error {
  return Object.assign(new Error(message), fields);
}

describe("a dependency says when to come back", () => {
  it.each<[string, object, number | undefined]>([
    ["seconds", { headers: { "Retry-After": "7" } }, 7000],
    ["seconds in a Headers", { headers: new Headers({ "retry-after": "1.5" }) }, 1500],
    [
      "milliseconds before seconds",
      { headers: { "retry-after": "7", "retry-after-ms": "250" } },
      250,
    ],
    ["a date", { headers: { "retry-after": "Sun, 22 Nov 2026 12:00:30 GMT" } }, 30_000],
    [
      "a date by the server's own clock",
      {
        headers: {
          "retry-after": "Fri, 01 Mar 2024 00:00:10 GMT",
          date: "Wed, 28 Feb 2024 23:59:50 GMT",
        },
      },
      86_420_000,
    ],
    ["a date that is over", { headers: { "retry-after": "Sun, 22 Nov 2026 11:00:00 GMT" } }, 0],
    ["headers of the AI SDK", { responseHeaders: { "retry-after": "2" } }, 2000],
    ["headers of axios", { response: { headers: { "retry-after": "3" } } }, 3000],
    ["several values", { headers: { "retry-after": ["4", "5"] } }, 4000],
    ["nonsense", { headers: { "retry-after": "soon" } }, undefined],
    ["below zero", { headers: { "retry-after": "-3" } }, undefined],
    ["no headers", {}, undefined],
  ])("%s", (_what, fields, expected) => {
    expect(classify(error({ status: 429, ...fields })).retryAfterMs).toBe(expected);
  });

  it("our own errors do, too, and so does the error inside another", () => {
    expect(classify(new CircuitBreakerError("a", 70)).retryAfterMs).toBe(70);
    const inner = error({ status: 503, headers: { "retry-after": "1" } });
    expect(classify(new Error("outer", { cause: inner })).retryAfterMs).toBe(1000);
  });
});

import { expect, it } from "vitest";
import type { Decision } from "../decision.ts";
import { RateLimitError } from "../errors.ts";
import { ManualTools, outcome } from "../manual-tools.ts";
import { RateLimit } from "./rate-limit.ts";

it("refuses what is too fast, and says when to come back", async () => {
  const tools = new ManualTools();
  const limit = new RateLimit({ name: "api", limit: 2, perMs: 1000 }, tools);
  const decisions: Decision[] = [];
  limit.on(({ decision }) => decisions.push(decision));
  const found = [1, 2, 3].map((call) => outcome(limit.execute(() => call)));
  await tools.settle();
  expect(found.map((each) => each.value)).toEqual([1, 2, undefined]);
  expect(found[2]?.error).toBeInstanceOf(RateLimitError);
  expect(found[2]?.error).toMatchObject({ retryAfterMs: 500, operation: "api" });
  expect(decisions).toMatchObject([{ kind: "rejected", by: "rate_limit", retryAfterMs: 500 }]);
  await tools.advance(500);
  const later = outcome(limit.execute(() => 4));
  await tools.settle();
  expect(later.value).toBe(4);
  expect(limit.report()).toEqual({ waiting: 0, refused: 1 });
});

it("calls that may wait come in turn; the one that is given up leaves at once", async () => {
  const tools = new ManualTools();
  const limit = new RateLimit({ limit: 1, perMs: 100, maxWaitMs: 250 }, tools);
  const begun: string[] = [];
  const caller = new AbortController();
  const call = (name: string, signal?: AbortSignal) =>
    outcome(
      limit.execute(() => begun.push(`${name}@${tools.monotonicMs()}`), signal && { signal }),
    );
  call("a");
  call("b");
  const given = call("c", caller.signal);
  await tools.advance(50);
  caller.abort(new Error("enough"));
  await tools.settle();
  expect(given.error).toEqual(new Error("enough"));
  // The place of the last one is free again.
  call("d");
  const refused = call("e");
  await tools.settle();
  expect(refused.isSettled).toBe(false);
  const tooFar = call("f");
  await tools.advance(1000);
  expect(tooFar.error).toBeInstanceOf(RateLimitError);
  expect(begun).toEqual(["a@0", "b@100", "d@200", "e@300"]);
});

import { describe, expect, it } from "vitest";
import type { ErrorCategory } from "../category.ts";
import { createClassify } from "./classify.ts";

const classify = createClassify(() => 0);

function error(fields: object, message = "it failed"): Error {
  return Object.assign(new Error(message), fields);
}

describe("C1: judging never throws", () => {
  const hostile = new Proxy(
    {},
    {
      get: () => {
        throw new Error("hands off");
      },
      getPrototypeOf: () => {
        throw new Error("hands off");
      },
      has: () => {
        throw new Error("hands off");
      },
      ownKeys: () => {
        throw new Error("hands off");
      },
    },
  );
  const getters = Object.defineProperties(new Error("x"), {
    code: {
      get: () => {
        throw new Error("no");
      },
    },
    message: {
      get: () => {
        throw new Error("no");
      },
    },
    cause: {
      get: () => {
        throw new Error("no");
      },
    },
  });
  const circle = new Error("x");
  circle.cause = new AggregateError([circle, circle, new Error("y", { cause: circle })]);
  const wide = new AggregateError(Array.from({ length: 100_000 }, () => new AggregateError([])));
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();

  it.each<[string, unknown]>([
    ["a proxy that throws", hostile],
    ["getters that throw", getters],
    ["a circle of causes", circle],
    ["a hundred thousand errors", wide],
    ["headers that throw", error({ status: 429, headers: hostile })],
    ["a list that was revoked", error({ errors: proxy })],
    ["a symbol", Symbol("x")],
  ])("%s", (_what, thrown) => {
    const known: readonly ErrorCategory[] = ["unknown", "rate_limit"];
    expect(known).toContain(classify(thrown).category);
  });

  it("looks at a bounded part of an endless chain and of an endless text", () => {
    let looks = 0;
    const endless = (): Error =>
      Object.defineProperty(new Error("x"), "cause", {
        get: () => {
          looks += 1;
          return endless();
        },
      });
    expect(classify(endless()).category).toBe("unknown");
    expect(looks).toBeLessThan(40);
    expect(classify(new Error(`${"x".repeat(5_000_000)} timed out`)).category).toBe("unknown");
  });
});

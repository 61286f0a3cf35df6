import { describe, expect, it } from "vitest";
import { SoulMirrorError } from "./errors.ts";
import {
  callbackOption,
  checkOptions,
  durationOption,
  eitherOption,
  flagOption,
  listOption,
  namedOption,
  numberOption,
  optionsOf,
  requiredOption,
  textOption,
  wholeOption,
  wordOption,
} from "./options.ts";

const shape = optionsOf({
  timeout: durationOption({ min: 1 }),
  attempts: wholeOption({ min: 1, max: 10 }),
  budget: numberOption({ min: 0, max: 1 }),
  strategy: wordOption(["restart", "reconnect", "failover"]),
  enabled: flagOption(),
  name: textOption(),
  apiToken: textOption(),
  onRetry: callbackOption<() => void>(),
  order: listOption(textOption(), { max: 2 }),
  services: namedOption(optionsOf({ timeout: durationOption() }), { max: 2 }),
  breaker: eitherOption(wordOption(["off"]), optionsOf({ failureThreshold: wholeOption() })),
});

function complaint(given: unknown): { message: string; fix: string | undefined; code: string } {
  try {
    checkOptions("retry", given, shape);
  } catch (error) {
    if (!(error instanceof SoulMirrorError)) throw error;
    return { message: error.message, fix: error.fix, code: error.code };
  }
  throw new Error("it was accepted");
}

describe("options from code", () => {
  it("are read as they are meant, into a new object with known keys alone (O2)", () => {
    const given = {
      timeout: "1m30s",
      attempts: 3,
      budget: 0.2,
      strategy: "restart",
      enabled: false,
      name: undefined,
      order: ["a", "b"],
      services: { "llm:openai": { timeout: 5 } },
      breaker: { failureThreshold: 5 },
    };
    const read = checkOptions("retry", given, shape);
    expect(read).toEqual({
      timeout: 90_000,
      attempts: 3,
      budget: 0.2,
      strategy: "restart",
      enabled: false,
      order: ["a", "b"],
      services: { "llm:openai": { timeout: 5 } },
      breaker: { failureThreshold: 5 },
    });
    expect("name" in read).toBe(false);
    given.order.push("c");
    expect(read.order).toEqual(["a", "b"]);
    expect(checkOptions("retry", { breaker: "off" }, shape)).toEqual({ breaker: "off" });
  });

  const cases: readonly (readonly [given: unknown, message: string, fix: string])[] = [
    [{ timeuot: 1 }, 'timeuot: there is no option "timeuot"', 'did you mean "timeout"?'],
    [
      { timeout: -5 },
      "timeout: expected a duration from 1 ms to 2147483647 ms, found -5",
      'write milliseconds, or for example "30s"',
    ],
    [
      { timeout: "soon" },
      'timeout: expected a duration from 1 ms to 2147483647 ms, found "soon"',
      "write",
    ],
    [
      { timeout: Number.NaN },
      "timeout: expected a duration from 1 ms to 2147483647 ms, found NaN",
      "write",
    ],
    [{ timeout: 2 ** 40 }, "timeout: expected a duration", "write"],
    [
      { attempts: 2.5 },
      "attempts: expected a whole number from 1 to 10, found 2.5",
      "write for example 1",
    ],
    [{ attempts: "3" }, 'attempts: expected a whole number from 1 to 10, found "3"', "write"],
    [
      { budget: Number.POSITIVE_INFINITY },
      "budget: expected a number from 0 to 1, found Infinity",
      "write",
    ],
    [
      { strategy: "restrat" },
      'strategy: expected restart | reconnect | failover, found "restrat"',
      'did you mean "restart"?',
    ],
    [{ enabled: "false" }, 'enabled: expected true or false, found "false"', "write true or false"],
    [{ name: "" }, 'name: expected a text of 1 to 1000 characters, found ""', "put it into quotes"],
    [{ onRetry: 5 }, "onRetry: expected a function, found 5", "hand in a function"],
    [{ order: ["a", 5] }, "order[1]: expected a text of 1 to 1000 characters, found 5", "put"],
    [{ order: ["a", "b", "c"] }, "order: expected a list of 0 to 2, found", "write [a, b]"],
    [{ services: { a: { timeout: -1 } } }, "services.a.timeout: expected a duration", "write"],
    [{ services: { a: {}, b: {}, c: {} } }, "services: it has more than 2 names", "take"],
    [
      { breaker: { failureTreshold: 1 } },
      "breaker.failureTreshold: there is no option",
      "did you mean",
    ],
    [[], "expected an object with options, found []", "use some of: timeout, attempts"],
    [null, "expected an object with options, found null", "use some of"],
  ];

  it.each(cases)("%j is told with key, value and fix", (given, message, fix) => {
    const told = complaint(given);
    expect(told.code).toBe("OPTIONS_INVALID");
    expect(told.message.slice(0, "retry: ".length + message.length)).toBe(`retry: ${message}`);
    expect(told.fix?.slice(0, fix.length)).toBe(fix);
  });

  it("are told with all mistakes at once, and a fix for each", () => {
    const { message, fix } = complaint({ attempts: 0, enabled: 1 });
    expect(message).toContain("attempts: expected");
    expect(message).toContain("; enabled: expected true or false, found 1");
    expect(fix).toBe("attempts: write for example 1; enabled: write true or false");
  });

  it("do not show what sounds secret (O3), nor values without end", () => {
    expect(complaint({ apiToken: ["hunter2"] }).message).not.toContain("hunter2");
    expect(complaint({ enabled: "x".repeat(5000) }).message.length).toBeLessThan(150);
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    expect(complaint({ enabled: circle }).message).toContain("[object Object]");
  });

  it("say what is missing, and touch no prototype", () => {
    const needs = optionsOf({ name: requiredOption(textOption()), size: wholeOption() });
    expect(() => checkOptions("bulkhead", {}, needs)).toThrow("bulkhead: name: it is missing");
    expect(checkOptions("bulkhead", { name: "a" }, needs)).toEqual({ name: "a" });
    const evil = JSON.parse('{"services":{"__proto__":{"timeout":1}}}') as unknown;
    expect(complaint(evil).message).toContain("this cannot be a name");
    expect(complaint(JSON.parse('{"__proto__":1}')).message).toContain('no option "__proto__"');
    expect(complaint({ toString: 1 }).message).toContain('no option "toString"');
  });
});

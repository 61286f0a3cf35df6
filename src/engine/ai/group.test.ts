/** What is refused, and what listeners may do. */
import { describe, expect, it } from "vitest";
import { SoulMirrorError } from "../../kernel/index.ts";
import type { CallMeter } from "../operation.ts";
import { type FunctionOptions, failover } from "./function-failover.ts";
import { failoverOf } from "./handle.ts";
import { usageOf } from "./ledger.ts";
import { failoverModel, type ModelLike } from "./model-failover.ts";

const providers = [() => "one", () => "other"];

function complaint(options: object, functions: readonly (() => string)[] = providers): string {
  try {
    failover(functions, options as FunctionOptions<string>);
  } catch (error) {
    if (!(error instanceof SoulMirrorError)) throw error;
    return `${error.code} ${error.message}: ${String(error.fix)}`;
  }
  throw new Error("it was accepted");
}

describe("options that cannot be", () => {
  it.each([
    [{ timeoutMs: -1 }, "timeoutMs: expected a duration from 1 ms"],
    [
      { firstChunkMs: "soon" },
      'firstChunkMs: expected a duration from 1 ms to 2147483647 ms, found "soon"',
    ],
    [{ prefer: "speed" }, "prefer: expected order | latency | cost | health"],
    [{ onMidStreamFailure: "retry" }, "onMidStreamFailure: expected restart | error"],
    [{ failOverOn: { content_polcy: true } }, 'did you mean "content_policy"?'],
    [{ ejection: { failureRate: 2 } }, "ejection.failureRate: expected a number"],
    [{ onRestart: 5 }, "onRestart: expected a function"],
    [{ timeuotMs: 5 }, 'did you mean "timeoutMs"?'],
  ])("%j are told with key, value and fix", (options, told) => {
    expect(complaint(options)).toContain(told);
    expect(complaint(options)).toContain("OPTIONS_INVALID failover: ");
  });

  it("say so, too, of providers", () => {
    expect(complaint({}, [])).toContain(
      "providers: expected a list of 1 to 32, found []: write [a, b]",
    );
    const twins = [
      { name: "a", call: () => 1 },
      { name: "a", call: () => 2 },
    ];
    expect(() => failover(twins)).toThrow('name: "a" is of no use here');
    expect(() => failover([5 as unknown as () => string])).toThrow("providers[0]");
    expect(() => failoverModel([{} as ModelLike])).toThrow("models[0]");
    expect(() => failoverOf({})).toThrow("failoverOf: client: expected such a client, found {}");
  });
});

describe("listeners", () => {
  it("that throw harm no call", async () => {
    const ask = failover(
      [
        () => {
          throw new Error("boom");
        },
        () => "fine",
      ],
      {
        onNotice: () => {
          throw new Error("and me");
        },
      },
    );
    ask.on(() => {
      throw new Error("me, too");
    });
    expect(await ask(1)).toBe("fine");
  });

  it("count and time attempts by the name of the provider", async () => {
    const told: string[] = [];
    const meter = (name: string): CallMeter => ({
      begin: () => ({
        succeed: () => told.push(`${name} succeeded`),
        fail: (error) => told.push(`${name} failed: ${String(error)}`),
      }),
    });
    const openai = (): string => {
      throw new Error("boom");
    };
    const deepseek = (): string => "fine";
    await failover([openai, deepseek], { meter })(1);
    expect(told).toEqual(["llm:openai failed: Error: boom", "llm:deepseek succeeded"]);
  });
});

describe("usage", () => {
  it.each([
    [
      { prompt_tokens: 3, completion_tokens: 4 },
      { inputTokens: 3, outputTokens: 4 },
    ],
    [
      { input_tokens: 3, output_tokens: 4 },
      { inputTokens: 3, outputTokens: 4 },
    ],
    [
      { inputTokens: 3, outputTokens: undefined },
      { inputTokens: 3, outputTokens: 0 },
    ],
    [
      { inputTokens: { total: 3 }, outputTokens: { total: 4 } },
      { inputTokens: 3, outputTokens: 4 },
    ],
    [{ inputTokens: -1, outputTokens: Number.NaN }, undefined],
    [null, undefined],
  ])("%j is read", (given, read) => {
    expect(usageOf(given)).toEqual(read);
  });
});

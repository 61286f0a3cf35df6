/** J3: what a failure of a provider is called, wherever it is told. */
import { APICallError } from "@ai-sdk/provider";
import { expect, onTestFinished, test } from "vitest";
import { createEngine } from "../index.ts";
import { AnswerError } from "./answer-error.ts";
import { failover } from "./function-failover.ts";
import { TruncatedStreamError } from "./truncated-stream-error.ts";

function ground() {
  const engine = createEngine({ service: "chat" });
  onTestFinished(() => engine.close());
  const told: string[] = [];
  engine.on("failover", ({ decision }) => told.push(`failover ${decision.category}`));
  engine.on("service_error", ({ operation, category }) => told.push(`${operation} ${category}`));
  return { engine, told };
}

const unread = () =>
  new APICallError({
    message: "Invalid JSON response",
    url: "http://a",
    requestBodyValues: {},
    statusCode: 200,
    responseBody: JSON.stringify({ error: { code: "insufficient_quota" } }),
  });
const invalid = (status: number) =>
  Object.assign(new Error("no"), { status, type: "invalid_request_error" });

test.each([
  ["truncated_stream", () => new AnswerError("truncated_stream", "cut")],
  ["server_error", () => new AnswerError("server_error", "cannot be read", new TypeError("x"))],
  ["truncated_stream", () => new TruncatedStreamError("a", 3, invalid(500))],
  ["quota_exceeded", unread],
  ["auth", () => invalid(401)],
  ["rate_limit", () => invalid(429)],
  ["rate_limit", () => Object.freeze(invalid(429))],
  ["content_policy", () => new AnswerError("content_policy", "filtered")],
  ["unknown", () => new Error("boom")],
] as const)("%s in each event, also of what is wrapped around it (%#)", async (category, make) => {
  const { engine, told } = ground();
  const stays = { [category]: false };
  const call = async (): Promise<string> => {
    throw make() as Error;
  };
  const ask = failover([{ name: "llm:a", call }], { engine, failOverOn: stays });
  const chat = engine.wrap("chat", { ask: () => ask("hello") });
  await expect(chat.ask()).rejects.toBeInstanceOf(Error);
  expect(told.toSorted()).toEqual([
    `chat.ask ${category}`,
    `failover ${category}`,
    `llm:a ${category}`,
  ]);
});

test("where nobody answers, the error of all is called as the last of them", async () => {
  const { engine, told } = ground();
  const cut = async () => Promise.reject(new AnswerError("truncated_stream", "cut"));
  const ask = failover([cut], { engine });
  const chat = engine.wrap("chat", { ask: () => ask("hello") });
  await expect(chat.ask()).rejects.toMatchObject({ code: "ALL_FAILED" });
  expect(told).toContain("chat.ask truncated_stream");
});

test.each(["full", "shadow"] as const)(
  "%s: whoever gives up for a reason of their own has cancelled",
  async (mode) => {
    const { engine, told } = ground();
    engine.setMode(mode);
    const controller = new AbortController();
    const slow = async (_: string, { signal }: { readonly signal: AbortSignal }) => {
      const { promise, reject } = Promise.withResolvers<string>();
      signal.addEventListener("abort", () => reject(signal.reason));
      return promise;
    };
    const asked = failover([slow], { engine, name: "slow" })("hello", {
      signal: controller.signal,
    });
    const reason = new Error("the user went on");
    controller.abort(reason);
    await expect(asked).rejects.toBe(reason);
    expect(engine.operation("llm:slow")?.failures).toEqual({ cancelled: 1 });
    expect(told.filter((each) => each.startsWith("failover"))).toEqual([]);
  },
);

/** Two equal errors are judged once; whatever differs is judged anew. */
import { expect, test } from "vitest";
import type { Judgement } from "../category.ts";
import { rememberLast } from "./last-judgement.ts";

const judgement: Judgement = {
  category: "unknown",
  isFault: true,
  isTransient: true,
  neverStarted: false,
};

function counting() {
  const judged: unknown[] = [];
  const classify = rememberLast((error) => {
    judged.push(error);
    return judgement;
  });
  return { classify, judged };
}

test("the second of two equal errors is not looked at", () => {
  const { classify, judged } = counting();
  for (let count = 0; count < 3; count += 1) {
    classify(Object.assign(new Error("refused"), { code: "ECONNREFUSED", syscall: "connect" }));
  }
  expect(judged).toHaveLength(1);
});

test.each([
  ["another message", new Error("reset")],
  ["another kind", new TypeError("refused")],
  ["another code", Object.assign(new Error("refused"), { code: "ECONNRESET" })],
  ["a cause", new Error("refused", { cause: new Error("inside") })],
  ["an own name", Object.assign(new Error("refused"), { name: "AbortError" })],
  ["a status", Object.assign(new Error("refused"), { status: 429 })],
  ["errors inside", new AggregateError([new Error("inside")], "refused")],
  ["another class", new (class extends Error {})("refused")],
  ["no error at all", "refused"],
])("%s is judged for itself", (_, error) => {
  const { classify, judged } = counting();
  classify(new Error("refused"));
  classify(error);
  expect(judged).toHaveLength(2);
});

/** README.md: its examples of the engine run, and print what they say that they print. */
import { expect, it } from "vitest";
import { examplesOf, promised, runExample } from "./doc-examples.ts";

const examples = examplesOf("README.md");

it("has an example for wrap, for failover and for tRPC", () => {
  expect(examples).toHaveLength(3);
});

it.each(examples)("example %#", async (code) => {
  expect(promised(code).length).toBeGreaterThan(0);
  expect(await runExample(code)).toEqual(promised(code));
});

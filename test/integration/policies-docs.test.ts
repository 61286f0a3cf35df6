/** docs/engine/policies.md: its examples run, and print what they say that they print. */
import { expect, it } from "vitest";
import { examplesOf, promised, runExample } from "./doc-examples.ts";

const examples = examplesOf("docs/engine/policies.md");

it("has examples", () => {
  expect(examples).toHaveLength(3);
});

it.each(examples)("example %#", async (code) => {
  expect(await runExample(code)).toEqual(promised(code));
});

/** docs/vault/README.md: its example runs and prints what it says, and it knows every verb. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { vault } from "../../src/cli/commands/vault.ts";
import { examplesOf, promised, runExample } from "./doc-examples.ts";

const path = "docs/vault/README.md";
const page = readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

test("the example of the library does what it says", async () => {
  const [code = ""] = examplesOf(path);
  expect(promised(code)).toHaveLength(2);
  expect(await runExample(code)).toEqual(promised(code));
}, 90_000);

test("the table has every verb, and none that is not there", () => {
  const rows = [...page.matchAll(/^\| `([a-z]+)` \| [a-z]/gm)].map(([, verb]) => verb);
  expect(rows).toEqual(vault.verbs.map(({ name }) => name));
});

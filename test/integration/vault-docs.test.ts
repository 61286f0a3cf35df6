/** docs/vault: the examples run and print what they say, and the table knows every verb. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { vault } from "../../src/cli/commands/vault.ts";
import { examplesOf, promised, runExample } from "./doc-examples.ts";

const path = "docs/vault/README.md";
const page = readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

test.each([
  { page: path, place: 0, lines: 2 },
  { page: "docs/vault/library.md", place: 0, lines: 3 },
  { page: "docs/vault/library.md", place: 1, lines: 5 },
])("example $place of $page does what it says", { timeout: 200_000 }, async (each) => {
  const code = examplesOf(each.page)[each.place] ?? "";
  expect(promised(code)).toHaveLength(each.lines);
  expect(await runExample(code)).toEqual(promised(code));
});

test("the table has every verb, and none that is not there", () => {
  const rows = [...page.matchAll(/^\| `([a-z]+)` \| [a-z]/gm)].map(([, verb]) => verb);
  const shown = vault.verbs.filter(({ isHidden }) => isHidden !== true);
  expect(rows).toEqual(shown.map(({ name }) => name));
});

/** docs/vault/heal-cases.md: its tables and rules are those that the tests of the judge hold. */
import { expect, test } from "vitest";
import { healCases } from "../../src/vault/heal/heal-cases-bench.ts";
import { healRules } from "../../src/vault/heal/verdict.ts";
import { rowsBelow } from "./doc-tables.ts";

const page = "docs/vault/heal-cases.md";
const leftAlone = rowsBelow(page, "## Left alone");
const healedOrAsked = rowsBelow(page, "## Healed, or asked");
const policies: Readonly<Record<string, string>> = {
  critical: "restore",
  hidden: "restore",
  "critical, evidence": "restore",
  evidence: "ask",
  integration: "leave",
  none: "leave",
};

test("each case of the page is a case of the tests, with the same verdict by the same rule", () => {
  const told = [...leftAlone, ...healedOrAsked].map(
    ({ id = "", verdict, rule, category = "" }) =>
      [id, { verdict, rule, policy: policies[category] }] as const,
  );
  const held = Object.entries(healCases).map(
    ([id, { verdict, rule, facts }]) => [id, { verdict, rule, policy: facts.policy }] as const,
  );
  expect(told).toEqual(held);
});

test("no case is told twice, none is in the wrong table, and each side has thirty at least", () => {
  const verdicts = (rows: typeof leftAlone): ReadonlySet<string | undefined> =>
    new Set(rows.map((row) => row["verdict"]));
  expect(verdicts(leftAlone)).toEqual(new Set(["leave", "wait"]));
  expect(verdicts(healedOrAsked)).toEqual(new Set(["heal", "ask"]));
  expect(leftAlone.length).toBeGreaterThanOrEqual(30);
  expect(healedOrAsked.length).toBeGreaterThanOrEqual(30);
  const cases = [...leftAlone, ...healedOrAsked].map((row) => row["case"]);
  expect(new Set(cases).size).toBe(cases.length);
});

test("each rule is on the page, in its order, and has a case", () => {
  const told = rowsBelow(page, "## Rules").map((row) => row["rule"]);
  expect(told).toEqual(Object.keys(healRules));
  const used = new Set<string | undefined>(Object.values(healCases).map((each) => each.rule));
  expect(told.filter((rule) => !used.has(rule))).toEqual([]);
});

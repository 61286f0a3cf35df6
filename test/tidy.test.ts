/**
 * The rules of the house. First each rule is shown to fail on a planted violation, then it is held
 * against the repository. `test/tidy/places.ts` is the floor plan, `test/tidy/rules.ts` the list.
 */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { planted, plants } from "./tidy/plants.ts";
import { rules } from "./tidy/rules.ts";
import { isCode, parse, type Rule, type SourceFile, type Violation } from "./tidy/source.ts";
import { readTree } from "./tidy/tree.ts";

function format(violation: Violation): string {
  const place =
    violation.line === undefined ? violation.path : `${violation.path}:${violation.line}`;
  return `${place} ${violation.message}`;
}

function report(rule: Rule, tree: readonly SourceFile[]): readonly string[] {
  return rule
    .check(tree)
    .toSorted((a, b) => a.path.localeCompare(b.path) || (a.line ?? 0) - (b.line ?? 0))
    .map(format);
}

describe("a gate that cannot fail is no gate", () => {
  it.each(rules)("$name: the clean house passes", (rule) => {
    expect(report(rule, planted({}))).toEqual([]);
  });

  it.each(plants)("$rule: $what", ({ rule: name, files, says }) => {
    const rule = rules.find((each) => each.name === name);
    expect(rule && report(rule, planted(files)).join("\n")).toContain(says);
  });

  it("every rule has a planted violation", () => {
    expect(new Set(plants.map((plant) => plant.rule))).toEqual(
      new Set(rules.map((rule) => rule.name)),
    );
  });
});

describe("the repository", () => {
  const tree = readTree(fileURLToPath(new URL("..", import.meta.url)));

  it("is seen whole, and every file of code can be parsed", () => {
    const code = tree.filter(isCode);
    expect(code.map((file) => file.path)).toContain("test/tidy.test.ts");
    const unreadable = code.flatMap((file) =>
      parse(file).errors.map((error) => `${file.path} ${error.message}`),
    );
    expect(unreadable).toEqual([]);
  });

  it.each(rules)("keeps the rule: $name", (rule) => {
    expect(report(rule, tree)).toEqual([]);
  });
});

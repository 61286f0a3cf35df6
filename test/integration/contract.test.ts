/** docs/engine/contract.md names tests: each of them exists, and no row is left out. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const files: Readonly<Record<string, string>> = {
  rows: "test/integration/engine-rows.test.ts",
  seed: "test/integration/engine-rows-seed.test.ts",
  tables: "test/integration/engine-rows-tables.test.ts",
};
const page = readFileSync(join(root, "docs/engine/contract.md"), "utf8");
const lines = [...page.matchAll(/^\| (E\d+)? ?\| (.*) \| ([^|]+) \|$/gm)].map(
  ([, row, , test = ""]) => ({ row, test }),
);

/** What stands behind `test(`, `it(` or their `.each(...)(`. */
function titlesIn(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  const call =
    /^\s*(?:(?:test|it)(?:\.each(?:<[\s\S]*?>)?\([\s\S]*?\))?\(|\]\)\()\s*(["`])(.*?)\1,/gm;
  return [...readFileSync(path, "utf8").matchAll(call)].map(([, , title = ""]) => title);
}

it("has every row of the engine", () => {
  const wanted = [...Array.from({ length: 19 }, (_, index) => `E${index + 1}`), "E25"];
  expect(lines.flatMap(({ row }) => row ?? [])).toEqual(wanted);
});

it.each(lines)("the test of $row exists: $test", ({ test }) => {
  const [, file = "", title = ""] = /^`?([^`:]+)`?: (.*)$/.exec(test) ?? [];
  expect(titlesIn(join(root, files[file] ?? file))).toContain(title);
});

it("a test that does not exist would be found", () => {
  const all = titlesIn(join(root, "test/integration/engine-rows.test.ts"));
  expect(all.length).toBeGreaterThan(10);
  expect(all).not.toContain("no such test");
});

/** The file and the tables of docs/engine/configuration.md are true. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readEngineFile } from "../../src/config/index.ts";
import { builtIn } from "../../src/engine/settings/built-in.ts";
import { environmentRules } from "../../src/engine/settings/environment.ts";
import { engineParts } from "../../src/kernel/index.ts";

const page = new URL("../../docs/engine/configuration.md", import.meta.url);
const configuration = readFileSync(page, "utf8");
const files = [...configuration.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(
  ([, text = ""]) => text,
);

describe("docs/engine/configuration.md", () => {
  it("has a file", () => {
    expect(files).toHaveLength(1);
  });

  it.each(files)("file %# is valid", (text) => {
    const read = readEngineFile({ path: "config/reliability.yml", text });
    expect(read.ok ? read.value.length : read.error).toBeGreaterThan(25);
  });

  it("names every part", () => {
    expect(engineParts.filter((name) => !configuration.includes(name))).toEqual([]);
  });

  it("lists every variable with what it takes, its default, and what becomes of anything else", () => {
    const table = configuration.slice(configuration.indexOf("## The environment"));
    const rows = [...table.matchAll(/^\| `([A-Z_]+)` \|(.*)\|$/gm)].map(([, name, rest = ""]) => {
      const [wants, usual, otherwise] = rest.split("|").map((cell) => cell.trim());
      const leaf = environmentRules().get(name ?? "")?.leaf;
      return [name, { wants, otherwise, leaf, usual: leaf === undefined ? "" : usual }];
    });
    const rules = [...environmentRules()].map(([name, { wants, otherwise, leaf }]) => {
      const usual = leaf === undefined ? "" : shown(builtIn[leaf]);
      return [name, { wants, otherwise, leaf, usual }];
    });
    expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(rules));
    expect(rows).toHaveLength(rules.length);
  });
});

function shown(value: (typeof builtIn)[keyof typeof builtIn]): string {
  if (value === undefined) return "";
  return typeof value === "number" ? String(value) : `\`${value.toString()}\``;
}

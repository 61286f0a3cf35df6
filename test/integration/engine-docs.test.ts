/** docs/engine/{configuration,recovery}.md: their examples run and print what they promise. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { readEngineFile } from "../../src/config/index.ts";
import { environmentNames } from "../../src/engine/settings/environment.ts";
import { parts } from "../../src/engine/settings/setting.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const configuration = pageOf("configuration");
const examples = [configuration, pageOf("recovery")].flatMap((page) => blocksOf(page, "ts"));

describe("docs/engine", () => {
  it("has examples", () => {
    expect(examples).toHaveLength(4);
    expect(blocksOf(configuration, "yaml")).toHaveLength(1);
  });

  it.each(examples)("example %#", async (code) => {
    const folder = mkdtempSync(join(tmpdir(), "engine-docs-"));
    try {
      const file = join(folder, "example.ts");
      const door = pathToFileURL(join(root, "src/public/index.ts")).href;
      writeFileSync(file, code.replaceAll('"soulmirror"', JSON.stringify(door)));
      const { stdout } = await run(process.execPath, [file], { cwd: folder });
      expect(stdout.trim().split("\n")).toEqual(promised(code));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each(blocksOf(configuration, "yaml"))("file %# is valid", (text) => {
    const read = readEngineFile({ path: "config/reliability.yml", text });
    expect(read.ok ? read.value.length : read.error).toBeGreaterThan(25);
  });

  it("names every variable and every part", () => {
    const missing = [...environmentNames, ...parts].filter((name) => !configuration.includes(name));
    expect(missing).toEqual([]);
  });
});

function pageOf(name: string): string {
  return readFileSync(join(root, `docs/engine/${name}.md`), "utf8");
}

function blocksOf(page: string, language: string): readonly string[] {
  const block = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm");
  return [...page.matchAll(block)].map(([, text = ""]) => text);
}

/** What stands behind `console.log(...); // `, or on the line below it. */
function promised(code: string): readonly string[] {
  const said = code.matchAll(/console\.log\(.*\);(?: |\n *)\/\/ (.*)/g);
  return [...said].map(([, text = ""]) => text);
}

/** docs/engine/policies.md: its examples run, and print what they say that they print. */

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(join(root, "docs/engine/policies.md"), "utf8");
const examples = [...page.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = ""]) => code);

it("has examples", () => {
  expect(examples).toHaveLength(3);
});

it.each(examples)("example %#", async (code) => {
  const folder = mkdtempSync(join(tmpdir(), "policies-docs-"));
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

/** What stands behind `console.log(...); // `, or on the line below it. */
function promised(code: string): readonly string[] {
  const said = code.matchAll(/console\.log\(.*\);(?: |\n *)\/\/ (.*)/g);
  return [...said].map(([, text = ""]) => text);
}

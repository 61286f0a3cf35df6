/** docs/engine/telemetry.md: its examples run, and print what they say that they print. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(join(root, "docs/engine/telemetry.md"), "utf8");
const examples = [...page.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = ""]) => code);

function door(name: string): string {
  return JSON.stringify(pathToFileURL(join(root, "src/public", `${name}.ts`)).href);
}

test("there are two examples", () => {
  expect(examples).toHaveLength(2);
});

test.each(examples)("example %#", async (code) => {
  const folder = mkdtempSync(join(tmpdir(), "telemetry-docs-"));
  try {
    const file = join(folder, "example.ts");
    const own = code
      .replaceAll('"soulmirror/telemetry"', door("telemetry"))
      .replaceAll('"soulmirror"', door("index"));
    writeFileSync(file, own);
    const { stdout } = await run(process.execPath, [file], { cwd: folder, timeout: 20_000 });
    const [, promised] = /console\.log\(.*\n\s*\/\/ (.*)/.exec(code) ?? [];
    expect(stdout.trim()).toBe(promised);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/**
 * Examples of a page, run as they stand: in a folder of their own, with the package's names leading
 * to the sources. What a page says that they print is behind `// ` at a `console.log`, or in the
 * comments at the end.
 */
import { execFile } from "node:child_process";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { temporaryFolder } from "../afterwards.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

export function examplesOf(page: string): readonly string[] {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = ""]) => code);
}

/** The lines that it prints. `environment` is added to that of the test. */
export async function runExample(
  code: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const folder = temporaryFolder("doc-example");
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const file = join(folder, "example.ts");
  writeFileSync(file, code.replaceAll(/"soulmirror(?:\/([a-z]+))?"/g, sourceOf));
  const { stdout } = await run(process.execPath, [file], {
    cwd: folder,
    env: { ...process.env, ...environment },
    timeout: 180_000,
  });
  return stdout.trim().split("\n");
}

function sourceOf(_text: string, subpath = "index"): string {
  return JSON.stringify(pathToFileURL(join(root, `src/public/${subpath}.ts`)).href);
}

export function promised(code: string): readonly string[] {
  const last = /(?:^\/\/ .*\n)+(?![\s\S])/m.exec(code)?.[0];
  if (last !== undefined)
    return last
      .trim()
      .split("\n")
      .map((line) => line.slice(3));
  const said = code.matchAll(/console\.log\(.*\);(?: |\n *)\/\/ (.*)/g);
  return [...said].map(([, text = ""]) => text);
}

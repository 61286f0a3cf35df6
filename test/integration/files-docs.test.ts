/** docs/engine/files.md: its examples run, and it knows every option, code and function. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import * as offered from "../../src/public/files.ts";
import { afterwards, folder } from "./files-bench.ts";

const page = readFileSync(new URL("../../docs/engine/files.md", import.meta.url), "utf8");
const examples = [...page.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = ""]) => code);

beforeEach(() => {
  const before = process.cwd();
  process.chdir(folder());
  afterwards(() => process.chdir(before));
});

/** The example as a module beside nothing else, with `told` at hand. */
async function run(code: string): Promise<readonly string[]> {
  const door = new URL("../../src/public/files.ts", import.meta.url).href;
  const path = join(process.cwd(), "example.ts");
  const told = "export const told: string[] = [];\n";
  writeFileSync(path, `${told}${code.replaceAll('"soulmirror/files"', JSON.stringify(door))}`);
  return ((await import(path)) as { told: string[] }).told;
}

test("the first example does what it says", async () => {
  await run(examples[0] ?? "");
  expect(JSON.parse(readFileSync("data/agents/a.json", "utf8"))).toEqual({ name: "a", runs: 1 });
  expect(readFileSync("data/events", "utf8")).toBe("a was made\n");
});

test("the second one tells of the folder", async () => {
  expect(await run(examples[1] ?? "")).toEqual([
    `directory_made ${join(process.cwd(), "reports", "2026")}`,
  ]);
});

test("the third one finds the read, unless the write was quicker", async () => {
  let told: readonly string[] = [];
  for (let round = 0; round < 50 && told.length === 0; round += 1) {
    process.chdir(folder());
    told = await run(examples[2] ?? "");
    expect(readFileSync("state.txt", "utf8")).toBe("new");
  }
  const path = join(process.cwd(), "state.txt");
  expect(told).toEqual([
    `${path} was read while fs.promises.writeFile was writing it: it was not there`,
  ]);
});

test("every function, every option and every code is explained", () => {
  const code = readFileSync(
    new URL("../../src/engine/files/file-error.ts", import.meta.url),
    "utf8",
  );
  const options = readFileSync(
    new URL("../../src/engine/files/options.ts", import.meta.url),
    "utf8",
  );
  const words = [
    ...Object.keys(offered).filter((name) => name !== "safeJson"),
    ...[...code.matchAll(/\| "(FILE_\w+)"/g)].map(([, name = ""]) => name),
    ...[...options.matchAll(/readonly (\w+)\?:/g)].map(([, name = ""]) => name),
  ];
  expect(words.length).toBeGreaterThan(20);
  expect(words.filter((word) => !new RegExp(`\\b${word}\\b`).test(page))).toEqual([]);
});

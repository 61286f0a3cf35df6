/** docs/engine/files.md: its examples run, and it knows every option, code and function. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import * as offered from "../../src/public/files.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { examplesOf } from "./doc-examples.ts";

const page = readFileSync(new URL("../../docs/engine/files.md", import.meta.url), "utf8");
const examples = examplesOf("docs/engine/files.md");

beforeEach(() => {
  const before = process.cwd();
  process.chdir(temporaryFolder("files"));
  afterwards(() => process.chdir(before));
});

/** The example as a module beside nothing else; returns what it prints. */
async function run(code: string): Promise<readonly string[]> {
  const door = new URL("../../src/public/files.ts", import.meta.url).href;
  const path = join(process.cwd(), "example.ts");
  const told =
    "export const told: string[] = [];\n" +
    "const console = { log: (line: string) => void told.push(line) };\n";
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

test("the third one finds the read each time, however quick the write is", async () => {
  for (let round = 0; round < 20; round += 1) {
    process.chdir(temporaryFolder("files"));
    const told = await run(examples[2] ?? "");
    expect(readFileSync("state.txt", "utf8")).toBe("new");
    const path = join(process.cwd(), "state.txt");
    const reason = `${path} was read while fs.promises.writeFile was writing it: `;
    expect(told).toEqual([expect.stringContaining(reason)]);
  }
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

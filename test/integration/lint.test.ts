/**
 * The linter and the formatter are shown to fail on planted faults, in a project of their own with
 * our configuration. A linter that silently lost its type information would look just as green.
 */
import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtempDisposable, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { root } from "../gates/child.ts";

const faults: Readonly<Record<string, string>> = {
  "typescript(no-floating-promises)": 'rm("a");',
  "typescript(no-misused-promises)": 'new EventEmitter().on("a", async () => { await rm("a"); });',
  "typescript(await-thenable)": "export const one = await 1;",
  "typescript(no-explicit-any)": "export const loose: any = 1;",
  "typescript(no-unsafe-member-access)": 'export const read = JSON.parse("{}").member;',
  "typescript(switch-exhaustiveness-check)":
    'export function f(a: "b" | "c"): void { switch (a) { case "b": rmSync("a"); } }',
  "typescript(only-throw-error)": 'export function fail(): never { throw "text"; }',
  "eslint(eqeqeq)": "export const same = (a: unknown, b: unknown): boolean => a == b;",
  "eslint(no-empty)": 'try { rmSync("a"); } catch {}',
  "eslint(no-console)": 'console.log("hello");',
  "import(no-default-export)": "export default 1;",
  "import(no-cycle)": 'export { other } from "./other.ts";',
};

async function plantProject(folder: string): Promise<void> {
  for (const name of [".oxlintrc.json", "biome.json", "tsconfig.base.json", "tsconfig.json"]) {
    await cp(path.join(root, name), path.join(folder, name));
  }
  await symlink(path.join(root, "node_modules"), path.join(folder, "node_modules"));
  await writeFile(path.join(folder, "package.json"), '{ "type": "module" }\n');
}

function runTool(folder: string, name: string, args: readonly string[]) {
  const program = path.join(root, "node_modules", ".bin", name);
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: "utf8" });
  return { status, output: stdout + stderr };
}

it("oxlint finds every planted fault, those that need types among them", async () => {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), "soulmirror-lint-"));
  await plantProject(folder.path);
  const source = path.join(folder.path, "src");
  await mkdir(source);
  const imports =
    'import { EventEmitter } from "node:events";\n' +
    'import { rmSync } from "node:fs";\nimport { rm } from "node:fs/promises";\n';
  await writeFile(path.join(source, "faults.ts"), imports + Object.values(faults).join("\n"));
  const back = 'import { loose } from "./faults.ts";\nexport const other: unknown = loose;\n';
  await writeFile(path.join(source, "other.ts"), back);
  const { status, output } = runTool(folder.path, "oxlint", ["src"]);
  const missed = Object.keys(faults).filter((rule) => !output.includes(rule));
  expect(missed).toEqual([]);
  expect(status).toBe(1);
});

it("biome refuses another format and unsorted imports", async () => {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), "soulmirror-format-"));
  await plantProject(folder.path);
  const unsorted = 'import { b } from "./b.ts";\nimport { a } from "./a.ts";\n\nexport { a, b };\n';
  await writeFile(path.join(folder.path, "unsorted.ts"), unsorted);
  await writeFile(path.join(folder.path, "crooked.ts"), "export const a = 'b'\n");
  const { status, output } = runTool(folder.path, "biome", ["check", "."]);
  expect(output).toContain("organizeImports");
  expect(output).toContain("crooked.ts format");
  expect(status).toBe(1);
});

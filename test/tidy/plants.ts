/**
 * One planted violation, at least, for every rule, and a small house that breaks none. A gate that
 * was never seen to fail is no gate. Forbidden words are put together here, so that this file does
 * not break the rules that it proves.
 */
import type { SourceFile } from "./source.ts";

export interface Plant {
  readonly rule: string;
  readonly what: string;
  /** Laid over the clean house; an `undefined` text removes the file. */
  readonly files: Readonly<Record<string, string | undefined>>;
  /** A part of the message that the reader must get. */
  readonly says: string;
}

const door =
  "/** A folder of the planted house, with a paragraph that is long enough to be a door. */\n";

const clean: Readonly<Record<string, string>> = {
  "package.json": JSON.stringify({
    bin: { soulmirror: "bin/soulmirror.js" },
    exports: { ".": { types: "./dist/public/index.d.ts", default: "./dist/public/index.js" } },
    files: ["bin", "dist"],
    scripts: { test: "node test/run.ts" },
  }),
  "bin/soulmirror.js": "import('../src/cli/main.ts');\n",
  "test/run.ts": "export {};\n",
  "README.md": "| command | what |\n|---|---|\n| `soulmirror up` | starts |\n",
  "docs/errors.md": "# Errors\n\n## `NOT_FOUND`\nThere is no such thing.\n",
  "src/kernel/index.ts": `${door}export { errorTable } from "./errors.ts";\n`,
  "src/kernel/errors.ts":
    "export const errorTable = { NOT_FOUND: { status: 404 } } as const satisfies object;\n",
  "src/model/index.ts": `${door}import type { errorTable } from "../kernel/index.ts";\nexport type Code = keyof typeof errorTable;\n`,
  "src/system/index.ts": `${door}import { readFileSync } from "node:fs";\nexport const now = () => Date.now();\nexport { readFileSync };\n`,
  "src/engine/index.ts": `${door}export const load = () => import("../config/index.ts");\n`,
  "src/config/index.ts": `${door}export { parse } from "yaml";\n`,
  "src/targets/index.ts": `${door}export { start } from "./process/index.ts";\n`,
  "src/targets/process/index.ts": `${door}export { start } from "./start.ts";\n`,
  "src/targets/process/start.ts": `import { spawn } from "node:child_process";\nexport const start = (process: { path: string }) => spawn(process.path, ["a"]);\n`,
  "src/cli/main.ts": `${door}console.log(process.argv);\n`,
  "src/cli/commands/up.ts": "export const up = 1;\n",
  "src/public/index.ts": `${door}export {};\n`,
  "src/plan/index.ts": `${door}import { a } from "./choose.ts";\nexport { a };\n`,
  "src/plan/choose.ts":
    "/** Never reads Date.now() itself. */\nexport const a = { process: 1 }.process;\n",
  "src/plan/choose.test.ts": 'import { it } from "vitest";\nit("works", () => {});\n',
};

export function planted(files: Plant["files"]): readonly SourceFile[] {
  return Object.entries({ ...clean, ...files }).flatMap(([path, text]) =>
    text === undefined ? [] : [{ path, text }],
  );
}

const unfinished = ["TO", "DO"].join("");
const machinePath = ["", "work", "main", "x"].join("/");
const pinned = ['"resolved"', '"https://a.b/c"'].join(": ");
const registry = ["https://registry", "example", "org"].join(".");
const many = (count: number, line: string): string => `${line}\n`.repeat(count);
const inPlan = (text: string): Plant["files"] => ({ "src/plan/planted.ts": text });
const inTargets = (text: string): Plant["files"] => ({ "src/targets/process/planted.ts": text });

function plant(rule: string, what: string, says: string): (files: Plant["files"]) => Plant {
  return (files) => ({ rule, what, says, files });
}

const rankPlants: readonly Plant[] = [
  plant("ranks", "a stage imports a stage", "only lower")(inPlan('import "../verify/index.ts";')),
  plant(
    "ranks",
    "an import points up",
    "only lower",
  )(inPlan('import { a } from "../loop/index.ts";')),
  plant(
    "ranks",
    "a type import points up",
    "only lower",
  )({
    "src/kernel/planted.ts": 'import type { A } from "../model/index.ts";',
  }),
  plant("ranks", "an export points up", "only lower")(inPlan('export * from "../api/index.ts";')),
  plant(
    "ranks",
    "a dynamic import points up",
    "only lower",
  )(inPlan('await import("../api/index.ts");')),
  plant(
    "ranks",
    "a type query points up",
    "only lower",
  )(inPlan('export type A = import("../api/index.ts").A;')),
  plant("ranks", "past the door", "its door")(inPlan('import { a } from "../model/errors.ts";')),
  plant("ranks", "node in a pure folder", "is pure")(inPlan('import { readFile } from "node:fs";')),
  plant(
    "ranks",
    "node without prefix",
    'write "node:fs"',
  )(inTargets('import { readFile } from "fs";')),
  plant("ranks", "a package in a stage", "ranks 4")(inPlan('import { z } from "zod";')),
  plant("ranks", "a package in system", "ranks 4")({ "src/system/planted.ts": 'import "pino";' }),
  plant(
    "ranks",
    "the engine reaches for the model",
    "may only import",
  )({
    "src/engine/planted.ts": 'import type { A } from "../model/index.ts";',
  }),
  plant(
    "ranks",
    "the engine loads a package at once",
    "on demand",
  )({
    "src/engine/planted.ts": 'import { initTRPC } from "@trpc/server";',
  }),
  plant(
    "ranks",
    "the loop takes a real thing",
    "only import",
  )({
    "src/loop/planted.ts": 'import { now } from "../system/index.ts";',
  }),
  plant(
    "ranks",
    "outside of the house",
    "hand the thing in",
  )(inPlan('import "../../test/run.ts";')),
  plant(
    "circles",
    "two files of the engine that know each other, by types",
    "src/engine/a.ts -> src/engine/b/b.ts -> src/engine/a.ts",
  )({
    "src/engine/a.ts": 'import type { B } from "./b/b.ts";\nexport type A = B;\n',
    "src/engine/b/b.ts": 'import type { A } from "../a.ts";\nexport type B = A;\n',
  }),
  plant("ranks", "a folder without a rank", "no ranked folder")({ "src/extra/index.ts": door }),
  plant(
    "ranks",
    "the dashboard imports a value",
    "import type",
  )({
    "dashboard/src/main.tsx": 'import { router } from "../../src/api/index.ts";',
  }),
];

const purityPlants: readonly Plant[] = [
  plant("globals", "a wall clock", "Clock")(inTargets("export const a = Date.now();")),
  plant("globals", "a date of now", "Clock")(inTargets("export const a = new Date();")),
  plant("globals", "any date in a pure folder", "now")(inPlan("export const a = new Date(1);")),
  plant("globals", "a monotonic clock", "Clock")(inTargets("export const a = performance.now();")),
  plant(
    "globals",
    "an imported clock",
    "Clock",
  )(inTargets('import { performance } from "node:perf_hooks";')),
  plant("globals", "chance", "Random")(inTargets("export const a = Math.random();")),
  plant("globals", "a random id", "Ids")(inTargets("export const a = crypto.randomUUID();")),
  plant("globals", "a timer in a pure folder", "deadline")(inPlan("setTimeout(() => {}, 1);")),
  plant("globals", "the process", "port")(inPlan("export const a = process.env;")),
  plant("globals", "the process by a detour", "port")(inPlan('globalThis["process"].exit(1);')),
  plant("globals", "a buffer", "port")(inPlan("export const a = Buffer.alloc(1);")),
  plant("globals", "printing", "terminal")(inTargets('console.log("hello");')),
  plant("globals", "unseeded chance in a test", "seed")({ "test/a.test.ts": "Math.random();" }),
  plant(
    "links",
    "a page that is not there",
    "no page docs/b.md",
  )({ "docs/a.md": "[b](b.md)", "docs/c.md": "[a](a.md)" }),
  plant(
    "links",
    "a heading of another name",
    "no heading #how-it-works",
  )({ "docs/a.md": "# How it `works`, now\n\n[b](#how-it-works) [c](#how-it-works-now)" }),
  plant(
    "processes",
    "a starter nobody knows",
    "hand other",
  )({
    "src/platform/store/index.ts": `${door}import { spawn } from "node:child_process";`,
  }),
  plant(
    "processes",
    "a second starter of services",
    "second starter",
  )(inTargets('import { fork } from "node:child_process";')),
  plant(
    "processes",
    "a shell",
    "through a shell",
  )({
    "src/targets/process/start.ts":
      'import { spawn } from "node:child_process";\nspawn("ls", { shell: true });',
  }),
  plant(
    "processes",
    "exec",
    "through a shell",
  )({
    "src/targets/process/start.ts": 'import { exec } from "node:child_process";',
  }),
];

const shapePlants: readonly Plant[] = [
  plant("doors", "no door", "only door")({ "src/plan/index.ts": undefined }),
  plant("doors", "a technology without a door", "only door")({ "src/platform/fs/a.ts": "" }),
  plant("doors", "a door that says nothing", "paragraph")({ "src/plan/index.ts": "export {};" }),
  plant("budgets", "a long file", "400 at most")(inPlan(many(401, "export {};"))),
  plant(
    "budgets",
    "a long function",
    "80 at most",
  )(inPlan(`export function f() {\n${many(80, "f();")}}\n`)),
  plant(
    "budgets",
    "many parameters",
    "3 at most",
  )(inPlan("export const f = (a: 1, b: 1, c: 1, d: 1) => [a, b, c, d];")),
  plant(
    "budgets",
    "a port with many parameters",
    "3 at most",
  )(inPlan("export interface A { f(a: 1, b: 1, c: 1, d: 1): void }")),
  plant("budgets", "a wide comment", "100 at most")(inPlan(`// ${"wide ".repeat(20)}\n`)),
  plant("names", "camel case", "kebab-case")({ "src/plan/chooseNext.ts": "" }),
  plant("names", "a name that says nothing", "says nothing")({ "src/plan/string-utils.ts": "" }),
  plant("names", "a folder that says nothing", "says nothing")({ "test/helpers/clock.ts": "" }),
];

const truthPlants: readonly Plant[] = [
  plant("texts", "a registry", "package registry")({ ".npmrc": registry }),
  plant("texts", "a path of one machine", "one machine")({ "docs/a.md": `see ${machinePath}` }),
  plant("texts", "a pinned address", "pins")({ "package-lock.json": pinned }),
  plant("texts", "something unfinished", "unfinished")(inPlan(`// ${unfinished}: later\n`)),
  plant("errors", "no page", "is missing")({ "docs/errors.md": undefined }),
  plant("errors", "no table", "is missing")({ "src/kernel/errors.ts": undefined }),
  plant("errors", "an empty table", "no `errorTable`")({ "src/kernel/errors.ts": "export {};" }),
  plant("errors", "a code without a word", "does not explain")({ "docs/errors.md": "# Errors\n" }),
  plant(
    "errors",
    "a word without a code",
    "does not have",
  )({
    "docs/errors.md": "## `NOT_FOUND`\n## `GONE`\n",
  }),
  plant("package", "a script without a file", "not there")({ "test/run.ts": undefined }),
  plant("package", "an export without a file", "not there")({ "src/public/index.ts": undefined }),
  plant("package", "a binary without a file", "not there")({ "bin/soulmirror.js": undefined }),
  plant("package", "no manifest", "is missing")({ "package.json": undefined }),
  plant("commands", "no README", "is missing")({ "README.md": undefined }),
  plant("commands", "a command without a row", "no row")({ "src/cli/commands/drill.ts": "" }),
  plant("commands", "a row without a command", "lists")({ "src/cli/commands/up.ts": undefined }),
  plant(
    "honesty",
    "a skipped test",
    "hides a test",
  )({ "test/a.test.ts": 'it.skip("a", () => {});' }),
  plant(
    "honesty",
    "a sometimes skipped test",
    "hides a test",
  )({
    "test/a.test.ts": 'describe.concurrent.skipIf(true)("a", () => {});',
  }),
  plant(
    "honesty",
    "a test that is skipped by an option",
    "hides a test",
  )({ "test/a.test.ts": 'test.each([1])("a", { skip: true }, () => {});' }),
  plant(
    "honesty",
    "a test that skips itself",
    "hides a test",
  )({ "test/a.test.ts": 'it("a", (context) => context.skip());' }),
  plant(
    "honesty",
    "a test that skips itself by a part of its context",
    "hides a test",
  )({ "test/a.test.ts": 'it("a", ({ skip }) => skip());' }),
  plant(
    "honesty",
    "a quoted skip",
    "hides a test",
  )({ "test/a.test.ts": 'it["skip"]("a", () => {});' }),
  plant(
    "honesty",
    "a test for root among those for all",
    "test/privileged/",
  )({ "test/a.test.ts": "const isRoot = process.getuid?.() === 0;" }),
  plant(
    "honesty",
    "a mocked module",
    "real thing",
  )({ "test/a.test.ts": 'vi.mock("../src/a.ts");' }),
];

export const plants: readonly Plant[] = [
  ...rankPlants,
  ...purityPlants,
  ...shapePlants,
  ...truthPlants,
];

/**
 * What a project sees of the packed package: examples of the pages compile and run as they are
 * printed, and every entry has types that are true for `import` and for `require`.
 */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installPackage, lendPackages } from "../../bench/rig/packed-package.ts";
import { examplesOf, promised } from "./doc-examples.ts";
import { olderNodes } from "./older-nodes.ts";
import { packedOnce } from "./packed-once.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const pages = [
  "README.md",
  ...["docs/engine", "docs/vault"].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
  ),
];
const subpaths = Object.keys(
  (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { exports: object }).exports,
).filter((path) => path !== "./package.json");
const entries = subpaths.map((path) => path.replace(/^\./, "soulmirror"));
/** Those that can `require` ES modules. */
const runtimes = [
  { name: "this Node", command: [process.execPath] },
  ...olderNodes().filter(({ name }) => /^Node v(?:20\.(?:19|2\d)|22\.(?:1[2-9]|2\d))\./.test(name)),
];
const lent = [
  "@types/node",
  "@types/express",
  "@types/pg",
  "@trpc/server",
  "express",
  "ioredis",
  "pg",
  "openai",
  "ai",
  "@ai-sdk/openai",
];

let folder: string;
let project: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "soulmirror-types-"));
  project = await installPackage(folder, await packedOnce());
}, 180_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What the compiler has to say; empty: nothing. */
async function complaints(place: string, options: readonly string[]): Promise<string> {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const words = [tsc, "--ignoreConfig", "--strict", "--types", "node", ...options];
  const told = await run(process.execPath, words, { cwd: place }).catch(
    (error: unknown) => error as { readonly stdout: string },
  );
  return told.stdout;
}

describe("in an empty project", () => {
  const asNode = ["--target", "es2022", "--noEmit", "--skipLibCheck", "false"];
  const modes = ["node16", "node18", "node20", "nodenext"].map((module) => ({
    title: `module ${module}`,
    options: ["--module", module, "--moduleResolution", module === "nodenext" ? module : "node16"],
  }));
  const bundled = {
    title: "module commonjs",
    options: ["--module", "commonjs", "--moduleResolution", "bundler"],
  };
  const core = entries.filter((entry) => entry !== "soulmirror/trpc");

  beforeAll(async () => {
    await lendPackages(project, ["@types/node"]);
    for (const entry of core) {
      const text = await truth(entry);
      for (const kind of ["mts", "cts"])
        await writeFile(join(project, `${named(entry)}.${kind}`), text);
    }
    await writeFile(join(project, "mixed.cts"), mixed);
  });

  it.each([...modes, bundled])("all names and types are there with $title", async ({ options }) => {
    const files = core.flatMap((entry) => [`${named(entry)}.mts`, `${named(entry)}.cts`]);
    const told = await complaints(project, [...asNode, ...options, ...files, "mixed.cts"]);
    expect(told).toBe("");
  });

  it("what a CommonJS file is compiled to runs", async () => {
    const options = ["--target", "es2022", "--module", "node16", "--moduleResolution", "node16"];
    expect(await complaints(project, [...options, "mixed.cts"])).toBe("");
    const { stdout } = await run(process.execPath, ["mixed.cjs"], { cwd: project });
    expect(stdout).toBe("true true done\n");
  });

  it.each(runtimes)(
    "`require` and `import` give the same of every entry with $name",
    async ({ command: [node = ""] }) => {
      const program = `for (const name of ${JSON.stringify(core)}) {
      import(name).then((all) => console.log(name, all === require(name)));
    }`;
      const { stdout } = await run(node, ["--eval", program], { cwd: project });
      const told = core.map((entry) => `${entry} true`);
      expect(stdout.trim().split("\n").toSorted()).toEqual(told.toSorted());
    },
  );
});

describe("examples", () => {
  const examples = pages.flatMap((page) =>
    examplesOf(page).map((code, place) => ({
      file: `${page.slice(0, -".md".length).replaceAll("/", "-")}-${place}`,
      code,
    })),
  );
  // A backup loads threads and WebAssembly, which lie elsewhere in the package.
  const printing = ["README.md", "docs/vault/README.md"].flatMap((page, at) =>
    examplesOf(page).map((code, place) => ({ page, code, place: `${at}-${place}` })),
  );

  beforeAll(async () => {
    await lendPackages(
      project,
      lent.filter((name) => name !== "@types/node"),
    );
  });

  it("are all written in TypeScript", () => {
    const others = pages.filter((page) => /^```(?:js|tsx|mjs)/m.test(readPage(page)));
    expect(others).toEqual([]);
    expect(examples.length).toBeGreaterThan(20);
  });

  it("compile, on every page", async () => {
    const place = join(project, "examples");
    await mkdir(place);
    for (const { file, code } of examples) await writeFile(join(place, `${file}.mts`), code);
    const strict = ["--exactOptionalPropertyTypes", "--module", "nodenext", "--skipLibCheck"];
    const files = examples.map(({ file }) => `${file}.mts`);
    expect(await complaints(place, [...strict, "--target", "es2024", "--noEmit", ...files])).toBe(
      "",
    );
  });

  it("with tRPC beside it its entry has types for both kinds of modules", async () => {
    const files = ["trpc.mts", "trpc.cts"];
    for (const file of files) await writeFile(join(project, file), await truth("soulmirror/trpc"));
    const node16 = ["--module", "node16", "--moduleResolution", "node16", "--skipLibCheck"];
    expect(await complaints(project, [...node16, "--target", "es2022", "--noEmit", ...files])).toBe(
      "",
    );
  });

  it.each(printing)("$place of $page runs as it is printed", async ({ code, place }) => {
    for (const kind of ["mts", "mjs"]) {
      const here = join(project, `example-${place}-${kind}`);
      await mkdir(here);
      const file = join(here, `example.${kind}`);
      await writeFile(file, kind === "mts" ? code : stripTypeScriptTypes(code));
      const { stdout } = await run(process.execPath, [file], { cwd: here });
      expect(stdout.trim().split("\n")).toEqual(promised(code));
    }
  });
});

/** Both kinds of modules at once: what one has made fits the other. */
const mixed = `import { createEngine, type EngineOptions, LogSketch, SoulMirrorError } from "soulmirror";
import all = require("soulmirror");

const options: EngineOptions = { service: "shop" };
const engine: all.InfrastructureReliabilityEngine = createEngine(options);
class Sketch extends LogSketch {}
const sketch: LogSketch = new Sketch();
async function main(): Promise<void> {
  const later = await import("soulmirror");
  const other: typeof engine = later.createEngine();
  console.log(later.SoulMirrorError === SoulMirrorError, sketch instanceof later.LogSketch, "done");
  other.close();
  engine.close();
}
void main();
`;

function named(entry: string): string {
  return entry.replaceAll("/", "-");
}

function readPage(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

/** A program that is well typed when the types have the names that are there, and no others. */
async function truth(entry: string): Promise<string> {
  const asked = `console.log(JSON.stringify(Object.keys(require("${entry}"))))`;
  const { stdout } = await run(process.execPath, ["--eval", asked], { cwd: project });
  const names = JSON.parse(stdout) as readonly string[];
  const union = names.map((name) => JSON.stringify(name)).join(" | ") || "never";
  return `import * as all from "${entry}";
type Same = [keyof typeof all, ${union}] extends [${union}, keyof typeof all] ? true : false;
export const same: Same = true;
export const values: readonly unknown[] = [${names.map((name) => `all.${name}`).join(", ")}];
`;
}

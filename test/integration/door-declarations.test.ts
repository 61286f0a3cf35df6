/** The types of every door of the package, as a project compiles them that has no peer of it. */
import { execFile } from "node:child_process";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { temporaryFolder } from "../afterwards.ts";
import { packedOnce } from "./packed-once.ts";

const run = promisify(execFile);
const modules = resolve("node_modules");
const compiler = join(modules, "typescript", "bin", "tsc");

const compilerOptions = {
  strict: true,
  noEmit: true,
  // The default, which reads the declarations of packages as closely as those of the project.
  skipLibCheck: false,
  module: "nodenext",
  target: "es2024",
  types: ["node"],
};

test("every door compiles alone and strictly, where none of the optional peers is installed", async () => {
  const project = temporaryFolder("soulmirror-types");
  const home = join(project, "node_modules", "soulmirror");
  await mkdir(home, { recursive: true });
  await run("tar", ["-xzf", await packedOnce(), "-C", home, "--strip-components=1"]);
  await mkdir(join(project, "node_modules", "@types"));
  await symlink(join(modules, "@types", "node"), join(project, "node_modules", "@types", "node"));
  const { exports } = JSON.parse(await readFile(join(home, "package.json"), "utf8")) as {
    readonly exports: Readonly<Record<string, { readonly types?: string }>>;
  };
  const doors = Object.keys(exports).filter((door) => exports[door]?.types !== undefined);
  expect(doors).toContain("./trpc");
  await writeFile(join(project, "package.json"), JSON.stringify({ type: "module" }));
  const complaints: Record<string, string> = {};
  for (const [place, door] of doors.entries()) {
    const file = `door-${place}.ts`;
    const from = JSON.stringify(`soulmirror${door.slice(1)}`);
    const config = `tsconfig-${place}.json`;
    const text = `import * as door from ${from};\nexport const names: string[] = Object.keys(door);\n`;
    // oxlint-disable-next-line no-await-in-loop -- One compiler at a time.
    await writeFile(join(project, file), text);
    // oxlint-disable-next-line no-await-in-loop -- As above.
    await writeFile(join(project, config), JSON.stringify({ compilerOptions, files: [file] }));
    // oxlint-disable-next-line no-await-in-loop -- As above.
    complaints[door] = await complaintsOf(project, config);
  }
  expect(complaints).toEqual(Object.fromEntries(doors.map((door) => [door, ""])));
}, 180_000);

async function complaintsOf(project: string, config: string): Promise<string> {
  try {
    await run(process.execPath, [compiler, "-p", config], { cwd: project });
    return "";
  } catch (error) {
    return String((error as { readonly stdout?: unknown }).stdout);
  }
}

/**
 * The package as a user gets it: built, packed, installed into an empty project, and run from
 * there with a fleet of its own. What only works in the checkout fails here.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { freePort } from "../../src/system/index.ts";

const run = promisify(execFile);
const root = new URL("../..", import.meta.url).pathname;
const packed = [
  "package.json",
  "bin",
  "src",
  "tsconfig.base.json",
  "tsconfig.build.json",
  "rolldown.config.ts",
];
const documents = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "LICENSE",
  "CHANGELOG.md",
  "docs",
  "examples",
];

/** Packs a copy, so that the checkout gets no `dist/`. Returns the tarball. */
async function pack(folder: string): Promise<string> {
  const copy = join(folder, "copy");
  await mkdir(copy);
  for (const name of [...packed, ...documents]) {
    await cp(join(root, name), join(copy, name), { recursive: true });
  }
  await symlink(join(root, "node_modules"), join(copy, "node_modules"));
  const { stdout } = await run("npm", ["pack", "--silent", "--pack-destination", folder], {
    cwd: copy,
  });
  return join(folder, stdout.trim().split("\n").at(-1) ?? "");
}

async function install(folder: string, tarball: string): Promise<string> {
  const project = join(folder, "project");
  await mkdir(project);
  await writeFile(join(project, "package.json"), '{ "name": "empty", "private": true }\n');
  await run("npm", ["install", tarball, "--no-audit", "--no-fund"], { cwd: project });
  return project;
}

/** Links of a page to files that did not come along. */
async function deadLinks(folder: string, page: string): Promise<readonly string[]> {
  const text = await readFile(join(folder, page), "utf8");
  const targets = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(
    ([, target = ""]) => target,
  );
  return targets.filter((target) => !existsSync(join(folder, dirname(page), target)));
}

async function sizeOf(folder: string): Promise<number> {
  const { stdout } = await run("du", ["-sk", folder]);
  return Number(stdout.split("\t")[0]) / 1024;
}

test("the packed package installs small, without install scripts, and supervises a fleet", async () => {
  const folder = await mkdtemp(join(tmpdir(), "soulmirror-package-"));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const project = await install(folder, await pack(folder));

  const lock = JSON.parse(await readFile(join(project, "package-lock.json"), "utf8")) as {
    packages: Record<string, { hasInstallScript?: boolean }>;
  };
  const installed = Object.entries(lock.packages).filter(([path]) => path !== "");
  expect(installed.length).toBeLessThanOrEqual(80);
  expect(installed.filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([]);
  expect(await sizeOf(join(project, "node_modules"))).toBeLessThanOrEqual(40);
  const home = join(project, "node_modules", "soulmirror");
  expect(await readdir(home)).not.toContain("src");
  expect(await readdir(join(home, "examples", "shop"))).not.toContain("data");
  expect(existsSync(join(home, "examples", "shop", "load", "run-load.js"))).toBe(true);
  expect(await deadLinks(home, "README.md")).toEqual([]);
  expect(await deadLinks(home, "docs/runbook.md")).toEqual([]);

  const [port, apiPort] = [await freePort(), await freePort()];
  const program = `require("http").createServer((_, answer) => answer.end("here")).listen(process.env.PORT)`;
  const services = { web: { command: ["node", "-e", program], listen: port, health_check: "/" } };
  await writeFile(join(project, "soulmirror.yaml"), JSON.stringify({ fleet: "packed", services }));
  const bin = join(project, "node_modules", ".bin", "soulmirror");
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env["PATH"]}` };
  const soulmirror = async (...words: string[]): Promise<string> =>
    (await run(process.execPath, [bin, ...words], { cwd: project, env })).stdout;

  stack.defer(async () => void (await soulmirror("down").catch(() => "")));
  await soulmirror("up", "--port", String(apiPort));
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  expect(await answer.text()).toBe("here");
  const status = JSON.parse(await soulmirror("status", "--json")) as { fleet?: unknown };
  expect(JSON.stringify(status)).toContain('"healthy"');
  expect(await soulmirror("down")).toContain("stopped");
}, 180_000);

/**
 * The package as a user gets it: built, packed, installed into an empty project, and run from
 * there with a fleet of its own. What only works in the checkout fails here.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { footprintOf, installPackage, packCheckout } from "../../bench/rig/packed-package.ts";
import { freePort } from "../../src/system/index.ts";

const run = promisify(execFile);

/** Links of a page to files that did not come along. */
async function deadLinks(folder: string, page: string): Promise<readonly string[]> {
  const text = await readFile(join(folder, page), "utf8");
  const targets = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(
    ([, target = ""]) => target,
  );
  return targets.filter((target) => !existsSync(join(folder, dirname(page), target)));
}

/** Every way in that `soulmirror/register` has: what is loaded at once, later, and in a thread. */
const guardedApp = `const fs = require("node:fs");
fs.writeFileSync("notes", "old"); fs.writeFile("notes", "new", () => {}); fs.readFileSync("notes");
function work() { const end = performance.now() + 1500; while (performance.now() < end); }
setTimeout(work, 5000); setTimeout(() => {}, 7000);
`;

async function guardedRun(project: string, flag: string): Promise<readonly string[]> {
  await writeFile(join(project, "guarded.cjs"), guardedApp);
  const env = { ...process.env, RELIABILITY_FILES: "report" };
  const words = [flag, "soulmirror/register", "guarded.cjs"];
  const { stderr } = await run(process.execPath, words, { cwd: project, env });
  return stderr.trim().split("\n");
}

test("the packed package installs small, without install scripts, and supervises a fleet", async () => {
  const folder = await mkdtemp(join(tmpdir(), "soulmirror-package-"));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const project = await installPackage(folder, await packCheckout(folder));

  const { megabytes, packages, withInstallScript } = await footprintOf(project);
  expect(packages).toBeLessThanOrEqual(80);
  expect(withInstallScript).toEqual([]);
  expect(megabytes).toBeLessThanOrEqual(40);
  const home = join(project, "node_modules", "soulmirror");
  expect(await readdir(home)).not.toContain("src");
  expect(await readdir(join(home, "examples", "shop"))).not.toContain("data");
  expect(existsSync(join(home, "examples", "shop", "load", "run-load.js"))).toBe(true);
  expect(await deadLinks(home, "README.md")).toEqual([]);
  expect(await deadLinks(home, "docs/runbook.md")).toEqual([]);

  for (const flag of ["--import", "--require"]) {
    expect(await guardedRun(project, flag)).toEqual([
      expect.stringMatching(/notes was read while fs\.writeFile was writing it/),
      expect.stringMatching(/blocked for \d+ ms in work .*guarded\.cjs/),
    ]);
  }

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

/**
 * The package as a user gets it: built, packed, installed into an empty project, and run from
 * there with a fleet of its own. What only works in the checkout fails here.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import { footprintOf, installPackage } from "../../bench/rig/packed-package.ts";
import { packedOnce } from "./packed-once.ts";

const run = promisify(execFile);

/** Links of a page to files that did not come along. */
async function deadLinks(folder: string, page: string): Promise<readonly string[]> {
  const text = await readFile(join(folder, page), "utf8");
  const targets = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(
    ([, target = ""]) => target,
  );
  return targets.filter((target) => !existsSync(join(folder, dirname(page), target)));
}

/**
 * What no user can reach: sources, parts of tests and benches, types of what has no entry, and what
 * was put into other files.
 */
async function needless(home: string): Promise<readonly string[]> {
  const all = await readdir(home, { recursive: true });
  return all.filter((path) =>
    /(?<!\.d)\.ts$|\.map$|\.test\.|-bench\.|planted|simulated-|^dist\/public\/[^/]+\.js$|^dist\/(?:api|daemon)\/.*\.d\.ts$|^dist\/engine\/(?!silent\/stall-worker).*\.js$|^dist\/cli\/(?!main\.js$|bundle(?:\/[^/]+\.(?:js|txt))?$)/.test(
      path,
    ),
  );
}

/** Every way in that `soulmirror/register` has: what is loaded at once, later, and in a thread. */
const guardedApp = `const fs = require("node:fs");
fs.writeFileSync("notes", "old"); fs.writeFile("notes", "new", () => {}); fs.readFileSync("notes");
function work() { const end = performance.now() + 1500; while (performance.now() < end); }
setTimeout(work, 5000); setTimeout(() => {}, 7000);
`;

async function guardedRun(project: string, flag: string): Promise<void> {
  // Below the project, so that each has notes of its own and finds the package all the same.
  const folder = await mkdtemp(join(project, "guarded-"));
  await writeFile(join(folder, "guarded.cjs"), guardedApp);
  const env = { ...process.env, RELIABILITY_FILES: "report" };
  const words = [flag, "soulmirror/register", "guarded.cjs"];
  const { stderr } = await run(process.execPath, words, { cwd: folder, env });
  expect(stderr.trim().split("\n")).toEqual([
    expect.stringMatching(/notes was read while fs\.writeFile was writing it/),
    expect.stringMatching(/blocked for \d+ ms in work .*guarded\.cjs/),
  ]);
}

test("the packed package installs small, without install scripts, and supervises a fleet", async () => {
  const folder = await mkdtemp(join(tmpdir(), "soulmirror-package-"));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const project = await installPackage(folder, await packedOnce());

  const { megabytes, packages, withInstallScript } = await footprintOf(project);
  expect(packages).toBeLessThanOrEqual(80);
  expect(withInstallScript).toEqual([]);
  expect(megabytes).toBeLessThanOrEqual(40);
  const home = join(project, "node_modules", "soulmirror");
  expect(await readdir(home)).not.toContain("src");
  expect(await needless(home)).toEqual([]);
  expect(existsSync(join(project, "node_modules", "@prisma"))).toBe(false);
  expect(await readdir(join(home, "examples", "shop"))).not.toContain("data");
  expect(existsSync(join(home, "examples", "shop", "load", "run-load.js"))).toBe(true);
  expect(await deadLinks(home, "README.md")).toEqual([]);
  expect(await deadLinks(home, "docs/runbook.md")).toEqual([]);

  await backUpProject(project);
  const guarded = Promise.all(["--import", "--require"].map((flag) => guardedRun(project, flag)));
  await Promise.all([guarded, superviseFleet(project, stack)]);
}, 360_000);

/** By the command line alone, which is put together of parts and starts threads. */
async function backUpProject(project: string): Promise<void> {
  const vault = {
    sources: ["./source"],
    locations: ["./place"],
    quorum: 1,
    passphrase: { env: "PACKED_PASSPHRASE" },
  };
  await mkdir(join(project, "source"));
  await writeFile(join(project, "source", "one"), "one");
  await writeFile(join(project, "backup.yaml"), JSON.stringify({ vaults: { packed: vault } }));
  const bin = join(project, "node_modules", ".bin", "soulmirror");
  const env = { ...process.env, PACKED_PASSPHRASE: "of a test" };
  const soulmirror = (...words: string[]): Promise<unknown> =>
    run(process.execPath, [bin, "-c", "backup.yaml", "vault", ...words], { cwd: project, env });
  await soulmirror("init");
  await soulmirror("backup");
  await soulmirror("restore", "--target", "restored");
  const restored = join(project, "restored", project, "source", "one");
  expect(await readFile(restored, "utf8")).toBe("one");
}

async function superviseFleet(project: string, stack: AsyncDisposableStack): Promise<void> {
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
}

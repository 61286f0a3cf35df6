/**
 * A service need not run on the newest Node: what is in the package runs on Node 20, too. Where no
 * older one is at hand, a new one is without what came after Node 20.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lendPackages } from "../../bench/rig/packed-package.ts";
import manifest from "../../package.json" with { type: "json" };
import { examplesOf, promised } from "./doc-examples.ts";
import { olderNodes, preamble, type Runtime } from "./older-nodes.ts";
import { packedOnce } from "./packed-once.ts";

const run = promisify(execFile);

const without = preamble(`
  for (const name of ["withResolvers", "try"]) delete Promise[name];
  delete Array.fromAsync;
  for (const name of ["union", "intersection", "difference", "symmetricDifference", "isSubsetOf",
    "isSupersetOf", "isDisjointFrom"]) delete Set.prototype[name];
  const iterator = Object.getPrototypeOf(Object.getPrototypeOf([].values()));
  for (const name of ["map", "filter", "take", "drop", "flatMap", "reduce", "toArray", "forEach",
    "some", "every", "find"]) delete iterator[name];
  for (const name of ["escape"]) delete RegExp[name];
  delete Error.isError;
`);
const runtimes: readonly Runtime[] = [
  { name: "a Node without what is new", command: [process.execPath, "--import", without] },
  ...olderNodes(),
];

const pages = ["README.md", "docs/engine/policies.md", "docs/engine/files.md"];
const examples = pages
  .flatMap((page) => examplesOf(page).map((code, place) => ({ page, place, code })))
  .filter(({ code }) => promised(code).length > 0);

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "soulmirror-older-"));
  const place = join(folder, "node_modules", "soulmirror");
  await mkdir(place, { recursive: true });
  await run("tar", ["xf", await packedOnce(), "--strip-components=1", "-C", place]);
  await lendPackages(folder, [...Object.keys(manifest.dependencies), "@trpc/server"]);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function printedBy({ command: [node = "", ...words] }: Runtime, code: string) {
  const home = await mkdtemp(join(folder, "app-"));
  await writeFile(join(home, "app.mjs"), code);
  const { stdout } = await run(node, [...words, "app.mjs"], { cwd: home, timeout: 60_000 });
  return stdout.trim().split("\n");
}

describe.each(runtimes)("on $name", (runtime) => {
  it.each(examples)("$page, example $place", async ({ code }) => {
    expect(await printedBy(runtime, stripTypeScriptTypes(code, { mode: "transform" }))).toEqual(
      promised(code),
    );
  });

  it("`register` watches, and a store that this Node cannot have is told", async () => {
    const [node = "", ...words] = runtime.command;
    const watched = { ...runtime, command: [node, ...words, "--import", "soulmirror/register"] };
    const lines = await printedBy(
      watched,
      `import { createEngine, sqliteStateStore } from "soulmirror";
      const engine = createEngine({ breakerStates: sqliteStateStore("states.db") });
      engine.on("state", ({ message }) => console.log(message));
      console.log(await engine.wrap("it", { ask: async () => "an answer" }).ask());
      await engine.close();`,
    );
    expect(lines).toContain("an answer");
    const hasSqlite = !runtime.name.startsWith("Node v20");
    expect(lines.join(" ").includes("node:sqlite")).toBe(!hasSqlite);
  });

  it("a call waits for its turn, times out and is answered otherwise; a file configures it", async () => {
    const lines = await printedBy(
      runtime,
      `import { mkdirSync, writeFileSync } from "node:fs";
      import { createEngine } from "soulmirror";
      mkdirSync("config");
      writeFileSync("config/reliability.yml", "services:\\n  slow:\\n    timeout: 100ms\\n");
      const engine = createEngine({ breakerStates: "states.json", mode: "full" });
      const raw = { work: (ms) => new Promise((resolve) => setTimeout(resolve, ms, "done " + ms)) };
      const options = { bulkhead: { limit: 1, queue: 5 }, fallback: () => "instead" };
      const slow = engine.wrap("slow", raw, options);
      console.log(await Promise.all([slow.work(1), slow.work(2), slow.work(5000)]));
      console.log((await engine.getSystemHealth()).overall);
      await engine.close();
      process.exit();`,
    );
    expect(lines).toEqual(["[ 'done 1', 'done 2', 'instead' ]", "healthy"]);
  });
});

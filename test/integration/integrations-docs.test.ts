/** docs/engine/integrations.md: its examples run, on real servers, and print what they say. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type RedisServer, startRedis } from "./redis-server.ts";
import { startPostgres } from "./servers/postgres.ts";
import type { DatabaseServer } from "./servers/server-process.ts";

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(join(root, "docs/engine/integrations.md"), "utf8");
const examples = [...page.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = ""]) => code);

let postgres: DatabaseServer;
let redis: RedisServer;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

it("has examples", () => {
  expect(examples).toHaveLength(5);
});

it.each(examples)("example %#", async (code) => {
  const folder = mkdtempSync(join(tmpdir(), "integrations-docs-"));
  try {
    const file = join(folder, "example.ts");
    writeFileSync(
      file,
      code.replaceAll(/from "([^"]+)"/g, (_all, name: string) => found(name)),
    );
    const env = {
      ...process.env,
      DATABASE_URL: `postgres://postgres@127.0.0.1:${postgres.port}/postgres`,
      REDIS_URL: redis.url,
    };
    const { stdout } = await run(process.execPath, [file], { cwd: folder, env });
    const wanted = promised(code);
    expect(wanted.length).toBeGreaterThan(0);
    expect(stdout.trim().split("\n")).toEqual(wanted);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** Ours by their sources, others where they are installed. */
function found(name: string): string {
  if (name.startsWith("node:")) return `from "${name}"`;
  const ours = /^soulmirror(?:\/(\w+))?$/.exec(name);
  const file =
    ours === null ? require.resolve(name) : join(root, `src/public/${ours[1] ?? "index"}.ts`);
  return `from ${JSON.stringify(pathToFileURL(file).href)}`;
}

/** What stands behind `console.log(...); // `, or on the line below it. */
function promised(code: string): readonly string[] {
  const said = code.matchAll(/console\.log\(.*\);(?: |\n *)\/\/ (.*)/g);
  return [...said].map(([, text = ""]) => text);
}

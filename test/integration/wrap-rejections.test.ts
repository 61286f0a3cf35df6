/** docs/engine/wrap.md: rejections that nobody handles, and its example, in real processes. */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { temporaryFolder } from "../afterwards.ts";

const run = promisify(execFile);
const door = new URL("../../src/public/index.ts", import.meta.url).href;
const page = readFileSync(
  fileURLToPath(new URL("../../docs/engine/wrap.md", import.meta.url)),
  "utf8",
);

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function end(code: string): Promise<Ended> {
  const folder = temporaryFolder("wrap");
  const file = join(folder, "app.ts");
  writeFileSync(file, code.replaceAll('"soulmirror"', JSON.stringify(door)));
  try {
    return { code: 0, ...(await run(process.execPath, [file], { cwd: folder })) };
  } catch (error) {
    return error as Ended;
  }
}

const app = (mode: string): string => `
  import { createEngine } from "soulmirror";
  const engine = createEngine({ mode: "${mode}", autoRetry: false });
  const it = engine.wrap("it", { async ask() { throw new RangeError("nobody waits"); } });
  void it.ask();
`;

test.each(["full", "monitor", "off"])(
  "%s: a rejection that nobody handles ends the process as without the engine",
  async (mode) => {
    const { code, stderr } = await end(app(mode));
    expect(code).toBe(1);
    expect(stderr).toContain("RangeError: nobody waits");
  },
);

test("shadow: the very promise is observed, so its rejection counts as handled", async () => {
  expect(await end(app("shadow"))).toMatchObject({ code: 0, stderr: "" });
});

const examples = [...page.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = ""]) => code);

test("the page has an example", () => expect(examples).toHaveLength(1));

test.each(examples)("example %#", async (code) => {
  const said = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map(([, text = ""]) => text);
  expect((await end(code)).stdout.trim().split("\n")).toEqual(said);
});

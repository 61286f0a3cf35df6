/** The examples of docs/engine/ai.md do what they say: run as they are, with what they print. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ProviderServer } from "./provider-server.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const page = await readFile(join(root, "docs/engine/ai.md"), "utf8");
const examples = [...page.matchAll(/```ts\n(.*?)```\n\n```text\n(.*?)```/gs)].map(
  ([, code = "", output = ""], index) => ({ title: `example ${index + 1}`, code, output }),
);

let folder: string;
let openai: ProviderServer;
let deepseek: ProviderServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "soulmirror-docs-"));
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  openai = await ProviderServer.start("openai");
  openai.behave({ kind: "refuse", status: 503, body: "<html>" });
  deepseek = await ProviderServer.start("deepseek");
});
afterAll(async () => {
  await openai.stop();
  await deepseek.stop();
  await rm(folder, { recursive: true });
});

describe("docs/engine/ai.md", () => {
  it("has its examples", () => {
    expect(examples.length).toBe(5);
    expect(page.match(/```ts/g)?.length).toBe(5);
  });

  it.each(examples)("$title prints what it says", async ({ code, output }) => {
    const file = join(folder, "example.ts");
    const here = code
      .replace(
        '"soulmirror/ai"',
        JSON.stringify(new URL("src/public/ai.ts", `file://${root}`).href),
      )
      .replace(
        '"soulmirror"',
        JSON.stringify(new URL("src/public/index.ts", `file://${root}`).href),
      )
      .replace("https://api.deepseek.com", deepseek.baseURL);
    await writeFile(file, here);
    const env = {
      ...process.env,
      OPENAI_API_KEY: "key",
      DEEPSEEK_API_KEY: "key",
      OPENAI_BASE_URL: openai.baseURL,
    };
    const { stdout } = await promisify(execFile)(process.execPath, [file], { env });
    expect(stdout).toBe(output);
  });
});

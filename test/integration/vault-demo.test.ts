/** `npm run demo:vault`, as a person starts it: every act is proven, and the table says so. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { temporaryFolder } from "../afterwards.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const acts = [
  "protect",
  "change",
  "rm -rf",
  "rot",
  "flipped bit",
  "lost location",
  "drill",
  "proof",
  "restic",
];

test("the demo of the vault proves each of its acts, and leaves nothing behind", async () => {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  expect(manifest.scripts["demo:vault"]).toBe("exec node examples/vault/demo.ts");
  const folder = temporaryFolder("demo");
  const env = { ...process.env, TMPDIR: folder };
  const words = [join(root, "examples/vault/demo.ts")];
  // Rejects when it ends with anything but 0.
  const { stdout } = await promisify(execFile)(process.execPath, words, { env });
  const table = stdout.slice(stdout.indexOf("\nact "));
  const rows = table.split("\n").filter((line) => acts.some((act) => line.startsWith(`${act} `)));
  expect(rows.map((row) => acts.find((act) => row.startsWith(`${act} `)))).toEqual(acts);
  for (const row of rows) expect(row).toMatch(/ {2}[\d.]+ (?:ms|s|m)\b.* {2}\S/);
  expect(table).toContain("All of it proven");
  expect(stdout).not.toContain("\u001b");
  expect(readdirSync(folder)).toEqual([]);
}, 400_000);

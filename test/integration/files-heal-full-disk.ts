/**
 * Runs in a mount namespace of its own: writes by the patched `fs` to a tmpfs of 256 KiB that is
 * full. Prints what was told and what was left.
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import { patchFileSystem } from "../../src/public/files.ts";

const cwd = process.argv[2] ?? "";
execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k,mode=755", "none", cwd]);
const path = join(cwd, "f");
fs.writeFileSync(path, "old");
fs.writeFileSync(join(cwd, "ballast"), Buffer.alloc(200 * 1024));
patchFileSystem({ mode: "heal" });
const large = Buffer.alloc(100 * 1024);
const message = (error: unknown): string => (error as Error | null)?.message ?? "written";

let sync = "written";
try {
  fs.writeFileSync(path, large);
} catch (error) {
  sync = message(error);
}
const promised = await fs.promises.writeFile(path, large).then(() => "written", message);
const called = await new Promise((resolve) => {
  fs.writeFile(path, large, (error) => resolve(message(error)));
});
const content = fs.readFileSync(path, "utf8");
process.stdout.write(
  JSON.stringify({ sync, promised, called, content, left: fs.readdirSync(cwd).sort() }),
);

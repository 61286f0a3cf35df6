/**
 * Runs in a mount namespace of its own: writes to a tmpfs of 1 MiB until it is full. Prints what
 * was left.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createFileOperations } from "../../src/public/files.ts";

const cwd = process.argv[2] ?? "";
execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m,mode=755", "none", cwd]);
const files = createFileOperations();
const [path, log] = [join(cwd, "state"), join(cwd, "log")];
const told = async (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: unknown) => {
      const { code, message } = error as NodeJS.ErrnoException;
      return { code, message };
    },
  );

await files.safeWriteFile(path, "old".repeat(1000), { keep: 0 });
await files.safeAppendFile(log, "one line\n");
// As much is left as the content needs, and no more for its copy.
writeFileSync(join(cwd, "ballast"), Buffer.alloc(600 * 1024));
const { healed } = await files.safeWriteFile(join(cwd, "large"), "l".repeat(300 * 1024));
const tooLarge = await told(files.safeWriteFile(path, "n".repeat(900 * 1024)));
writeFileSync(join(cwd, "ballast-2"), Buffer.alloc(statfsBytes()));
const write = await told(files.safeWriteFile(path, "new".repeat(5000)));
const append = await told(files.safeAppendFile(log, "x".repeat(20_000)));
const left = readdirSync(cwd).sort();
const state = readFileSync(path, "utf8") === "old".repeat(1000);
const lines = readFileSync(log, "utf8");
rmSync(join(cwd, "ballast"));
const after = await told(files.safeWriteFile(path, "new", { keep: 1 }));
const size = statSync(path).size;
truncateSync(path, 0);
execFileSync("mount", ["-o", "remount,ro", cwd]);
const readOnly = await told(files.safeWriteFile(path, "newer"));
const recovered: unknown[] = [];
const reader = createFileOperations({ onHealed: (healing) => recovered.push(healing) });
const read = await reader.safeReadFile(path, "utf8");
process.stdout.write(
  JSON.stringify({
    healed,
    tooLarge,
    write,
    append,
    left,
    state,
    lines,
    after,
    size,
    readOnly,
    read,
    recovered,
  }),
);

/** What is free, but for two pages: a name and a lock still fit, and nothing else. */
function statfsBytes(): number {
  const free = execFileSync("stat", ["-f", "-c", "%a %S", cwd], { encoding: "utf8" });
  const [blocks = 0, size = 0] = free.trim().split(" ").map(Number);
  return Math.max(0, blocks - 3) * size;
}

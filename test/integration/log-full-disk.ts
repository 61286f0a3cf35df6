/**
 * Runs in a mount namespace of its own: the log of a service fills a tmpfs of 1 MiB, so that there
 * is no room to copy it. Prints what was left after each rotation, and what was lost.
 */
import { execFileSync } from "node:child_process";
import { appendFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ServiceLog } from "../../src/targets/process/index.ts";

const cwd = process.argv[2] ?? "";
execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m,mode=755", "none", cwd]);
const path = join(cwd, "shop.1.log");
const fill = (to: string, kibibytes: number): void =>
  writeFileSync(to, "x".repeat(kibibytes * 1024));

fill(path, 300);
fill(`${path}.1`, 300);
fill(`${path}.2`, 300);
const log = new ServiceLog(path);
const told: unknown[] = [];
for (const kibibytes of [0, 700]) {
  if (kibibytes > 0) fill(path, kibibytes);
  await log.rotate({ maxBytes: 1024, keep: 3, generationMaxBytes: 1024 * 1024 });
  const left = readdirSync(cwd).toSorted();
  told.push({ left, lostBytes: log.takeLost(), isSmall: statSync(path).size < 8192 });
}
// The service writes on, and there is room for it.
appendFileSync(path, "x".repeat(100 * 1024));
process.stdout.write(JSON.stringify(told));

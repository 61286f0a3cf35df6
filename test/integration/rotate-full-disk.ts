/**
 * Runs in a mount namespace of its own: rotates on a tmpfs of 1 MiB that has no room for a copy.
 * Prints what was left.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRotateEffector } from "../../src/targets/files/rotate-effector.ts";
import { calm, commandOf } from "../conformance/effector.ts";

const cwd = process.argv[2] ?? "";
execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m,mode=755", "none", cwd]);
const log = join(cwd, "app.log");
const fill = (path: string, kibibytes: number): void =>
  writeFileSync(path, "x".repeat(kibibytes * 1024));

const effector = createRotateEffector({ protectedPaths: [] });
const parameters = { files: ["*.log"], cwd, keep: 3 };
const rotate = () => effector.act(commandOf(effector, "act", { parameters }), calm());

fill(log, 300);
fill(`${log}.1`, 300);
fill(`${log}.2`, 300);
const done = (await rotate()).kind;
const left = readdirSync(cwd).sort();

rmSync(`${log}.1`);
rmSync(`${log}.2`, { force: true });
fill(log, 700);
const failed = await rotate();
const leftThen = readdirSync(cwd).sort();
const sizeBytes = statSync(log).size;

// No inode is left: there is room for the copy, and no name.
execFileSync("umount", [cwd]);
execFileSync("mount", ["-t", "tmpfs", "-o", "nr_inodes=4,mode=755", "none", cwd]);
for (const path of [log, `${log}.1`, `${log}.2`]) fill(path, 1);
const nameless = (await rotate()).kind;
const leftLast = readdirSync(cwd).sort();
process.stdout.write(
  JSON.stringify({ done, left, failed, leftThen, sizeBytes, nameless, leftLast }),
);

/**
 * Runs in a mount namespace of its own, so that its mounts vanish with it: cleans a root that has
 * a tmpfs, and a folder of the same device bound into it. Prints what was left.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { realClock } from "../../src/system/index.ts";
import { createCleanEffector } from "../../src/targets/files/effectors.ts";
import { calm, commandOf } from "../conformance/effector.ts";

const base = process.argv[2] ?? "";
const mount = (...words: string[]): unknown => execFileSync("mount", words);

const folders = ["root/tmpfs", "root/bind", "root/etc", "elsewhere"];
for (const each of folders) mkdirSync(join(base, each), { recursive: true });
writeFileSync(join(base, "root", "old"), "x");
writeFileSync(join(base, "elsewhere", "precious"), "x");
mount("-t", "tmpfs", "none", join(base, "root", "tmpfs"));
writeFileSync(join(base, "root", "tmpfs", "precious"), "x");
mount("--bind", join(base, "elsewhere"), join(base, "root", "bind"));
mount("--bind", "/etc", join(base, "root", "etc"));

const effector = createCleanEffector({ clock: realClock, protectedPaths: [] });
const clean = (root: string, pattern = "**") => {
  const parameters = { places: [{ root, pattern, olderThanMs: 0 }] };
  return effector.act(commandOf(effector, "act", { parameters }), calm());
};

const result = await clean(join(base, "root"), "**/{old,precious}");
const inTmpfs = existsSync(join(base, "root", "tmpfs", "precious"));
const inBind = existsSync(join(base, "elsewhere", "precious"));
const boundEtc = (await clean(join(base, "root", "etc"), "no-such-file")).kind;
const mountAsRoot = await clean(join(base, "root", "tmpfs"));
process.stdout.write(JSON.stringify({ result, inTmpfs, inBind, boundEtc, mountAsRoot }));

/** In a mount namespace of its own: a dump that fits, and one that does not, on a disk of 1 MiB. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DumpSpec } from "../../src/config/index.ts";
import { takeDumps } from "../../src/custodian/dumps/take-dumps.ts";

const disk = process.argv[2] ?? "";
execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m,mode=700", "none", disk]);
const { signal } = new AbortController();
const listing = (words: readonly string[]): Record<string, DumpSpec> => ({
  list: { kind: "command", words, env: {}, timeoutMs: 60_000 },
});
await takeDumps(listing(["printf", "good"]), disk, signal);
const { outcomes } = await takeDumps(listing(["head", "-c", "2M", "/dev/zero"]), disk, signal);
const [outcome] = outcomes;
const reason = outcome?.isTaken === false ? outcome.reason : "none";
const dumps = join(disk, "dumps");
const [left, list] = [readdirSync(dumps), readFileSync(join(dumps, "list"), "utf8")];
process.stdout.write(JSON.stringify({ left, list, reason }));

/**
 * Runs in a mount namespace of its own, where the user `nobody` is a member of two groups: starts a
 * service as that user and waits for the process that is made ahead. Prints what the kernel says of
 * both.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { descendantsOf, readProcessStatus, realTimers } from "../../src/system/index.ts";
import { ProcessBench } from "../integration/process-bench.ts";
import { until } from "../until.ts";

const after: typeof realTimers.after = (delayMs, run) =>
  realTimers.after(delayMs >= 1000 ? delayMs / 30 : delayMs, run);

await using bench = new ProcessBench({ timers: { ...realTimers, after } });
const file = join(bench.folder, "group");
const more = "one:x:54321:nobody\ntwo:x:54322:root,nobody\nthree:x:54323:root\n";
writeFileSync(file, `${readFileSync("/etc/group", "utf8")}${more}`);
execFileSync("mount", ["--bind", file, "/etc/group"]);
bench.stack.defer(() => void execFileSync("umount", ["--lazy", "/etc/group"]));

// The folders of the bench, and that of Node, may be private: a program that everybody may run.
const command = ["/bin/sh", "-c", "echo up $LOCPATH; exec sleep 1000"];
const identity = { cwd: "/", user: "nobody", group: "daemon", limits: { descriptors: 64 } };
const pid = await bench.start("", { command, ...identity, env: { LOCPATH: "/nowhere" } });
await until(() => descendantsOf(process.pid).length > 1);
const spare = descendantsOf(process.pid).find((each) => each.pid !== pid);
await until(() => readProcessStatus(spare?.pid ?? 0).get("Name") === "sh");
const told = [pid, spare?.pid ?? 0].map((each) => {
  const status = readProcessStatus(each);
  return ["Uid", "Gid", "Groups", "CapPrm"].map((name) => status.get(name));
});
process.stdout.write(JSON.stringify({ told, log: bench.log(), notes: bench.notes }));
bench.target.forgetService("shop");

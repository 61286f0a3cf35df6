/** Services that run as another user than the daemon. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readProcessStatus } from "../../src/system/index.ts";
import { ProcessBench } from "../integration/process-bench.ts";

test("a service runs as the user and group that it was given", async () => {
  await using bench = new ProcessBench();
  // The folders of the bench, and that of Node, may be private: a program that everybody may run.
  const command = ["/bin/sh", "-c", "echo up $HOME; exec sleep 1000"];
  const pid = await bench.start("", { command, cwd: "/", user: "nobody", group: "daemon" });
  const status = readProcessStatus(pid);
  expect(status.get("Uid")).toMatch(/^65534\s+65534/);
  expect(status.get("Gid")).toMatch(/^1\s+1/);
  expect(status.get("Groups")).toBe("");
  expect(bench.log()).toContain("/nonexistent");
});

test("a service gets the further groups of its user, and nothing else of root", () => {
  const script = join(import.meta.dirname, "supplementary-groups.ts");
  const output = execFileSync("unshare", ["-m", process.execPath, script], { encoding: "utf8" });
  const { told, log, notes } = JSON.parse(output) as Record<string, unknown>;
  const ids = ["65534", "1"].map((id) => Array(4).fill(id).join("\t"));
  const identity = [...ids, "54321 54322", "0000000000000000"];
  expect(told).toEqual([identity, identity]);
  expect([log, notes]).toEqual(["up /nowhere\n", []]);
});

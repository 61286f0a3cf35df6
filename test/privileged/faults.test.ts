/** Faults that take a disk or a control group of their own. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FaultBench, faultNamed } from "../integration/fault-bench.ts";
import { until } from "../until.ts";

test("D1 fills the small disk with what may be cleaned, and nothing else", async () => {
  await using bench = new FaultBench();
  const disk = join(bench.folder, "disk");
  mkdirSync(disk);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", disk]);
  bench.teardown.defer(() => void execFileSync("umount", ["--lazy", disk]));
  mkdirSync(join(disk, "cache"));
  const env = { LEDGER: join(disk, "ledger.db") };
  const clean = [{ root: join(disk, "cache"), pattern: "**/*.tmp", olderThanMs: 1_000 }];
  const options = { env, hooks: { commands: {}, webhooks: {}, clean, rotate: [] } };
  const { port } = await bench.start("trust-engine", "trust-engine.js", options);
  const fault = faultNamed("D1");
  bench.more = { smallDisk: disk };
  expect(await fault.unavailable?.(bench.scene)).toBeUndefined();
  const injection = await bench.inject(fault);
  expect(statfsSync(disk).bavail).toBe(0);
  expect(existsSync(join(disk, "cache/drill.tmp"))).toBe(true);
  await until(async () => (await bench.health(port)) === 503);
  await injection.undo();
  await until(async () => (await bench.health(port)) === 200);
});

test("M3 gives the process a quarter of a processor in a group of its own", async () => {
  await using bench = new FaultBench();
  const options = { env: { DATA: "exports" } };
  const { process, port } = await bench.start("mobile-converter", "mobile-converter.js", options);
  const fault = faultNamed("M3");
  const groups = (): string => readFileSync(`/proc/${process.pid}/cgroup`, "utf8");
  const before = groups();
  const injection = await bench.inject(fault);
  expect(groups()).toContain(`/soulmirror-drill-${process.pid}`);
  expect(await bench.health(port)).toBe(200);
  await injection.undo();
  expect(groups()).toBe(before);
});

/** Limits that the kernel holds by control groups, which only root may make. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { controlGroupsOf, readProcessStatus } from "../../src/system/index.ts";
import { Cgroups, findHierarchies } from "../../src/targets/process/index.ts";
import { ProcessBench } from "../integration/process-bench.ts";
import { until } from "../until.ts";

const idle = `console.log("up"); setInterval(() => {}, 1000);`;

test("a process that eats more memory than it may is killed, and the reason is known", async () => {
  await using bench = new ProcessBench();
  const eater = `console.log("up"); const held = [];
    setInterval(() => held.push(Buffer.alloc(8 * 1024 * 1024, 1)), 1);`;
  const pid = await bench.start(eater, { limits: { memoryBytes: 128 * 1024 * 1024 } });
  const exited = await bench.awaitReading("exited");
  expect(exited).toMatchObject({ process: { pid }, signal: "SIGKILL", expected: false });
  expect(exited.outOfMemory).toBe(true);
});

test("a limit on processes holds, threads counting", async () => {
  await using bench = new ProcessBench();
  const forker = `const { spawn } = require("node:child_process");
    let children = 0;
    for (let n = 0; n < 30; n += 1) {
      try {
        const child = spawn("sleep", ["60"]);
        child.on("error", (e) => console.log(e.code));
        if (child.pid) children += 1;
      } catch (e) { console.log(e.code); }
    }
    console.log("children " + children); console.log("up"); setInterval(() => {}, 1000);`;
  await bench.start(forker, { limits: { processes: 20 } });
  await until(() => /children \d+/.test(bench.log()));
  await until(() => bench.log().includes("EAGAIN"));
  expect(Number(/children (\d+)/.exec(bench.log())?.[1])).toBeLessThan(20);
});

test("a limit on processor time holds, by the kernel's own account", async () => {
  await using bench = new ProcessBench();
  const busy = `console.log("up"); for (;;);`;
  const pid = await bench.start(busy, { limits: { cpuPercent: 20 } });
  const groups = controlGroupsOf(pid);
  const group =
    groups.find(({ controllers }) => controllers.includes("cpu")) ??
    groups.find(({ version }) => version === 2);
  const stat = (name: string): number => {
    const text = readFileSync(join(group?.path ?? "", "cpu.stat"), "utf8");
    return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1]);
  };
  await until(() => stat("nr_throttled") >= 5);
  expect(group?.path).toMatch(/soulmirror\/[0-9a-f]+\.shop\.1/);
  expect(bench.notes).toEqual([]);
});

test("a limit on processor time that the kernel does not keep is said to have no effect", async () => {
  const others = findHierarchies().filter(({ controller }) => controller !== "cpu");
  await using bench = new ProcessBench({ cgroups: new Cgroups(others) });
  await bench.start(idle, { limits: { cpuPercent: 20, processes: 100 } });
  expect(bench.notes).toEqual([
    `limits-have-no-effect {"resource":"instance/shop.1","limits":["cpu"]}`,
  ]);
});

test("in groups of version 2 a run is moved when it has started, and ended with its group", async () => {
  const version2 = findHierarchies().filter(({ version }) => version === 2);
  expect(version2.map(({ controller }) => controller)).toContain("members");
  const cgroups = new Cgroups(version2.filter(({ controller }) => controller === "members"));
  await using bench = new ProcessBench({ cgroups });
  const parent = `const { spawn } = require("node:child_process");
    const stray = { stdio: "ignore", detached: true };
    console.log("child " + spawn("sleep", ["60"], stray).pid); ${idle}`;
  const pid = await bench.start(parent);
  const child = Number(/child (\d+)/.exec(bench.log())?.[1]);
  const groupOf = (one: number): string => readFileSync(`/proc/${one}/cgroup`, "utf8");
  await until(() => /^0::.*shop\.1/m.test(groupOf(pid)) && /^0::.*shop\.1/m.test(groupOf(child)));
  process.kill(pid, "SIGKILL");
  await bench.awaitReading("exited");
  expect(stateOf(child)).toMatch(/^S/);
  await bench.run("stop");
  await until(() => stateOf(child).startsWith("Z"));
});

test("the daemon itself is back in its own groups after a start", async () => {
  const before = readFileSync("/proc/thread-self/cgroup", "utf8");
  await using bench = new ProcessBench();
  const pid = await bench.start(idle, {
    limits: { memoryBytes: 1e9, processes: 100, cpuPercent: 50 },
  });
  expect(readFileSync("/proc/thread-self/cgroup", "utf8")).toBe(before);
  expect(readFileSync(`/proc/${pid}/cgroup`, "utf8")).toMatch(/soulmirror\/[0-9a-f]+\.shop\.1/);
});

function stateOf(pid: number): string {
  return readProcessStatus(pid).get("State") ?? "Z";
}

/** Limits that the kernel enforces, and accounts. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { JsonRecord } from "../../src/kernel/index.ts";
import type { Sample } from "../../src/model/index.ts";
import { controlGroupsOf, readProcessStatus } from "../../src/system/index.ts";
import { Cgroups, findHierarchies } from "../../src/targets/process/index.ts";
import { ProcessBench, until } from "./process-bench.ts";

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

test("a kill from outside is not taken for the memory limit", async () => {
  await using bench = new ProcessBench();
  const pid = await bench.start(idle, { limits: { memoryBytes: 256 * 1024 * 1024 } });
  process.kill(pid, "SIGKILL");
  expect((await bench.awaitReading("exited")).outOfMemory).toBeUndefined();
});

test("a limit on descriptors holds, and the pid is that of the service itself", async () => {
  await using bench = new ProcessBench();
  const opener = `const { openSync } = require("node:fs");
    try { for (;;) openSync("/dev/null"); } catch (e) { console.log(e.code); }
    console.log("up"); setInterval(() => {}, 1000);`;
  const pid = await bench.start(opener, { limits: { descriptors: 64 } });
  expect(bench.log()).toContain("EMFILE");
  const numbers = readdirSync(`/proc/${pid}/fd`).map(Number);
  // What the test itself was given above the limit is passed on, and is not opened by it.
  expect(numbers.filter((number) => number < 64)).toHaveLength(64);
  expect(readFileSync(`/proc/${pid}/limits`, "utf8")).toMatch(/Max open files\s+64\s+64/);
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

test("where there are no cgroups it is said that limits are polled, and stopping still works", async () => {
  await using bench = new ProcessBench({ cgroups: new Cgroups([]) });
  const parent = `const { spawn } = require("node:child_process");
    console.log("child " + spawn("sleep", ["60"], { stdio: "ignore" }).pid); ${idle}`;
  await bench.start(parent, { limits: { memoryBytes: 1e9, processes: 100 } });
  expect(bench.notes).toEqual([
    `limits-are-polled {"resource":"instance/shop.1","limits":["memory","processes"]}`,
  ]);
  const child = Number(/child (\d+)/.exec(bench.log())?.[1]);
  expect(existsSync(`/proc/${child}`)).toBe(true);
  // What the limit is held against is the service, not its launcher alone.
  expect(await samplesOf(bench, { processes: 100 })).toContainEqual({
    series: "processes",
    value: 2,
    unit: "count",
    limit: 100,
  });
  await bench.run("stop");
  await until(() => !existsSync(`/proc/${child}`) || stateOf(child).startsWith("Z"));
});

test("without declared limits those of the machine are told", async () => {
  await using bench = new ProcessBench();
  const pid = await bench.start(idle);
  const samples = await samplesOf(bench, {});
  const rss = samples.find(({ series }) => series === "memory.rss");
  expect(rss).toMatchObject({ isShared: true });
  expect(rss?.limit).toBeGreaterThan(rss?.value ?? Number.POSITIVE_INFINITY);
  const [, soft] =
    /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, "utf8")) ?? [];
  const descriptors = samples.find(({ series }) => series === "descriptors");
  expect(descriptors?.limit).toBe(Number(soft));
  const declared = await samplesOf(bench, { memoryBytes: 1e9, descriptors: 64 });
  expect(declared.map(({ limit, isShared }) => ({ limit, isShared }))).toEqual(
    expect.arrayContaining([
      { limit: 1e9, isShared: undefined },
      { limit: 64, isShared: undefined },
    ]),
  );
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

test("a service runs as the user and group that it was given", async () => {
  expect(process.getuid?.(), "these tests run as root, as every step of this one needs it").toBe(0);
  await using bench = new ProcessBench();
  // The folders of the bench, and that of Node, may be private: a program that everybody may run.
  const command = ["/bin/sh", "-c", "echo up $HOME; exec sleep 1000"];
  const pid = await bench.start(idle, { command, cwd: "/", user: "nobody", group: "daemon" });
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

/** What the usage of the one that runs looks like, with these limits. */
async function samplesOf(bench: ProcessBench, parameters: JsonRecord): Promise<readonly Sample[]> {
  const [running] = bench.target.processes();
  const sensor = bench.target.sensors().find(({ kind }) => kind === "process-usage");
  if (!running || !sensor) throw new Error("nothing runs");
  const { resource, process } = running;
  const how = { kind: "process-usage", intervalMs: 250, timeoutMs: 1000 };
  const spec = { key: "usage", resource, sensor: "usage", parameters, ...how };
  const readings = await sensor.read({ spec, process }, AbortSignal.timeout(1000));
  return readings.flatMap((reading) => (reading.kind === "samples" ? reading.samples : []));
}

function stateOf(pid: number): string {
  return readProcessStatus(pid).get("State") ?? "Z";
}

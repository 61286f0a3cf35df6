/** Limits that need no control group; those that the kernel holds are in `test/privileged`. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { JsonRecord } from "../../src/kernel/index.ts";
import type { Sample } from "../../src/model/index.ts";
import { readProcessStatus } from "../../src/system/index.ts";
import { Cgroups } from "../../src/targets/process/index.ts";
import { until } from "../until.ts";
import { ProcessBench } from "./process-bench.ts";

const idle = `console.log("up"); setInterval(() => {}, 1000);`;

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

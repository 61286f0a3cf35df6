/** Processes that no group and no note leads to any more: their control group does. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import { processIdentity, readProcessStat } from "../../src/system/index.ts";
import { noted, superviseAndDie, ticking } from "../integration/adoption-bench.ts";
import { instance, isAlive, ProcessBench } from "../integration/process-bench.ts";
import { until } from "../until.ts";

const idle = `console.log("up"); setInterval(() => {}, 1000);`;

test("grandchildren go with their group, also those that left it", async () => {
  await using bench = new ProcessBench();
  const port = await freePort();
  // A launcher that ignores nothing and whose child, in a session of its own, holds the port.
  const pid = await bench.start(launcher(port));
  await until(() => bench.log().includes("child listens"));
  const child = Number(/child (\d+)/.exec(bench.log())?.[1]);
  const identity = processIdentity(child);
  expect(readProcessStat(child)?.session).not.toBe(pid);
  if (!identity) throw new Error("the child is gone");

  process.kill(pid, "SIGKILL");
  await bench.awaitReading("exited");
  expect(isAlive(identity)).toBe(true);
  // The orphan is ours and holds the port: it does not count as a stranger, and it is ended.
  const specHash = bench.spec(idle, { env: { PORT: String(port) } });
  expect(await bench.run("start", { specHash })).toMatchObject({ kind: "done" });
  expect(bench.readings("port-held")).toEqual([]);
  expect(isAlive(identity)).toBe(false);
});

test("what a daemon started without noting it, because it was killed in that moment, is found and ended", async () => {
  await using bench = new ProcessBench();
  await superviseAndDie(bench, ["1"]);
  const lost = processIdentity(noted(bench));
  if (!lost) throw new Error("it does not run");
  rmSync(join(bench.directory.run, "shop.1.run.json"));
  expect(await bench.adopt()).toEqual([]);
  expect(bench.notes.join()).toContain(`process-without-a-note {"resource":"${instance}"`);
  expect(isAlive(lost)).toBe(true);
  const specHash = bench.spec(ticking);
  await bench.run("start", { specHash });
  expect(isAlive(lost)).toBe(false);
});

function launcher(port: number): string {
  const child = `require("node:net").createServer().listen(${port}, "127.0.0.1",
    () => console.log("child listens"))`;
  return `const { spawn } = require("node:child_process");
    const child = spawn(process.execPath, ["-e", ${JSON.stringify(child)}], { stdio: "inherit", detached: true });
    console.log("child " + child.pid); ${idle}`;
}

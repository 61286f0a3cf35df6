/** The daemon dies, its services live on, and the next daemon takes them over. */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ProcessRun } from "../../src/model/index.ts";
import { descendantsOf, processIdentity, readProcessStat } from "../../src/system/index.ts";
import { until } from "../until.ts";
import { noted, superviseAndDie, ticking } from "./adoption-bench.ts";
import { instance, isAlive, ProcessBench } from "./process-bench.ts";

test("services survive kill -9 of their daemon, are adopted, and their end is noticed", async () => {
  await using bench = new ProcessBench();
  await superviseAndDie(bench, ["1", "2"]);
  bench.spec(ticking, { hash: "spec" });
  const observations = await bench.adopt();
  expect(observations.map(({ reading }) => reading)).toMatchObject([
    { kind: "started", adopted: true, specHash: "spec" },
    { kind: "started", adopted: true, specHash: "spec" },
  ]);
  const [first, second] = bench.target.processes();
  if (!first || !second) throw new Error("nothing was adopted");
  expect(isAlive(first.process)).toBe(true);
  // They still write to their logs.
  const before = bench.log().length;
  await until(() => bench.log().length > before);

  process.kill(first.process.pid, "SIGKILL");
  const exited = await bench.awaitReading("exited");
  expect(exited).toMatchObject({ process: first.process, code: null, expected: false });
  expect(exited.uptimeMs).toBeGreaterThan(0);
  // And the other can be stopped as if it were our own child.
  expect(await bench.run("stop", {}, { resource: second.resource })).toMatchObject({
    kind: "done",
  });
  expect(bench.readings("exited")[1]).toMatchObject({ process: second.process, expected: true });
});

test("what ended while no daemon looked is said at the adoption", async () => {
  await using bench = new ProcessBench();
  await superviseAndDie(bench, ["1"]);
  const pid = noted(bench);
  process.kill(pid, "SIGKILL");
  await until(() => readProcessStat(pid) === undefined);
  const observations = await bench.adopt();
  expect(observations).toMatchObject([
    {
      resource: instance,
      reading: { kind: "exited", process: { pid }, code: null, expected: false },
    },
  ]);
  expect(bench.target.processes()).toEqual([]);
});

test("a pid that was given away again is a stranger, and another boot as well", async () => {
  await using bench = new ProcessBench();
  const stranger = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  bench.stack.defer(() => void stranger.kill("SIGKILL"));
  const identity = processIdentity(stranger.pid ?? 0);
  if (!identity) throw new Error("it did not start");
  const run = (process: ProcessRun["process"]): ProcessRun => {
    return { resource: instance, process, specHash: "spec" };
  };
  const observations = await bench.adopt([
    run({ ...identity, startTicks: identity.startTicks - 1 }),
    run({ ...identity, bootId: "another" }),
  ]);
  expect(observations.map(({ reading }) => reading.kind)).toEqual(["exited", "exited"]);
  expect(bench.target.processes()).toEqual([]);
  await bench.run("stop", { graceMs: 0 });
  expect(isAlive(identity)).toBe(true);

  // The right identity from the journal alone is enough.
  const right = await bench.adopt([run(identity)]);
  expect(right).toMatchObject([{ reading: { kind: "started", adopted: true } }]);
});

test("a zombie is dead", async () => {
  await using bench = new ProcessBench();
  // The child ends, and its parent, which is a sleep by then, never asks after it.
  const parent = spawn("sh", ["-c", "true & exec sleep 60"]);
  bench.stack.defer(() => void parent.kill("SIGKILL"));
  let zombie = 0;
  await until(() => {
    zombie = descendantsOf(parent.pid ?? 0)[0]?.pid ?? 0;
    return readProcessStat(zombie)?.state === "Z";
  });
  const identity = processIdentity(zombie);
  if (!identity) throw new Error("there is no zombie");
  expect(isAlive(identity)).toBe(false);
  const observations = await bench.adopt([
    { resource: instance, process: identity, specHash: "spec" },
  ]);
  expect(observations).toMatchObject([{ reading: { kind: "exited" } }]);
});

test("a note of another shape is no note", async () => {
  await using bench = new ProcessBench();
  const write = (name: string, note: unknown): void =>
    writeFileSync(join(bench.directory.run, `${name}.1.run.json`), JSON.stringify(note));
  write("empty", { version: 1 });
  write("odd", { version: 1, runs: [null, {}, { resource: instance, process: {} }] });
  write("null", null);
  expect(await bench.adopt()).toEqual([]);
});

test("a pipe in the place of a pid file holds nobody up", async () => {
  await using bench = new ProcessBench();
  const pidFile = join(bench.folder, "shop.pid");
  await bench.start(ticking, { pidFile });
  await until(() => existsSync(pidFile));
  rmSync(pidFile);
  execFileSync("mkfifo", [pidFile]);
  expect(await bench.run("stop", { graceMs: 0 })).toMatchObject({ kind: "done" });
});

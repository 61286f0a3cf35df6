/** What is found out about a process that is still there. */
import { connect } from "node:net";
import { expect, test } from "vitest";
import { until } from "../until.ts";
import { isAlive, ProcessBench } from "./process-bench.ts";

const idle = `console.log("up"); setInterval(() => {}, 1000);`;
const blocked = `
  function innermostLoop() { for (;;) {} }
  function exportLedger() { innermostLoop(); }
  setTimeout(exportLedger, 20); console.log("up");`;

test("the functions that block a Node process are named, and its inspector is closed again", async () => {
  await using bench = new ProcessBench();
  await bench.start(blocked);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const detail = await diagnosis(bench);
  expect(detail).toMatch(/at innermostLoop \(.*spec-0\.cjs:2:/);
  expect(detail).toMatch(/at exportLedger \(/);
  expect(detail).toMatch(/State: [RD]/);
  expect(detail).toMatch(/open descriptors: \d+ \(/);
  expect(detail).toMatch(/last lines of its log:\nup/);
  const port = Number(/ws:\/\/127\.0\.0\.1:(\d+)\//.exec(bench.log())?.[1]);
  await until(() => isRefused(port));
  // It was looked at, not changed: it still runs and can be looked at again.
  expect(await diagnosis(bench)).toMatch(/at innermostLoop/);
});

test("an idle process has no stack, and goes on", async () => {
  await using bench = new ProcessBench();
  await bench.start(`console.log("up"); setInterval(() => {}, 60_000);`);
  expect(await diagnosis(bench)).toMatch(/State: [^]*(runs no JavaScript|not be read in time)/);
  await until(() => bench.log().includes("Debugger listening"));
  const port = Number(/ws:\/\/127\.0\.0\.1:(\d+)\//.exec(bench.log())?.[1]);
  await until(() => isRefused(port));
  expect(bench.target.processes()).toHaveLength(1);
});

test("what must stay untouched gets no signal", async () => {
  await using bench = new ProcessBench();
  await bench.start(idle);
  const result = await bench.run("diagnose", { untouched: true });
  expect(result).toMatchObject({ kind: "done", detail: expect.stringMatching(/State:/) as string });
  expect(bench.log()).toBe("up\n");
});

test("a Node process that SIGUSR1 would kill does not get it", async () => {
  await using bench = new ProcessBench();
  const command = [process.execPath, "--disable-sigusr1", "-e", idle];
  await bench.start(idle, { command });
  expect(await diagnosis(bench)).not.toMatch(/stack/);
  expect(bench.log()).not.toMatch(/Debugger/);
  const [running] = bench.target.processes();
  expect(running && isAlive(running.process)).toBe(true);
});

test("a program that is not Node is left alone, and secrets of its environment stay there", async () => {
  await using bench = new ProcessBench();
  await bench.start("", {
    command: ["/bin/sh", "-c", "echo up; sleep 60"],
    env: { KEY: "hunter2" },
  });
  const detail = await diagnosis(bench);
  expect(detail).toMatch(/State: [SDR]/);
  expect(detail).not.toContain("hunter2");
  expect(bench.target.processes()).toHaveLength(1);
});

test("nothing runs: that is said, and no plan fails by it", async () => {
  await using bench = new ProcessBench();
  expect(await bench.run("diagnose")).toEqual({
    kind: "done",
    detail: "no process runs",
  });
});

async function diagnosis(bench: ProcessBench): Promise<string> {
  const result = await bench.run("diagnose");
  if (result.kind !== "done") throw new Error(result.reason);
  return result.detail;
}

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(false);
    });
    socket.on("error", () => resolve(true));
  });
}

/** Real processes: how they start, end, ignore, stop, fork, and what is seen of it. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import type { JsonRecord } from "../../src/kernel/index.ts";
import type { Reading } from "../../src/model/index.ts";
import { readProcessStat } from "../../src/system/index.ts";
import { until } from "../until.ts";
import { instance, isAlive, ProcessBench } from "./process-bench.ts";

const idle = `console.log("up"); setInterval(() => {}, 1000);`;
const stubborn = `process.on("SIGTERM", () => console.log("no")); ${idle}`;

test("a process is started detached, reported, noted, and ends politely", async () => {
  await using bench = new ProcessBench();
  const pidFile = join(bench.folder, "shop.pid");
  const pid = await bench.start(idle, { pidFile });
  expect(bench.readings("started")).toMatchObject([{ process: { pid }, adopted: false }]);
  expect(readProcessStat(pid)).toMatchObject({ group: pid, session: pid });
  expect(readFileSync(pidFile, "utf8")).toBe(`${pid}\n`);
  expect(bench.target.processes()).toMatchObject([{ resource: instance, role: "current" }]);

  expect(await bench.run("stop")).toMatchObject({ kind: "done" });
  expect(bench.readings("exited")).toMatchObject([
    { process: { pid }, code: null, signal: "SIGTERM", expected: true },
  ]);
  expect(bench.target.processes()).toEqual([]);
  expect(existsSync(pidFile)).toBe(false);
});

test("an exit that nobody asked for is reported as such, with its code", async () => {
  await using bench = new ProcessBench();
  await bench.start(`console.log("up"); console.log("last words"); process.exit(3);`);
  expect(await bench.awaitReading("exited")).toMatchObject({
    code: 3,
    signal: null,
    expected: false,
  });
  expect(await bench.run("collect")).toMatchObject({
    kind: "done",
    detail: expect.stringMatching(/exited with code 3[^]*last words/) as string,
  });
});

test("kill -9 is reported, and a second start follows without being in the way", async () => {
  await using bench = new ProcessBench();
  const pid = await bench.start(idle);
  process.kill(pid, "SIGKILL");
  expect(await bench.awaitReading("exited")).toMatchObject({ signal: "SIGKILL", expected: false });
  expect(await bench.run("start", { specHash: "spec-0" })).toMatchObject({ kind: "done" });
  expect(await bench.run("start", { specHash: "spec-0" })).toMatchObject({ kind: "refused" });
});

test("an ignored SIGTERM ends in SIGKILL", async () => {
  await using bench = new ProcessBench();
  await bench.start(stubborn);
  const result = await bench.run("stop", { graceMs: 200 });
  expect(result).toMatchObject({
    kind: "done",
    detail: expect.stringContaining("SIGKILL") as string,
  });
  expect(bench.log()).toContain("no");
  expect(bench.readings("exited")).toMatchObject([{ signal: "SIGKILL", expected: true }]);
});

test("a stopped process is seen, ends at once without grace and politely with it", async () => {
  await using bench = new ProcessBench();
  const pid = await bench.start(idle);
  process.kill(pid, "SIGSTOP");
  await until(() => readProcessStat(pid)?.state === "T");
  const readings = await usage(bench);
  expect(readings[0]).toMatchObject({ kind: "check", ok: false, symptom: "timeout" });
  expect(readings[0]).toMatchObject({ reason: `pid ${pid} is stopped (state T)` });
  await bench.run("stop", { graceMs: 0 });
  expect(bench.readings("exited")).toMatchObject([{ signal: "SIGKILL", expected: true }]);

  await bench.run("start", { specHash: "spec-0" });
  const next = bench.readings("started")[1]?.process.pid ?? 0;
  await until(() => bench.log().split("up").length > 2);
  process.kill(next, "SIGSTOP");
  await bench.run("stop", { graceMs: 5000 });
  expect(bench.readings("exited")[1]).toMatchObject({ signal: "SIGTERM", expected: true });
});

test("usage has memory, processor, descriptors and threads", async () => {
  await using bench = new ProcessBench();
  await bench.start(idle);
  await usage(bench);
  const [reading] = await usage(bench);
  const samples = reading?.kind === "samples" ? reading.samples : [];
  const series = samples.map((sample) => sample.series);
  expect(series).toEqual(["memory.rss", "threads", "processes", "descriptors", "cpu.percent"]);
  expect(samples[0]?.value).toBeGreaterThan(10_000_000);
  expect(samples[0]?.limit).toBe(1e9);
});

test("a port that a stranger holds is named, and the stranger is left alone", async () => {
  await using bench = new ProcessBench();
  const port = await freePort();
  const source = `require("node:http").createServer().listen(${port}, "127.0.0.1", () => console.log("up"))`;
  const stranger = spawn(process.execPath, ["-e", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  bench.stack.defer(() => void stranger.kill("SIGKILL"));
  await new Promise((resolve) => stranger.stdout.once("data", resolve));
  const specHash = bench.spec(idle, { env: { PORT: String(port) } });

  const result = await bench.run("start", { specHash });
  expect(result).toMatchObject({ kind: "later", retryAfterMs: 100 });
  const reason = result.kind === "later" ? result.reason : "";
  expect(reason).toContain(`port ${port} is held by pid ${stranger.pid} (${process.execPath} -e`);
  expect(bench.readings("port-held")).toMatchObject([{ port, holder: { pid: stranger.pid } }]);
  expect(stranger.exitCode).toBeNull();

  stranger.kill("SIGKILL");
  await new Promise((resolve) => stranger.once("exit", resolve));
  expect(await bench.run("start", { specHash })).toMatchObject({ kind: "done" });
});

test("a changed environment takes effect, and the daemon's own secrets do not leak", async () => {
  const environment = { ...process.env, SOULMIRROR_TOKEN: "secret", SHOP_INHERITED: "yes" };
  await using bench = new ProcessBench({ environment });
  const tell = `console.log(JSON.stringify(process.env), "up"); setInterval(() => {}, 1000);`;
  await bench.start(tell, { env: { COLOUR: "red" } });
  expect(bench.log()).toMatch(/"COLOUR":"red"/);
  expect(bench.log()).toMatch(/"SHOP_INHERITED":"yes"/);
  expect(bench.log()).toMatch(/"SOULMIRROR_SERVICE":"shop"/);
  expect(bench.log()).not.toContain("secret");
  await bench.run("stop");
  await bench.run("start", { specHash: bench.spec(tell, { env: { COLOUR: "blue" } }) });
  await until(() => bench.log().includes(`"COLOUR":"blue"`));
});

test("ready waits for the port, and ends with the process and its last words", async () => {
  await using bench = new ProcessBench();
  const port = await freePort();
  const source = `setTimeout(() => require("node:http").createServer((q, s) => s.end())
    .listen(${port}, "127.0.0.1"), 100)`;
  await bench.run("start", {
    specHash: bench.spec(source, { env: { PORT: String(port) }, startup: probe(port) }),
  });
  expect(await bench.run("ready")).toMatchObject({ kind: "done" });
  await bench.run("stop");

  const failing = `console.log("no such ledger"); setTimeout(() => process.exit(4), 50)`;
  const specHash = bench.spec(failing, { env: { PORT: String(port) }, startup: probe(port) });
  await bench.run("start", { specHash });
  const result = await bench.run("ready");
  expect(result).toMatchObject({
    kind: "failed",
    reason: expect.stringMatching(/exited with code 4.*no such ledger/) as string,
  });
});

async function bodyOf(port: number): Promise<string | undefined> {
  try {
    return await (await fetch(`http://127.0.0.1:${port}/`)).text();
  } catch {
    return undefined;
  }
}

test("ready is what the probe expects, and not any answer", async () => {
  await using bench = new ProcessBench();
  const port = await freePort();
  const source = `let asked = 0; require("node:http").createServer((q, s) => {
      asked += 1;
      console.log("asked " + asked + " with " + q.headers["x-key"]);
      if (asked < 3) s.writeHead(302).end();
      else s.end(asked < 5 ? "warming up" : "warm");
    }).listen(${port}, "127.0.0.1")`;
  const readiness = probe(port, { headers: { "x-key": "k" }, expect: { body: "/warm$/" } });
  const env = { PORT: String(port) };
  await bench.run("start", { specHash: bench.spec(source, { env, readiness }) });
  expect(await bench.run("ready")).toMatchObject({ kind: "done" });
  expect(bench.log()).toMatch(/asked 5 with k\n/);

  const never = probe(port, { expect: { body: "hot" } });
  await bench.run("stop");
  await bench.run("start", { specHash: bench.spec(source, { env, readiness: never }) });
  await until(async () => (await bodyOf(port)) === "warm");
  expect(await bench.run("ready", {}, { deadlineMs: 2000 })).toMatchObject({
    kind: "failed",
    reason: expect.stringMatching(
      /was not ready in time: GET .* the body has no hot: warm/,
    ) as string,
  });
});

test("what could never run is refused with its reason", async () => {
  await using bench = new ProcessBench();
  const refuse = async (changes: object): Promise<unknown> =>
    bench.run("start", { specHash: bench.spec(idle, changes) });
  expect(await refuse({ command: ["no-such-program"] })).toEqual({
    kind: "refused",
    reason: "there is no executable no-such-program",
  });
  expect(await refuse({ cwd: "/no/such/folder" })).toMatchObject({
    reason: "there is no directory /no/such/folder",
  });
  expect(await refuse({ user: "no-such-user" })).toMatchObject({
    reason: `there is no user "no-such-user"`,
  });
  expect(await bench.run("start", { specHash: "unknown" })).toMatchObject({ kind: "refused" });
  expect(bench.target.processes()).toEqual([]);
});

test("a data directory that cannot be written keeps nothing from running or from being seen", async () => {
  await using bench = new ProcessBench();
  rmSync(bench.directory.run, { recursive: true });
  rmSync(bench.directory.logs, { recursive: true });
  expect(await bench.run("start", { specHash: bench.spec(idle) })).toMatchObject({ kind: "done" });
  expect(bench.notes.join()).toMatch(/file-not-written .*shop\.1\.run\.json/);
  process.kill(bench.target.processes()[0]?.process.pid ?? 0, "SIGKILL");
  expect(await bench.awaitReading("exited")).toMatchObject({ signal: "SIGKILL" });
  expect(await bench.run("collect")).toMatchObject({ kind: "done" });
});

test("undo of a start ends that very process and no other", async () => {
  await using bench = new ProcessBench();
  const result = await bench.run("start", { specHash: bench.spec(idle) });
  const undo = result.kind === "done" ? result.undo : undefined;
  const identity = bench.target.processes()[0]?.process;
  if (!identity) throw new Error("nothing runs");
  const stranger = { process: { ...identity, startTicks: identity.startTicks - 1 } };
  expect(await bench.undo("start", { undo: stranger })).toMatchObject({ detail: "it is gone" });
  expect(isAlive(identity)).toBe(true);
  expect(await bench.undo("start", { undo })).toMatchObject({ kind: "done" });
  expect(isAlive(identity)).toBe(false);
  expect(await bench.undo("start", { undo })).toMatchObject({ detail: "it is gone" });
});

function probe(port: number, more: JsonRecord = {}) {
  const parameters = { url: `http://127.0.0.1:${port}/health`, ...more };
  return { kind: "http", parameters, intervalMs: 50, timeoutMs: 500, down: 2, of: 3, up: 1 };
}

async function usage(bench: ProcessBench): Promise<readonly Reading[]> {
  const [running] = bench.target.processes();
  const [sensor] = bench.target.sensors();
  if (!running || !sensor) throw new Error("nothing runs");
  sensors.set(bench, sensors.get(bench) ?? sensor);
  const spec = {
    key: `${instance}#usage`,
    resource: instance,
    sensor: "usage",
    kind: "process-usage",
    parameters: { memoryBytes: 1e9 },
    intervalMs: 250,
    timeoutMs: 1000,
  };
  return (
    sensors.get(bench)?.read({ spec, process: running.process }, AbortSignal.timeout(1000)) ?? []
  );
}

const sensors = new WeakMap<ProcessBench, ReturnType<ProcessBench["target"]["sensors"]>[number]>();

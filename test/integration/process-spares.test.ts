/** A process made ahead for the next start must be the same in everything, or not be used. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import type { Timers } from "../../src/kernel/index.ts";
import type { ProcessIdentity } from "../../src/model/index.ts";
import { descendantsOf, processIdentity, realTimers } from "../../src/system/index.ts";
import { found, until } from "../until.ts";
import { instance, isAlive, ProcessBench } from "./process-bench.ts";

/** Seconds of a healthy run pass in a moment. */
const timers: Timers = {
  ...realTimers,
  after: (delayMs, run) => realTimers.after(delayMs >= 1000 ? delayMs / 30 : delayMs, run),
};

const telling = `
  const { env, argv, pid } = process;
  console.log(JSON.stringify({ pid, env, argv, cwd: process.cwd() }) + " up");
  process.stdin.on("end", () => console.log("no input")).resume();
  setInterval(() => {}, 1000);`;

interface Told {
  readonly pid: number;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What the `count`th process of the instance said of itself. */
async function told(bench: ProcessBench, count: number): Promise<Told> {
  const lines = (): string[] =>
    bench
      .log()
      .split("\n")
      .filter((line) => line.endsWith(" up"));
  await until(() => lines().length >= count);
  return JSON.parse((lines()[count - 1] ?? "").slice(0, -3)) as Told;
}

async function end(bench: ProcessBench, pid: number): Promise<void> {
  const before = bench.readings("exited").length;
  process.kill(pid, "SIGKILL");
  await until(() => bench.readings("exited").length > before);
}

function sparesOf(daemon: number, folder: string): readonly number[] {
  return descendantsOf(daemon)
    .map(({ pid }) => pid)
    .filter((pid) => {
      const words = textOf(`/proc/${pid}/cmdline`);
      return words.startsWith("/bin/sh") && words.includes(folder);
    });
}

async function identityOfSpare(folder: string, daemon = process.pid): Promise<ProcessIdentity> {
  return found(() => sparesOf(daemon, folder).map(processIdentity).find(Boolean));
}

function portIn(pid: number): string | undefined {
  return /(?:^|\0)PORT=(\d+)/.exec(textOf(`/proc/${pid}/environ`))?.[1];
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process has ended.
    return "";
  }
}

test("the next process waits, and becomes the service with the same pid and outfit", async () => {
  await using bench = new ProcessBench({ timers });
  const env = { ODD: 'a\'b "c" $HOME `id` \n*', EMPTY: "" };
  const script = join(bench.folder, "spec-0.cjs");
  const specHash = bench.spec(telling, { env, command: [process.execPath, script, "$(id)", ""] });
  await bench.run("start", { specHash });
  const first = await told(bench, 1);
  const { pid: spare } = await identityOfSpare(bench.folder);
  await until(() => bench.log().includes("no input"));
  await end(bench, first.pid);

  const result = await bench.run("start", { specHash });
  expect(result).toMatchObject({ detail: expect.stringContaining(`pid ${spare}`) as string });
  const second = await told(bench, 2);
  expect(second).toEqual({ ...first, pid: spare });
  expect(second.env["ODD"]).toBe(env.ODD);
  await until(() => bench.log().split("no input").length === 3);
});

test("a spare of another specification, or with another log, is not used and ends", async () => {
  await using bench = new ProcessBench({ timers });
  const one = bench.spec(telling);
  const two = bench.spec(telling, { env: { RELEASE: "two" } });
  await bench.run("start", { specHash: one });
  const first = await told(bench, 1);
  const spare = await identityOfSpare(bench.folder);
  await end(bench, first.pid);
  await bench.run("start", { specHash: two });
  const second = await told(bench, 2);
  expect(second.env["RELEASE"]).toBe("two");
  expect(second.pid).not.toBe(spare.pid);
  await until(() => !isAlive(spare));

  const next = await identityOfSpare(bench.folder);
  const { path } = bench.target.logOf(instance);
  renameSync(path, `${path}.away`);
  await end(bench, second.pid);
  await bench.run("start", { specHash: two });
  expect((await told(bench, 1)).pid).not.toBe(next.pid);
  await until(() => !isAlive(next));
});

test("a spare in a directory that has the name no more is not used: a deployment by link", async () => {
  await using bench = new ProcessBench({ timers });
  const [cwd, one, two] = ["current", "one", "two"].map((name) => join(bench.folder, name));
  if (!cwd || !one || !two) throw new Error("there are three names");
  for (const release of [one, two]) mkdirSync(release);
  symlinkSync(one, cwd);
  const specHash = bench.spec(telling, { cwd });
  await bench.run("start", { specHash });
  const first = await told(bench, 1);
  const spare = await identityOfSpare(bench.folder);
  rmSync(cwd);
  symlinkSync(two, cwd);
  await end(bench, first.pid);
  await bench.run("start", { specHash });
  const second = await told(bench, 2);
  expect([first.cwd, second.cwd]).toEqual([one, two]);
  await until(() => !isAlive(spare));
});

test("a spare that somebody has stopped is not used and ends", async () => {
  await using bench = new ProcessBench({ timers });
  const specHash = bench.spec(telling);
  await bench.run("start", { specHash });
  const first = await told(bench, 1);
  const spare = await identityOfSpare(bench.folder);
  process.kill(spare.pid, "SIGSTOP");
  await end(bench, first.pid);
  await bench.run("start", { specHash });
  expect((await told(bench, 2)).pid).not.toBe(spare.pid);
  await until(() => !isAlive(spare));
});

test("when somebody listens on the port of the spare meanwhile, another port is taken", async () => {
  await using bench = new ProcessBench({ timers });
  const listen = { host: "127.0.0.1", port: await freePort() };
  const specHash = bench.spec(telling, { listen });
  await bench.run("start", { specHash });
  const first = await told(bench, 1);
  const spare = await identityOfSpare(bench.folder);
  const port = Number(portIn(spare.pid));
  const stranger = createServer().listen(port, "127.0.0.1");
  bench.stack.defer(() => void stranger.close());
  await end(bench, first.pid);
  await bench.run("start", { specHash });
  const second = await told(bench, 2);
  expect(Number(second.env["PORT"])).not.toBe(port);
  expect(second.pid).not.toBe(spare.pid);
});

test("with a name in the environment that a shell drops there is no spare", async () => {
  await using bench = new ProcessBench({ timers });
  const specHash = bench.spec(telling, { env: { "release.name": "one" } });
  await bench.run("start", { specHash });
  const first = await told(bench, 1);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(sparesOf(process.pid, bench.folder)).toEqual([]);
  await end(bench, first.pid);
  await bench.run("start", { specHash });
  expect((await told(bench, 2)).env["release.name"]).toBe("one");
});

test("the spare of a service that leaves the fleet ends, and no other", async () => {
  await using bench = new ProcessBench({ timers });
  await bench.run("start", { specHash: bench.spec(telling) });
  await told(bench, 1);
  const spare = await identityOfSpare(bench.folder);
  bench.target.forgetService("another");
  await bench.target.forgetRoute("shop");
  expect(isAlive(spare)).toBe(true);
  bench.target.forgetService("shop");
  await until(() => !isAlive(spare));
});

test("a spare ends with its daemon, killed or not, with its group, and the service runs on", async () => {
  await using bench = new ProcessBench({ timers });
  const supervisor = fileURLToPath(new URL("./process-supervisor.ts", import.meta.url));
  bench.spec(telling, { hash: "spec" });
  const script = join(bench.folder, "spec-0.cjs");
  const daemon = spawn(process.execPath, [supervisor, bench.folder, script, "1"]);
  const pid = daemon.pid ?? 0;
  bench.stack.defer(() => void daemon.kill("SIGKILL"));
  const spare = await identityOfSpare(bench.folder, pid);
  daemon.kill("SIGKILL");
  await until(() => !isAlive(spare));
  const both = bench.groups();
  const [adopted] = await bench.adopt();
  expect(adopted?.reading).toMatchObject({ kind: "started", adopted: true });
  const own = bench.groups();
  expect(own).toHaveLength(both.length / 2);

  const again = await identityOfSpare(bench.folder);
  expect(bench.groups()).toHaveLength(both.length);
  await bench.target.close();
  expect(isAlive(again)).toBe(false);
  expect(bench.groups()).toEqual(own);
  expect(bench.target.processes()).toHaveLength(1);
});

test("who is stopped keeps no spare, though a restart within seconds still finds it", async () => {
  await using bench = new ProcessBench({ timers });
  const specHash = bench.spec(telling);
  await bench.run("start", { specHash });
  const spare = await identityOfSpare(bench.folder);
  await bench.run("stop", { graceMs: 0 });
  await bench.run("start", { specHash });
  expect(isAlive(spare)).toBe(true);
  expect(bench.target.processes().map(({ process }) => process.pid)).toEqual([spare.pid]);

  const next = await identityOfSpare(bench.folder);
  await bench.run("stop", { graceMs: 0 });
  await until(() => !isAlive(next) && bench.groups().length === 0);
});

test("while a process is being stopped, none is made for its next start", async () => {
  const held: (() => void)[] = [];
  const after: Timers["after"] = (delayMs, run) => {
    if (delayMs < 1000) return realTimers.after(delayMs, run);
    held.push(run);
    return () => {};
  };
  await using bench = new ProcessBench({ timers: { ...realTimers, after } });
  const deaf = `process.on("SIGTERM", () => console.log("asked")); ${telling}`;
  await bench.run("start", { specHash: bench.spec(deaf) });
  await told(bench, 1);
  const stopped = bench.run("stop", { graceMs: 500 });
  await until(() => bench.log().includes("asked"));
  for (const run of held.splice(0)) run();
  await stopped;
  expect(sparesOf(process.pid, bench.folder)).toEqual([]);
});

test("none is made by a daemon that ends itself, though it was about to", async () => {
  let starts = 0;
  const closed = Promise.withResolvers<void>();
  await using bench = new ProcessBench({
    timers,
    environmentOf: () => {
      starts += 1;
      if (starts === 2) closed.resolve(bench.target.close());
      return {};
    },
  });
  await bench.start(telling);
  const own = bench.groups();
  await closed.promise;
  await new Promise((resolve) => setImmediate(resolve));
  expect(sparesOf(process.pid, bench.folder)).toEqual([]);
  expect(bench.groups()).toEqual(own);
});

test("a process that cannot be made ahead is told, and is no reason to end", async () => {
  let starts = 0;
  const environmentOf = (): Readonly<Record<string, string>> => {
    starts += 1;
    if (starts > 1) throw new Error("no port is left");
    return {};
  };
  await using bench = new ProcessBench({ timers, environmentOf });
  await bench.start(telling);
  await until(() => bench.notes.some((note) => note.startsWith("no-spare-process")));
  expect(bench.notes.join()).toContain("no port is left");
  expect(sparesOf(process.pid, bench.folder)).toEqual([]);
});

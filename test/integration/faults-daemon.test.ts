/** Faults of the daemon itself, tried on a process that stands for it. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fakeClock, Refusal } from "../../src/chaos/index.ts";
import { isAlive, readProcessStat } from "../../src/system/index.ts";
import { until } from "../until.ts";
import { FaultBench, faultNamed } from "./fault-bench.ts";

test("S1 kills the daemon, and its undo starts another", async () => {
  await using bench = new FaultBench();
  const { process: service } = await bench.start("ai-router", "ai-router.js");
  const first = bench.startDaemon();
  const injection = await bench.inject(faultNamed("S1"));
  expect(isAlive(first)).toBe(false);
  await injection.undo();
  expect(bench.daemon).not.toEqual(first);
  expect(await injection.proof?.()).toBeUndefined();
  process.kill(service.pid, "SIGKILL");
  await until(() => !isAlive(service));
  expect(await injection.proof?.()).toBe("ai-router does not run in the same processes any more");
});

test("S2 stops the daemon and lets it go on", async () => {
  await using bench = new FaultBench();
  const daemon = bench.startDaemon();
  const injection = await bench.inject(faultNamed("S2"));
  expect(readProcessStat(daemon.pid)?.state).toBe("T");
  await injection.undo();
  await until(() => readProcessStat(daemon.pid)?.state !== "T");
});

test("S3 tears the daemon's notes while no daemon runs", async () => {
  await using bench = new FaultBench();
  const daemon = bench.startDaemon();
  const note = noteOf(bench, "ai-router.1", { pid: 1, startTicks: 0 });
  const whole = readFileSync(note, "utf8");
  const injection = await bench.inject(faultNamed("S3"));
  expect(isAlive(daemon)).toBe(false);
  expect(readFileSync(note, "utf8")).toBe(whole.slice(0, Math.floor(whole.length / 2)));
  await injection.undo();
  expect(bench.daemon).not.toEqual(daemon);
});

test("S4 wants the second daemon refused, by name", async () => {
  await using bench = new FaultBench();
  const { pid } = bench.startDaemon();
  const says = async (script: string): Promise<string | undefined> => {
    const command = [process.execPath, "-e", script];
    bench.more = { daemonStart: { command, cwd: bench.folder, logPath: "" } };
    return (await bench.inject(faultNamed("S4"))).proof?.();
  };
  expect(await says("")).toBe("the second daemon was not refused");
  expect(await says("process.exit(3)")).toBe(`the refusal does not name pid ${pid}`);
  expect(await says(`console.error("held by ${pid}"); process.exit(3)`)).toBeUndefined();
});

test("S5 gives the pid of the dead service to a stranger, in the daemon's notes only", async () => {
  await using bench = new FaultBench();
  const daemon = bench.startDaemon();
  const env = { DATA: "exports" };
  const service = await bench.start("mobile-converter", "mobile-converter.js", { env });
  const { pid, startTicks } = service.process;
  const note = noteOf(bench, "mobile-converter.1", { pid, startTicks });
  const injection = await bench.inject(faultNamed("S5"));
  expect([isAlive(daemon), isAlive(service.process)]).toEqual([false, false]);
  const changed = JSON.parse(readFileSync(note, "utf8")) as NoteFile;
  const named = changed.runs[0]?.process;
  expect(named?.startTicks).toBe(startTicks);
  expect(injection.what).toContain(`now said to be ${named?.pid}`);
  await injection.undo();
  expect(await injection.proof?.()).toBeUndefined();
});

test("S6 kills every instance of the dependency and proves that nobody else was touched", async () => {
  await using bench = new FaultBench();
  const env = { LEDGER: "ledger.db" };
  const both = [
    await bench.start("trust-engine", "trust-engine.js", { env }),
    await bench.start("trust-engine", "trust-engine.js", { env }),
  ];
  await bench.start("ai-router", "ai-router.js");
  const injection = await bench.inject(faultNamed("S6"));
  expect(both.some(({ process: one }) => isAlive(one))).toBe(false);
  expect(await injection.proof?.()).toBeUndefined();
});

test("T4 moves the wall clock of a process back, and not its monotonic one", async () => {
  await using bench = new FaultBench();
  bench.startDaemon();
  const clockFile = join(bench.folder, "clock");
  const env = fakeClock(clockFile);
  const fault = faultNamed("T4");
  expect(await fault.unavailable?.(bench.scene)).toBe(
    "the daemon's clock cannot be moved: libfaketime is not installed",
  );
  const notOwn = "only on a fleet of the drill's own";
  expect(await fault.unavailable?.({ ...bench.scene, notOwn })).toBe(notOwn);
  if (env === undefined) throw new Error("libfaketime is not installed");
  const { port } = await bench.start("ai-router", "ai-router.js", { env });
  bench.more = { clockFile };
  const injection = await bench.inject(fault);
  expect(Math.round((await behindMs(port)) / 60_000)).toBe(60);
  await injection.undo();
  expect(Math.round((await behindMs(port)) / 60_000)).toBe(0);
});

test("a fault that finds nobody refuses and touches nothing", async () => {
  await using bench = new FaultBench();
  for (const id of ["P1", "P2", "P3", "P8", "M1", "N2", "S6", "S7"]) {
    await expect(bench.inject(faultNamed(id))).rejects.toThrow(Refusal);
  }
});

interface NotedProcess {
  readonly pid: number;
  readonly startTicks: number;
}

interface NoteFile {
  readonly version: 1;
  readonly runs: readonly { readonly process: NotedProcess }[];
}

function noteOf(bench: FaultBench, instance: string, process: NotedProcess): string {
  mkdirSync(join(bench.folder, "run"), { recursive: true });
  const path = join(bench.folder, "run", `${instance}.run.json`);
  const runs = [{ process }];
  writeFileSync(path, JSON.stringify({ version: 1, runs } satisfies NoteFile));
  return path;
}

/** By how much the clock of the service is behind ours, as its health check stamps it. */
async function behindMs(port: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/health`);
  const { checks } = (await answer.json()) as { checks: Record<string, [{ time: string }]> };
  return Date.now() - Date.parse(checks["provider:answers"]?.[0].time ?? "");
}

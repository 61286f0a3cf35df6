/** kill -9 of the daemon itself: the fleet runs on, and the next daemon knows all of it. */
import { execFile } from "node:child_process";
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { SealedEntry } from "../../src/model/index.ts";
import { budgets, probe } from "../rig/budgets.ts";
import type { Bench, Figure, Row } from "../rig/figure.ts";
import { freePorts } from "../rig/free-ports.ts";
import { type LoadFigures, startGetLoad } from "../rig/get-load.ts";
import { Ground } from "../rig/ground.ts";
import { signalProcess } from "../rig/process-figures.ts";
import { short, spreadOf, tellSpread } from "../rig/spread.ts";
import { appFile } from "../rig/start-app.ts";

const run = promisify(execFile);
const program = fileURLToPath(new URL("../../bin/soulmirror.js", import.meta.url));
const serviceCount = 5;
const awayMs = 2000;
const adoptedWithinMs = 1000;
const noticedWithinMs = 250;

interface Round {
  /** From the start of the new daemon. */
  readonly adoptedMs: number;
  readonly healthyMs: number;
  readonly restarts: number;
  readonly noticedMs: readonly number[];
}

export const daemonKilled: Figure = {
  name: "daemon",
  title: "daemon killed",
  async run(bench) {
    const rounds = bench.quick ? 1 : 3;
    const ports = await freePorts(serviceCount);
    const service = {
      command: [process.execPath, appFile("app")],
      instances: 2,
      health_check: probe,
    };
    const ground = await Ground.open(bench, {
      budgets,
      detection: { watch: "500ms", relapse: "1s" },
      services: Object.fromEntries(
        ports.map((listen, index) => [`app-${index}`, { ...service, listen }]),
      ),
    });
    await ground.healthy();
    const load = startGetLoad({ ports, clients: 4, pauseMs: 5 });
    bench.teardown.defer(async () => void (await load.stop()));
    const all: Round[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      bench.progress(`round ${round} of ${rounds}`);
      all.push(await killOnce(ground));
    }
    const figures = await load.stop();
    return [...rowsOf(all, figures), await lostRow(bench, ground)];
  },
};

async function killOnce(ground: Ground): Promise<Round> {
  await ground.healthy();
  const before = await pidsOf(ground);
  signalProcess(ground.daemonPid, "SIGKILL");
  await pause(awayMs);
  const sinceMs = performance.now();
  await ground.startDaemon();
  let after = await pidsOf(ground);
  while ([...after.values()].includes(0)) after = await pidsOf(ground);
  const adoptedMs = performance.now() - sinceMs;
  await ground.healthy();
  const healthyMs = performance.now() - sinceMs;
  after = await pidsOf(ground);
  const restarts = [...before].filter(([name, pid]) => after.get(name) !== pid).length;
  const noticedMs: number[] = [];
  for (const pid of after.values()) {
    const from = await ground.position();
    const at = Date.now();
    signalProcess(pid, "SIGKILL");
    await pause(noticedWithinMs * 4);
    noticedMs.push(exitTime(await ground.journal(from), pid) - at);
    // The other instance of the service comes next: this one is well again before.
    await ground.healthy();
  }
  return { adoptedMs, healthyMs, restarts, noticedMs };
}

async function pidsOf(ground: Ground): Promise<ReadonlyMap<string, number>> {
  const services = await ground.services();
  return new Map(
    services.flatMap(({ instances }) =>
      instances.map(({ resource, pid }) => [resource as string, pid ?? 0] as const),
    ),
  );
}

function exitTime(entries: readonly SealedEntry[], pid: number): number {
  const found = entries.find(
    ({ entry }) => entry.kind === "process_exited" && entry.exit.process.pid === pid,
  );
  return found?.at ?? Number.POSITIVE_INFINITY;
}

function rowsOf(rounds: readonly Round[], { requests, failed }: LoadFigures): readonly Row[] {
  const adopted = spreadOf(rounds.map(({ adoptedMs }) => adoptedMs));
  const noticed = spreadOf(rounds.flatMap(({ noticedMs }) => noticedMs));
  const restarts = rounds.reduce((sum, round) => sum + round.restarts, 0);
  return [
    {
      what: "daemon killed, then each service once: requests",
      mustReach: "0 failed",
      measured: `${failed} of ${requests} failed`,
      reached: failed === 0,
    },
    {
      what: `daemon killed: a new one has adopted ${serviceCount * 2} processes`,
      mustReach: `<= ${adoptedWithinMs} ms`,
      measured: tellSpread(adopted, "ms"),
      reached: adopted.median <= adoptedWithinMs,
      spread: adopted,
    },
    {
      what: "daemon killed: the new one has proven all of them healthy",
      mustReach: "",
      measured: tellSpread(spreadOf(rounds.map(({ healthyMs }) => healthyMs)), "ms"),
    },
    {
      what: "daemon killed: restarts of services",
      mustReach: "0",
      measured: String(restarts),
      reached: restarts === 0,
    },
    {
      what: "kill -9 of an adopted service: noticed",
      mustReach: `<= ${noticedWithinMs} ms`,
      measured: tellSpread(noticed, "ms"),
      reached: noticed.median <= noticedWithinMs,
      spread: noticed,
    },
  ];
}

/** Positions without holes, and a chain that proves itself. */
async function lostRow(bench: Bench, ground: Ground): Promise<Row> {
  bench.progress("reading the journal back");
  const entries = await ground.journal();
  const holes = entries.filter(({ position }, index) => position !== index + 1).length;
  const gaps = entries.filter(({ entry }) => entry.kind === "gap").length;
  const { fleetPath, dataPath } = ground.place;
  const words = [program, "audit", "verify", "-c", fleetPath, "--data", dataPath];
  const audit = await run(process.execPath, words).then(
    () => "the chain is proven",
    (error: unknown) => `audit: ${(error as { stderr?: string }).stderr ?? String(error)}`,
  );
  return {
    what: "daemon killed: events lost",
    mustReach: "0",
    measured: `${holes + gaps} of ${short(entries.length)}, ${audit.trim()}`,
    reached: holes + gaps === 0 && audit === "the chain is proven",
  };
}

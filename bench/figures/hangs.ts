/** Alive by its pid, dead to everybody else: what exits alone never show. */
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { appFleet } from "../rig/app-fleet.ts";
import { ask } from "../rig/ask.ts";
import { intervalMs, probe } from "../rig/budgets.ts";
import type { Bench, Figure, Row } from "../rig/figure.ts";
import { anotherAnswers, answers } from "../rig/first-good-answer.ts";
import { freePort } from "../rig/free-ports.ts";
import { Ground } from "../rig/ground.ts";
import { signalProcess } from "../rig/process-figures.ts";
import { short, spreadOf } from "../rig/spread.ts";
import { appFile, environment, signalGroup, startGroup } from "../rig/start-app.ts";

const intervalsMax = 2;
const pollEveryMs = 10;

const blows = {
  SIGSTOP: (pid: number) => signalProcess(pid, "SIGSTOP"),
  "blocked event loop": (_pid: number, port: number) => void ask(`http://127.0.0.1:${port}/block`),
  "dead worker behind a live port": (_pid: number, port: number) =>
    void ask(`http://127.0.0.1:${port}/stall`),
} as const;

export const hangs: Figure = {
  name: "hangs",
  title: "SIGSTOP, blocked event loop, dead worker",
  async run(bench) {
    const trials = bench.quick ? 2 : 5;
    const port = await freePort();
    const work = {
      name: "work",
      url: "/metrics",
      counter: "work_done_total",
      waiting: "work_waiting",
      stall_after: "900ms",
      interval: probe.interval,
      timeout: probe.timeout,
    };
    const fleet = appFleet({ listen: port, work: [work] }, { watch: "1s" });
    const ground = await Ground.open(bench, fleet);
    const startMs = await startTime(bench);
    const rows: Row[] = [];
    for (const [name, blow] of Object.entries(blows)) {
      const times: number[] = [];
      for (let trial = 1; trial <= trials; trial += 1) {
        bench.progress(`${name}, trial ${trial} of ${trials}`);
        await ground.healthy();
        await calm(ground);
        // A blow may fall at any moment between two checks.
        await pause((trial * intervalMs) / trials);
        const pid = await answers(port);
        const sinceMs = performance.now();
        blow(pid, port);
        const patience = { everyMs: pollEveryMs, withinMs: 60_000, atOnce: 200 };
        times.push(await anotherAnswers(port, { not: pid, sinceMs }, patience));
      }
      rows.push(rowOf(name, times, startMs));
    }
    return rows;
  },
};

function rowOf(name: string, times: readonly number[], startMs: number): Row {
  const spread = spreadOf(times.map((ms) => (ms - startMs) / intervalMs));
  const { n, median, min, max } = spread;
  return {
    what: `${name}: blow to healed`,
    mustReach: `<= ${intervalsMax} intervals + start`,
    measured: `${short(median)} intervals + start (n=${n}, ${short(min)}–${short(max)}; start ${short(startMs)} ms)`,
    reached: median <= intervalsMax,
    spread,
  };
}

/** Nothing is judged or done any more. */
async function calm(ground: Ground): Promise<void> {
  for (let looks = 0; looks < 400; looks += 1) {
    const live = await ground.client.get<readonly unknown[]>("/api/v1/incidents?live=true&limit=1");
    if (live.length === 0) return;
    await pause(100);
  }
  throw new Error("an incident stays open");
}

async function startTime(bench: Bench): Promise<number> {
  const times: number[] = [];
  for (let trial = 0; trial < 5; trial += 1) {
    const port = await freePort();
    const sinceMs = performance.now();
    const child = startGroup(bench, [process.execPath, appFile("app")], environment(port));
    times.push(await anotherAnswers(port, { not: 0, sinceMs }));
    signalGroup(child);
  }
  return spreadOf(times).median;
}

/**
 * kill -9 of a service to its first good answer. The peers take turns in one run, so that whatever
 * else the machine does, it does to all of them.
 */
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { budgets, probe } from "../rig/budgets.ts";
import type { Bench, Figure, Row } from "../rig/figure.ts";
import { anotherAnswers, answers } from "../rig/first-good-answer.ts";
import { freePorts } from "../rig/free-ports.ts";
import { Ground } from "../rig/ground.ts";
import { Pm2 } from "../rig/pm2.ts";
import { signalProcess } from "../rig/process-figures.ts";
import { type Spread, short, spreadOf, tellSpread } from "../rig/spread.ts";
import { appFile, environment, signalGroup, startGroup } from "../rig/start-app.ts";

/**
 * Longer than what PM2 calls an unstable run, than the watch window below, and than it takes until
 * SoulMirror makes the next process ahead: services usually run for days.
 */
const betweenMs = 5000;
const timesLoop = 1.2;
const timesPm2 = 0.6;

interface Lane {
  readonly name: string;
  trial(): Promise<number>;
}

export const restart: Figure = {
  name: "restart",
  title: "kill -9 of a service to its first good answer",
  async run(bench) {
    const trials = bench.quick ? 5 : 20;
    const lanes = await openLanes(bench);
    const times = new Map(lanes.map(({ name }) => [name, [] as number[]]));
    for (let trial = 1; trial <= trials; trial += 1) {
      bench.progress(`trial ${trial} of ${trials}`);
      await pause(betweenMs);
      for (const lane of lanes) times.get(lane.name)?.push(await lane.trial());
    }
    const spreads = new Map([...times].map(([name, values]) => [name, spreadOf(values)]));
    return rowsOf(spreads);
  },
};

async function openLanes(bench: Bench): Promise<readonly Lane[]> {
  const [loop = 0, peer = 0, bare = 0, direct = 0, front = 0] = await freePorts(5);
  const node = process.execPath;
  const shell = ["/bin/sh", "-c", 'while true; do "$0" "$1"; done', node, appFile("app")] as const;
  startGroup(bench, shell, environment(loop));
  const pm2 = await Pm2.open(bench);
  await pm2.start("app", appFile("app"), { port: peer });
  const service = { command: [node, appFile("app")], health_check: probe };
  await Ground.open(bench, {
    budgets,
    detection: { watch: "500ms", relapse: "1s" },
    services: {
      direct: {
        ...service,
        env: { PORT: String(direct) },
        health_check: { ...probe, http: `http://127.0.0.1:${direct}/health` },
      },
      front: { ...service, listen: front },
    },
  });
  for (const port of [loop, peer, direct, front]) await answers(port);
  return [
    killed("while true", loop),
    killed("PM2", peer),
    { name: "bare start", trial: () => bareStart(bench, bare) },
    killed("SoulMirror", direct),
    killed("SoulMirror, listen", front),
  ];
}

function killed(name: string, port: number): Lane {
  return {
    name,
    async trial() {
      const pid = await answers(port);
      const sinceMs = performance.now();
      signalProcess(pid, "SIGKILL");
      return await anotherAnswers(port, { not: pid, sinceMs });
    },
  };
}

async function bareStart(bench: Bench, port: number): Promise<number> {
  const sinceMs = performance.now();
  const child = startGroup(bench, [process.execPath, appFile("app")], environment(port));
  const startMs = await anotherAnswers(port, { not: 0, sinceMs });
  signalGroup(child);
  return startMs;
}

function rowsOf(spreads: ReadonlyMap<string, Spread>): readonly Row[] {
  const of = (name: string): Spread => spreads.get(name) ?? spreadOf([]);
  const loop = of("while true").median;
  const pm2 = of("PM2").median;
  const peers = ["while true", "PM2", "bare start"].map((name) => ({
    what: `kill -9 to first good answer: ${name}`,
    mustReach: "",
    measured: tellSpread(of(name), "ms"),
    spread: of(name),
  }));
  const ours = ["SoulMirror", "SoulMirror, listen"].map((name) => {
    const spread = of(name);
    const toLoop = spread.median / loop;
    const toPm2 = spread.median / pm2;
    return {
      what: `kill -9 to first good answer: ${name}`,
      mustReach: `<= ${timesLoop}x loop, <= ${timesPm2}x PM2`,
      measured: `${tellSpread(spread, "ms")} = ${short(toLoop)}x loop, ${short(toPm2)}x PM2`,
      reached: toLoop <= timesLoop && toPm2 <= timesPm2,
      spread,
    };
  });
  return [...peers, ...ours];
}

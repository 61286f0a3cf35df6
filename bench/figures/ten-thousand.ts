/** 10,000 resources, each asked over HTTP every 10 s on a fresh connection; 1 % of them fail. */
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ask } from "../rig/ask.ts";
import { cpuShare } from "../rig/cpu-share.ts";
import type { Bench, Figure, Row } from "../rig/figure.ts";
import { freePorts } from "../rig/free-ports.ts";
import { Ground } from "../rig/ground.ts";
import { residentBytes } from "../rig/process-figures.ts";
import { type Spread, short, spreadOf } from "../rig/spread.ts";
import { startSpeaking } from "../rig/start-app.ts";

const megabyte = 1024 * 1024;
const resourceCount = 10_000;
const portCount = 100;
const portsPerProcess = 25;
const failingEvery = 100;
const intervalMs = 10_000;
const most = { cpuShare: 0.6, loopDelayMs: 20, rssMegabytes: 300, diskMegabytesPerHour: 200 };

export const tenThousand: Figure = {
  name: "resources",
  title: "10,000 resources every 10 s",
  async run(bench) {
    const windowMs = bench.quick ? 90_000 : 600_000;
    bench.progress("starting the listeners");
    const ports = await freePorts(portCount);
    for (let from = 0; from < portCount; from += portsPerProcess) {
      await startSpeaking(bench, "listeners", ports.slice(from, from + portsPerProcess));
    }
    const ground = await Ground.open(bench, { resources: resourcesOn(ports) });
    await ground.startAgain();
    bench.progress("warming up");
    // Two looks at everything: what fails is known, and the worst of the start is over.
    await pause(2 * intervalMs + 5000);
    return await measure(bench, ground, windowMs);
  },
};

function resourcesOn(ports: readonly number[]): Readonly<Record<string, object>> {
  const resources: Record<string, object> = {};
  for (let index = 0; index < resourceCount; index += 1) {
    const path = index % failingEvery === 0 ? "bad" : "good";
    // Not the first ports alone have the failing ones.
    const port = ports[(index + Math.floor(index / portCount)) % portCount];
    resources[`http/site-${index}`] = {
      url: `http://127.0.0.1:${port}/${path}`,
      interval: `${intervalMs}ms`,
    };
  }
  return resources;
}

async function measure(bench: Bench, ground: Ground, windowMs: number): Promise<readonly Row[]> {
  const { daemonPid } = ground;
  const { dataPath } = ground.place;
  const before = bytesBelow(dataPath);
  const delays: number[] = [];
  const resident: number[] = [];
  const share = await cpuShare([daemonPid], {
    windowMs,
    lookEveryMs: 10_000,
    async look(elapsedMs) {
      resident.push(residentBytes(daemonPid, "VmRSS") / megabyte);
      const { delayMs, known } = await ownMetrics(ground);
      delays.push(delayMs);
      bench.progress(
        `${short(elapsedMs / 1000)} s, ${known}, p99 ${short(delayMs)} ms, RSS ${short(resident.at(-1) ?? 0)} MB`,
      );
    },
  });
  const { known } = await ownMetrics(ground);
  const hours = windowMs / 3_600_000;
  return rowsOf({
    share,
    known,
    delay: spreadOf(delays),
    resident: spreadOf(resident),
    diskPerHour: (bytesBelow(dataPath) - before) / megabyte / hours,
  });
}

interface Measured {
  readonly share: number;
  readonly known: string;
  readonly delay: Spread;
  readonly resident: Spread;
  readonly diskPerHour: number;
}

function rowsOf({ share, known, delay, resident, diskPerHour }: Measured): readonly Row[] {
  const what = `10,000 resources`;
  return [
    {
      what: `${what}: processor (${known})`,
      mustReach: `<= ${most.cpuShare * 100} % of a core`,
      measured: `${short(share * 100)} %`,
      reached: share <= most.cpuShare,
    },
    {
      what: `${what}: loop delay p99`,
      mustReach: `<= ${most.loopDelayMs} ms`,
      measured: `${short(delay.values.at(-1) ?? Number.NaN)} ms at the end (${short(delay.min)}–${short(delay.max)})`,
      reached: (delay.values.at(-1) ?? Number.NaN) <= most.loopDelayMs,
      spread: delay,
    },
    {
      what: `${what}: RSS of the daemon`,
      mustReach: `<= ${most.rssMegabytes} MB`,
      measured: `at most ${short(resident.max)} MB (median ${short(resident.median)}, n=${resident.n})`,
      reached: resident.max <= most.rssMegabytes,
      spread: resident,
    },
    {
      what: `${what}: data directory`,
      mustReach: `<= ${most.diskMegabytesPerHour} MB/h`,
      measured: `${short(diskPerHour)} MB/h`,
      reached: diskPerHour <= most.diskMegabytesPerHour,
    },
  ];
}

/** The daemon's own figures; `known` says how many resources it knows to be what. */
async function ownMetrics(
  ground: Ground,
): Promise<{ readonly delayMs: number; readonly known: string }> {
  const answer = await ask(`${ground.client.origin}/metrics`, { timeoutMs: 10_000 });
  const text = answer?.body ?? "";
  const value = (name: string): number =>
    Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);
  const count = (health: string): number =>
    value(`soulmirror_resources\\{health="${health}"\\}`) || 0;
  return {
    delayMs: value("soulmirror_loop_delay_p99_seconds") * 1000,
    known: ["healthy", "degraded", "unhealthy", "unknown"]
      .map((health) => `${count(health)} ${health}`)
      .join(", "),
  };
}

function bytesBelow(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).reduce((sum, name) => {
    const stat = lstatSync(join(folder, name), { throwIfNoEntry: false });
    return sum + (stat?.isFile() === true ? stat.blocks * 512 : 0);
  }, 0);
}

/** One of two instances leaks 80 MB a second, under load. */
import { setTimeout as pause } from "node:timers/promises";
import { appFleet } from "../rig/app-fleet.ts";
import { ask, pidAt } from "../rig/ask.ts";
import type { Bench, Figure, Row } from "../rig/figure.ts";
import { answers } from "../rig/first-good-answer.ts";
import { freePorts } from "../rig/free-ports.ts";
import { startGetLoad } from "../rig/get-load.ts";
import { Ground } from "../rig/ground.ts";
import { Pm2 } from "../rig/pm2.ts";
import { residentBytes } from "../rig/process-figures.ts";
import { short, spreadOf } from "../rig/spread.ts";
import { appFile } from "../rig/start-app.ts";

const megabyte = 1024 * 1024;
const limitMegabytes = 512;
const afterwardsMs = 4000;
const overWithinMs = 90_000;
const load = { clients: 4, pauseMs: 5 };

export const leak: Figure = {
  name: "leak",
  title: "leak of 80 MB/s",
  async run(bench) {
    const [front = 0, peer = 0] = await freePorts(2);
    return [...(await ours(bench, front)), await besidePm2(bench, peer)];
  },
};

async function ours(bench: Bench, port: number): Promise<readonly Row[]> {
  const limits = { memory: `${limitMegabytes}MB` };
  const fleet = appFleet(
    { listen: port, instances: 2, limits },
    { watch: "2s", exhaustion_lead: "3s" },
  );
  const ground = await Ground.open(bench, fleet);
  const episodes = bench.quick ? 1 : 3;
  const peaks: number[] = [];
  let [requests, failed] = [0, 0];
  for (let episode = 1; episode <= episodes; episode += 1) {
    await ground.healthy();
    const { instances } = await ground.service("app");
    const victim = instances[episode % 2];
    if (victim === undefined || victim.pid === null) throw new Error("an instance is missing");
    const running = startGetLoad({ ports: [port], ...load });
    bench.teardown.defer(async () => void (await running.stop()));
    void ask(`http://127.0.0.1:${victim.port}/leak`);
    peaks.push((await peakUntilGone(bench, victim.pid)) / megabyte);
    await pause(afterwardsMs);
    await ground.healthy();
    const figures = await running.stop();
    requests += figures.requests;
    failed += figures.failed;
  }
  const peak = spreadOf(peaks);
  return [
    {
      what: `leak of 80 MB/s, limit ${limitMegabytes} MB, 2 instances (n=${episodes}): requests`,
      mustReach: "0 failed",
      measured: `${failed} of ${requests} failed`,
      reached: failed === 0,
    },
    {
      what: "leak: peak RSS of the leaking process",
      mustReach: `<= ${limitMegabytes} MB (the limit)`,
      measured: `${short(peak.median)} MB (n=${peak.n}, ${short(peak.min)}–${short(peak.max)})`,
      reached: peak.max <= limitMegabytes,
      spread: peak,
    },
  ];
}

/** The highest resident size that the kernel noted, read until the process is no more. */
async function peakUntilGone(bench: Bench, pid: number): Promise<number> {
  let peakBytes = 0;
  for (let waitedMs = 0; waitedMs < overWithinMs; waitedMs += 20) {
    const bytes = residentBytes(pid, "VmHWM");
    if (bytes === 0) return peakBytes;
    peakBytes = Math.max(peakBytes, bytes);
    if (waitedMs % 1000 === 0) bench.progress(`leaking, ${short(peakBytes / megabyte)} MB`);
    await pause(20);
  }
  return Number.POSITIVE_INFINITY;
}

async function besidePm2(bench: Bench, port: number): Promise<Row> {
  const pm2 = await Pm2.open(bench);
  const flags = ["-i", "2", "--max-memory-restart", "150M"];
  await pm2.start("leaking", appFile("app"), { port, flags });
  await answers(port);
  const running = startGetLoad({ ports: [port], ...load });
  bench.teardown.defer(async () => void (await running.stop()));
  const victim = (await pidAt(port)) ?? 0;
  // Which worker of the cluster takes the request is not ours to choose: the fattest one is it.
  const pids = (await pm2.apps("leaking")).map(({ pid }) => pid);
  void ask(`http://127.0.0.1:${port}/leak`);
  const peaks = await Promise.all(
    (pids.length > 0 ? pids : [victim]).map((pid) => peakWithin(pid, 60_000)),
  );
  await pause(afterwardsMs);
  const { requests, failed } = await running.stop();
  return {
    what: "leak of 80 MB/s: PM2 -i 2, limit 150 MB",
    mustReach: "",
    measured: `${failed} of ${requests} failed, peak ${short(Math.max(...peaks) / megabyte)} MB (n=1)`,
  };
}

async function peakWithin(pid: number, withinMs: number): Promise<number> {
  let peakBytes = 0;
  for (let waitedMs = 0; waitedMs < withinMs; waitedMs += 50) {
    const bytes = residentBytes(pid, "VmHWM");
    if (bytes === 0) break;
    peakBytes = Math.max(peakBytes, bytes);
    await pause(50);
  }
  return peakBytes;
}

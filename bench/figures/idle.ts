/** The example fleet with nobody asking for anything: what the watching itself costs. */
import { execFile } from "node:child_process";
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cpuShare } from "../rig/cpu-share.ts";
import type { Bench, Figure } from "../rig/figure.ts";
import { Ground } from "../rig/ground.ts";
import { findProcesses, proportionalBytes } from "../rig/process-figures.ts";
import { copyShop } from "../rig/shop-copy.ts";
import { type Spread, short, spreadOf, tellSpread } from "../rig/spread.ts";

const run = promisify(execFile);
const program = fileURLToPath(new URL("../../bin/soulmirror.js", import.meta.url));
const megabyte = 1024 * 1024;
const most = { pssMegabytes: 150, cpuPercent: 1, statusMs: 250 };

export const idle: Figure = {
  name: "idle",
  title: "idle daemon with the example fleet",
  async run(bench) {
    const idleMs = bench.quick ? 60_000 : 600_000;
    const windowMs = bench.quick ? 30_000 : 180_000;
    const { fleetPath } = await copyShop(bench);
    const ground = await Ground.at(bench, fleetPath);
    await ground.startAgain();
    bench.progress(`${(idleMs - windowMs) / 1000} s of nothing`);
    await pause(idleMs - windowMs);
    const pids = ground.ownPids();
    const share = await cpuShare(pids, {
      windowMs,
      lookEveryMs: 5000,
      look: (elapsedMs) => bench.progress(`measuring, ${short(elapsedMs / 1000)} s`),
    });
    const sizes = pids.map((pid) => proportionalBytes(pid) / megabyte);
    const sum = sizes.reduce((total, size) => total + size, 0);
    const parts = pids.map((pid, index) => `${nameOf(pid)} ${short(sizes[index] ?? 0)}`).join(", ");
    const status = await statusTimes(bench, ground);
    return [
      {
        what: `idle for ${idleMs / 1000} s: summed PSS`,
        mustReach: `<= ${most.pssMegabytes} MB`,
        measured: `${short(sum)} MB (${parts})`,
        reached: sum <= most.pssMegabytes,
      },
      {
        what: "idle: processor, daemon and proxy",
        mustReach: `<= ${most.cpuPercent} % of a core`,
        measured: `${short(share * 100)} % over ${windowMs / 1000} s`,
        reached: share * 100 <= most.cpuPercent,
      },
      {
        what: "`soulmirror status`",
        mustReach: `<= ${most.statusMs} ms`,
        measured: tellSpread(status, "ms"),
        reached: status.median <= most.statusMs,
        spread: status,
      },
    ];
  },
};

function nameOf(pid: number): string {
  return findProcesses("/proxy/main").includes(pid) ? "proxy" : "daemon";
}

/** As somebody at a terminal waits for it, the start of Node included. */
async function statusTimes(bench: Bench, { place }: Ground): Promise<Spread> {
  const words = [program, "status", "-c", place.fleetPath, "--data", place.dataPath];
  const times: number[] = [];
  // The first one fills the compile cache.
  for (let trial = 0; trial <= 10; trial += 1) {
    bench.progress(`status, ${trial} of 10`);
    const sinceMs = performance.now();
    await run(process.execPath, words);
    if (trial > 0) times.push(performance.now() - sinceMs);
  }
  return spreadOf(times);
}

/** What a service with very many dependencies pays for wrapping all of them. */
import type { Bench, Figure, Row } from "../rig/figure.ts";
import { short } from "../rig/spread.ts";
import { packedProject } from "./packed-project.ts";

interface Found {
  /** Of each target. */
  readonly bytes: number;
  readonly timers: number;
}

const most = { uncalledBytes: 1024, calledBytes: 8 * 1024 };
const callsEach = 1000;

export const targets: Figure = {
  name: "targets",
  title: "memory and timers of wrapped targets",
  async run(bench) {
    const many = bench.quick ? 5000 : 100_000;
    const called = bench.quick ? 200 : 20_000;
    return [
      ...(await measure(bench, { targets: many, calls: 0, mostBytes: most.uncalledBytes })),
      ...(await measure(bench, { targets: many, calls: 1 })),
      ...(await measure(bench, {
        targets: called,
        calls: callsEach,
        mostBytes: most.calledBytes,
      })),
    ];
  },
};

interface Asked {
  readonly targets: number;
  readonly calls: number;
  readonly mostBytes?: number;
}

async function measure(bench: Bench, asked: Asked): Promise<readonly Row[]> {
  const { targets: count, calls, mostBytes } = asked;
  const project = await packedProject(bench);
  bench.progress(`${count} targets, ${calls} calls each`);
  const words = [JSON.stringify({ targets: count, calls })];
  const flags = ["--expose-gc", "--max-old-space-size=4096"];
  const { bytes, timers } = await project.ask<Found>("measure-targets", words, flags);
  const what = `${count} targets, ${calls} calls each`;
  const size: Row = {
    what,
    mustReach: mostBytes === undefined ? "" : `<= ${short(mostBytes / 1024)} KB each`,
    measured: `${short(bytes / 1024)} KB each`,
    ...(mostBytes === undefined ? {} : { reached: bytes <= mostBytes }),
  };
  const clocks: Row = {
    what: `${what}: timers`,
    mustReach: "none each",
    measured: `${timers} in all`,
    reached: timers <= 3,
  };
  return [size, clocks];
}

/**
 * Cases in turns: one process for each case and repetition, the order moved on by one each time, so
 * that whatever else the machine does, it does to all of them. Every process measures the bare work
 * beside its case; what counts is the difference.
 */
import type { Bench, Row } from "../rig/figure.ts";
import { type Spread, short, spreadOf, tellSpread } from "../rig/spread.ts";
import { type PackedProject, packedProject } from "./packed-project.ts";

export interface CaseResult {
  /** Extra nanoseconds per call, of the best rounds: one number per process. */
  readonly extraNs: Spread;
  /** The same, of the median rounds. */
  readonly typicalNs: Spread;
  /** Processor time of the thread over all rounds: what a busy machine disturbs least. */
  readonly extraCpuNs: Spread;
  readonly bareNs: Spread;
  readonly bytes: number;
  readonly bareBytes: number;
}

/** What a case must reach: of the medians of all processes. */
export interface Goal {
  readonly mostNs?: number;
  /** At most so many times what the peer costs; below 1 is cheaper. */
  readonly times?: readonly (readonly [peer: string, atMost: number])[];
}

export interface CaseRow extends Goal {
  /** The case; what is only told beside has no goal. */
  readonly name: string;
  readonly what?: string;
  /** Peers whose ratio is told and not judged. */
  readonly beside?: readonly string[];
}

interface Effort {
  readonly processes: number;
  readonly rounds: number;
  readonly roundMs: number;
}

const whole: Effort = { processes: 5, rounds: 25, roundMs: 50 };
const quickly: Effort = { processes: 2, rounds: 5, roundMs: 20 };

interface Times {
  readonly bareNs: readonly number[];
  readonly ns: readonly number[];
  readonly bareCpuNs: readonly number[];
  readonly cpuNs: readonly number[];
}

/** Room for every window of calls without a collection. */
const withoutCollections = [
  "--expose-gc",
  "--min-semi-space-size=256",
  "--max-semi-space-size=256",
] as const;

export async function caseRows(bench: Bench, rows: readonly CaseRow[]): Promise<readonly Row[]> {
  const names = rows.map(({ name }) => name);
  const results = await runCases(bench, names, bench.quick ? quickly : whole);
  return rows.map((row) => judge(row, results));
}

async function runCases(
  bench: Bench,
  names: readonly string[],
  effort: Effort,
): Promise<ReadonlyMap<string, CaseResult>> {
  const project = await packedProject(bench);
  const times = new Map(names.map((name) => [name, [] as Times[]]));
  for (let turn = 0; turn < effort.processes; turn += 1) {
    const order = [...names.slice(turn % names.length), ...names.slice(0, turn % names.length)];
    for (const name of order) {
      bench.progress(`${name}, process ${turn + 1} of ${effort.processes}`);
      const words = [name, JSON.stringify(effort)];
      times.get(name)?.push(await project.ask<Times>("measure-case", words));
    }
  }
  const results = new Map<string, CaseResult>();
  for (const [name, each] of times) {
    bench.progress(`${name}, bytes`);
    results.set(name, { ...resultOf(each), ...(await bytesOf(project, name)) });
  }
  return results;
}

function resultOf(times: readonly Times[]): Omit<CaseResult, "bytes" | "bareBytes"> {
  // The kernel counts it in steps that are too coarse for one round.
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const pairs = times.map(({ bareNs, ns }) => [spreadOf(bareNs), spreadOf(ns)] as const);
  return {
    extraNs: spreadOf(pairs.map(([bare, all]) => all.min - bare.min)),
    typicalNs: spreadOf(pairs.map(([bare, all]) => all.median - bare.median)),
    extraCpuNs: spreadOf(times.map(({ bareCpuNs, cpuNs }) => mean(cpuNs) - mean(bareCpuNs))),
    bareNs: spreadOf(pairs.map(([bare]) => bare.min)),
  };
}

async function bytesOf(
  project: PackedProject,
  name: string,
): Promise<Pick<CaseResult, "bytes" | "bareBytes">> {
  const words = [name, JSON.stringify({ rounds: 7, bytes: true })];
  const found = await project.ask<Record<"bytes" | "bareBytes", readonly number[]>>(
    "measure-case",
    words,
    withoutCollections,
  );
  return {
    bytes: spreadOf(found.bytes).median,
    bareBytes: spreadOf(found.bareBytes).median,
  };
}

export function judge(row: CaseRow, results: ReadonlyMap<string, CaseResult>): Row {
  const { name, what = name, mostNs, times = [], beside = [] } = row;
  const result = resultNamed(results, name);
  const ratios = times.map(([peer, atMost]) => {
    const spread = ratiosTo(result, resultNamed(results, peer));
    return { peer, atMost, spread };
  });
  const goals = [
    ...(mostNs === undefined ? [] : [`<= ${mostNs} ns`]),
    ...times.map(([peer, atMost]) => `<= ${short(atMost)}x ${peer}`),
  ];
  const others = beside.map((peer) => ({
    peer,
    spread: ratiosTo(result, resultNamed(results, peer)),
  }));
  const told = [...ratios, ...others].map(({ peer, spread: { median, min, max } }) => {
    return `; ${short(median)}x ${peer} (${short(min)}–${short(max)})`;
  });
  const { extraNs, typicalNs, extraCpuNs, bareNs, bytes, bareBytes } = result;
  const measured =
    `${tellSpread(extraNs, "ns extra")}, median round ${short(typicalNs.median)}, ` +
    `processor ${short(extraCpuNs.median)}, bare ${short(bareNs.median)}; ` +
    `${tellBytes(bytes - bareBytes)}${told.join("")}`;
  const isReached =
    (mostNs === undefined || extraNs.median <= mostNs) &&
    ratios.every(({ spread, atMost }) => spread.median <= atMost);
  return {
    what,
    mustReach: goals.join(", "),
    measured,
    spread: extraNs,
    ...(goals.length === 0 ? {} : { reached: isReached }),
  };
}

/** Some make so much garbage that no window is without a collection. */
function tellBytes(extra: number): string {
  return Number.isFinite(extra) ? `${short(extra)} B extra` : "bytes unknown";
}

/** Of what both cost beyond the bare work, repetition by repetition. */
function ratiosTo(ours: CaseResult, peer: CaseResult): Spread {
  return spreadOf(
    ours.extraNs.values.map((extra, turn) => extra / (peer.extraNs.values[turn] ?? Number.NaN)),
  );
}

function resultNamed(results: ReadonlyMap<string, CaseResult>, name: string): CaseResult {
  const result = results.get(name);
  if (result === undefined) throw new Error(`there is no result of ${name} in this run`);
  return result;
}

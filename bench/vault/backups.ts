/** Backups of the same tree by each program, in turns, in one run. */
import { randomBytes } from "node:crypto";
import { appendFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bench, Figure, Row } from "../rig/figure.ts";
import { type MeasuredRun, measuredRun } from "../rig/measured-run.ts";
import { short, spreadOf, tellSpread } from "../rig/spread.ts";
import { makeBenchTree } from "../vault-tree.ts";
import { type BackupTool, borg, restic, soulmirrorOf } from "./tools.ts";

export interface BackupsOptions {
  readonly rounds: number;
  /** Forgets what the kernel keeps of files before each run; that needs root. */
  readonly isCold: boolean;
  /** Of the many small ones. */
  readonly files: number;
  /** What backs up with ours. */
  readonly program: string;
}

/** What must hold for us beside restic, as a share of what restic takes. */
interface Goals {
  readonly time?: number;
  readonly memory?: number;
}

interface Job {
  readonly name: string;
  readonly goals: Goals;
  /** What happens to the source before it. */
  change(round: number): void;
}

type Taken = Map<string, MeasuredRun[]>;

const pageCacheFile = "/proc/sys/vm/drop_caches";

export function manyFiles(options: BackupsOptions): Figure {
  return {
    name: "files",
    title: `${options.files} small files`,
    run: async (bench) => {
      const source = join(bench.folder, "source");
      bench.progress("making the tree");
      makeBenchTree(source, options.files);
      const paths = readdirSync(source, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name, parentPath }) => join(parentPath, name));
      const ten = paths.filter((_, at) => at % Math.ceil(paths.length / 10) === 0);
      const jobs: readonly Job[] = [
        { name: "first", goals: { time: 1.2, memory: 2 }, change: () => undefined },
        { name: "nothing changed", goals: { time: 1 }, change: () => undefined },
        {
          name: "10 files changed",
          goals: {},
          change: (round) => {
            for (const path of ten) appendFileSync(path, `changed in round ${round}`);
          },
        },
      ];
      return await compare(bench, { ...options, source, jobs });
    },
  };
}

export function largeFile(options: BackupsOptions): Figure {
  return {
    name: "large",
    title: "1 GiB by chance",
    run: async (bench) => {
      const source = join(bench.folder, "source");
      mkdirSync(source);
      const path = join(source, "large");
      const megabytes = bench.quick ? 64 : 1024;
      writeFileSync(path, "");
      for (let megabyte = 0; megabyte < megabytes; megabyte += 1) {
        appendFileSync(path, randomBytes(2 ** 20));
      }
      const jobs = [{ name: "first", goals: { time: 1 }, change: () => undefined }];
      return await compare(bench, { ...options, source, jobs });
    },
  };
}

interface Comparison extends BackupsOptions {
  readonly source: string;
  readonly jobs: readonly Job[];
}

async function compare(bench: Bench, comparison: Comparison): Promise<readonly Row[]> {
  const { jobs, rounds } = comparison;
  const tools = [soulmirrorOf(comparison.program), restic, borg];
  const taken = new Map<Job, Taken>(jobs.map((job) => [job, new Map()]));
  for (let round = 0; round < rounds; round += 1) {
    // Each is the first as often as the others, as far as the rounds go.
    const inTurn = [...tools.slice(round % tools.length), ...tools.slice(0, round % tools.length)];
    const repositoryOf = (tool: BackupTool): string => join(bench.folder, `${tool.name}-${round}`);
    for (const tool of inTurn) await measuredRun(tool.init(repositoryOf(tool), comparison.source));
    for (const job of jobs) {
      job.change(round);
      for (const tool of inTurn) {
        bench.progress(`${job.name}: ${tool.name}, round ${round + 1} of ${rounds}`);
        if (comparison.isCold) writeFileSync(pageCacheFile, "3");
        const run = await measuredRun(tool.backUp(repositoryOf(tool), comparison.source));
        const runs = taken.get(job) ?? new Map<string, MeasuredRun[]>();
        runs.set(tool.name, [...(runs.get(tool.name) ?? []), run]);
      }
    }
    for (const tool of tools) {
      for (const ending of ["", ".base"]) {
        rmSync(repositoryOf(tool) + ending, { recursive: true, force: true });
      }
    }
  }
  return [...taken].flatMap(([job, runs]) => rowsOf(job, runs, comparison));
}

const measures = [
  { name: "time", unit: "s", of: (run: MeasuredRun) => run.wallMs / 1000 },
  { name: "processor", unit: "s", of: (run: MeasuredRun) => run.cpuMs / 1000 },
  { name: "memory", unit: "MB", of: (run: MeasuredRun) => run.peakBytes / 2 ** 20 },
] as const;

function rowsOf(job: Job, taken: Taken, { isCold }: BackupsOptions): readonly Row[] {
  const runsOf = (name: string): readonly MeasuredRun[] => taken.get(name) ?? [];
  const what = `${job.name}, ${isCold ? "cold" : "warm"}`;
  return measures.flatMap(({ name, of, unit }) => {
    const told = [...taken.keys()].map((tool): Row => {
      const spread = spreadOf(runsOf(tool).map(of));
      const measured = tellSpread(spread, unit);
      return { what: `${what}: ${name}, ${tool}`, mustReach: "", measured, spread };
    });
    const theirs = runsOf(restic.name).map(of);
    // Round by round: what else the machine did then, it did to both.
    const ratios = runsOf("soulmirror").map(
      (run, round) => of(run) / (theirs[round] ?? Number.NaN),
    );
    const spread = spreadOf(ratios);
    const goal = name === "processor" ? undefined : job.goals[name];
    const ratio = {
      what: `${what}: ${name}, share of restic's`,
      measured: tellSpread(spread, "x"),
    };
    return [
      ...told,
      goal === undefined
        ? { ...ratio, mustReach: "", spread }
        : { ...ratio, mustReach: `<= ${short(goal)}x`, reached: spread.median <= goal, spread },
    ];
  });
}

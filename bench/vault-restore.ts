/**
 * `node bench/vault-restore.ts [--rounds 3] [--files 50000]`: how long a restore of many small
 * files takes, beside restic, of one repository on a disk that is warm. The order alternates; time
 * is from the start of the process to its end. Memory is the largest sum of the PSS of its
 * processes that was seen, 20 times a second.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { proportionalBytes } from "./rig/process-figures.ts";
import { makeBenchTree } from "./vault-tree.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    files: { type: "string", default: "50000" },
    in: { type: "string", default: tmpdir() },
  },
});
const base = mkdtempSync(join(values.in, "vault-restore-"));
process.on("exit", () => rmSync(base, { recursive: true, force: true }));
const [tree, repository, out] = [join(base, "tree"), join(base, "repository"), join(base, "out")];
const environment = { ...process.env, RESTIC_PASSWORD: "bench" };
const restic = ["restic", "--no-cache", "-q", "-r", repository];
const program = new URL("./vault-restore-program.ts", import.meta.url).pathname;
const ways: Readonly<Record<string, readonly string[]>> = {
  soulmirror: [process.execPath, program, repository, out],
  restic: [...restic, "restore", "latest", "--target", out],
};

mkdirSync(tree);
const made = makeBenchTree(tree, Number(values.files));
execFileSync("restic", [...restic.slice(1), "init"], { env: environment });
execFileSync("restic", [...restic.slice(1), "backup", tree], { env: environment });
process.stdout.write(`${JSON.stringify(made)}\n`);

interface Figure {
  readonly way: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

const figures: Figure[] = [];
for (let round = 0; round < Number(values.rounds); round += 1) {
  const names = Object.keys(ways);
  for (const way of round % 2 === 0 ? names : names.toReversed()) {
    const figure = await measure(way, ways[way] ?? []);
    figures.push(figure);
    process.stdout.write(`${JSON.stringify(figure)}\n`);
    rmSync(out, { recursive: true, force: true });
  }
}
for (const way of Object.keys(ways)) {
  const mine = figures.filter((figure) => figure.way === way);
  const told = (key: Exclude<keyof Figure, "way">): string => {
    const sorted = mine.map((figure) => figure[key]).toSorted((a, b) => a - b);
    const middle = sorted[Math.floor(sorted.length / 2)];
    return `${middle?.toFixed(1)} (${sorted[0]?.toFixed(1)}-${sorted.at(-1)?.toFixed(1)})`;
  };
  const line = `${told("seconds")} s, ${told("cpuSeconds")} s CPU, ${told("peakMegabytes")} MB`;
  process.stdout.write(`${way.padEnd(12)} ${line}\n`);
}

async function measure(way: string, [command = "", ...args]: readonly string[]): Promise<Figure> {
  const cpuBefore = childrenCpuSeconds();
  const begin = performance.now();
  const child = spawn(command, args, { env: environment, stdio: ["ignore", "ignore", "inherit"] });
  let peak = 0;
  const sampler = setInterval(() => {
    peak = Math.max(peak, memoryOf(child));
  }, 50);
  const [code] = (await once(child, "exit")) as [number | null];
  clearInterval(sampler);
  if (code !== 0) throw new Error(`${way} ended with ${code}`);
  const seconds = (performance.now() - begin) / 1000;
  const cpuSeconds = childrenCpuSeconds() - cpuBefore;
  return { way, seconds, cpuSeconds, peakMegabytes: peak / 1e6 };
}

/** User and system time of children that have ended, from /proc/self/stat. */
function childrenCpuSeconds(): number {
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

/** Of the process and its children. */
function memoryOf({ pid = 0 }: ChildProcess): number {
  return [pid, ...childrenOf(pid)].reduce((sum, each) => sum + proportionalBytes(each), 0);
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) => {
      const text = readFileSync(`/proc/${pid}/task/${task}/children`, "utf8");
      return text.split(" ").filter(Boolean).map(Number);
    });
  } catch {
    return [];
  }
}

/**
 * Runs a program to its end and tells what it took: time on the clock, processor time of it and of
 * all that it started, and the most memory that they had together.
 *
 * The shell's `time` counts what was waited for, also of children. Memory is looked at from outside
 * every few milliseconds, so a peak between two looks is missed; it is the same for everybody.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { proportionalBytes } from "./process-figures.ts";

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export interface MeasuredRun {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Summed PSS of all processes. */
  readonly peakBytes: number;
  readonly output: string;
}

const lookEveryMs = 25;
const timing = 'TIMEFORMAT="took %U %S"; time "$@"';

/** @throws Error when it ends with another code than 0 */
export async function measuredRun({ program, args, env = {} }: Command): Promise<MeasuredRun> {
  const sinceMs = performance.now();
  const shell = spawn("bash", ["-c", timing, "bash", program, ...args], {
    env: { ...process.env, ...env, LC_ALL: "C" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const out = textOf(shell.stdout);
  const complaints = textOf(shell.stderr);
  const { pid = 0 } = shell;
  let isOver = false;
  const looking = peakOf(pid, () => isOver);
  const [code] = (await once(shell, "close")) as [number | null];
  const wallMs = performance.now() - sinceMs;
  isOver = true;
  const peakBytes = await looking;
  const said = await complaints;
  const took = /took ([\d.]+) ([\d.]+)\s*$/.exec(said);
  if (code !== 0 || took === null) {
    throw new Error(`${program} ${args.join(" ")} ended with ${code}: ${said}`);
  }
  const cpuMs = (Number(took[1]) + Number(took[2])) * 1000;
  return { wallMs, cpuMs, peakBytes, output: await out };
}

async function peakOf(shell: number, isOver: () => boolean): Promise<number> {
  let peakBytes = 0;
  while (!isOver()) {
    const bytes = below(shell).reduce((sum, pid) => sum + proportionalBytes(pid), 0);
    peakBytes = Math.max(peakBytes, bytes);
    await pause(lookEveryMs);
  }
  return peakBytes;
}

/** Children, and theirs. */
function below(pid: number): readonly number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const children = threads.flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean),
    );
    return children.flatMap((child) => [Number(child), ...below(Number(child))]);
  } catch {
    // It ended between two looks.
    return [];
  }
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  stream.setEncoding("utf8");
  for await (const piece of stream) text += String(piece);
  return text;
}
